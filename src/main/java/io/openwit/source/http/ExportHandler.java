package io.openwit.source.http;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.openwit.gateway.Authentication;
import io.openwit.gateway.BodyRefusedException;
import io.openwit.gateway.Caller;
import io.openwit.gateway.Encoding;
import io.openwit.gateway.ExportRequest;
import io.openwit.gateway.Gateway;
import io.openwit.gateway.RequestBody;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.otlp.RpcStatus;
import io.openwit.otlp.RpcStatus.Code;
import io.openwit.source.Compression;
import io.openwit.source.CorruptBodyException;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/// Serves `POST /v1/{logs,traces,metrics}`: judges the headers, copies the body into one of the gateway's, and answers
/// with the outcome. Thread-safe.
///
/// Jetty's threads only hand a request over to a virtual one, on which it is read and waited for.
final class ExportHandler extends Handler.Abstract.NonBlocking {
    private static final Logger LOG = Logger.getLogger(ExportHandler.class.getName());
    private static final String SOURCE = "http";
    private static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    private static final int COPY_BYTES = 1 << 14;

    /// How long the rest of a refused body is taken, so that its sender comes to read the answer.
    private static final Duration LINGER = Duration.ofSeconds(2);

    private static final Map<String, Signal> SIGNALS =
            Map.of("/v1/logs", Signal.LOGS, "/v1/traces", Signal.TRACES, "/v1/metrics", Signal.METRICS);

    private final HttpConfig config;
    private final Gateway gateway;
    private final Telemetry telemetry;
    private final Executor virtualThreads;
    private final Semaphore slots;
    private volatile boolean closing;

    ExportHandler(HttpConfig config, Gateway gateway, Telemetry telemetry, Executor virtualThreads) {
        this.config = config;
        this.gateway = gateway;
        this.telemetry = telemetry;
        this.virtualThreads = virtualThreads;
        slots = new Semaphore(config.maxConcurrentRequests());
    }

    /// Refuses further requests, and waits until those under way are answered, for at most `drain`.
    void drain(Duration drain) throws InterruptedException {
        closing = true;
        slots.tryAcquire(config.maxConcurrentRequests(), drain.toMillis(), MILLISECONDS);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        virtualThreads.execute(() -> {
            try {
                serve(request, response, callback);
            } catch (RuntimeException | Error e) {
                LOG.log(Level.SEVERE, "request failed: source=http", e);
                callback.failed(e);
            }
        });
        return true;
    }

    private void serve(Request request, Response response, Callback callback) {
        // While an outcome is awaited, nothing moves on the connection, and that is no reason to give it up.
        request.addIdleTimeoutListener(timeout -> false);
        BodyInput body = new BodyInput(request, config.maxPayloadBytes());
        boolean json = !HttpAnswer.PROTOBUF_TYPE.equals(contentType(request));
        Signal signal = SIGNALS.get(Request.getPathInContext(request));
        if (signal == null) {
            RpcStatus status = new RpcStatus(
                    Code.NOT_FOUND, "no such path: POST to /v1/logs, /v1/traces or /v1/metrics");
            HttpAnswer answer = refusal("not_found", HttpStatus.NOT_FOUND_404, status, json);
            send(answer, request, body, response, callback);
        } else if (!HttpMethod.POST.is(request.getMethod())) {
            RpcStatus status = new RpcStatus(Code.UNIMPLEMENTED, "only POST is served here");
            HttpAnswer answer = refusal("method", HttpStatus.METHOD_NOT_ALLOWED_405, status, json)
                    .with(HttpHeader.ALLOW, "POST");
            send(answer, request, body, response, callback);
        } else if (closing) {
            HttpAnswer answer = unavailable("stopping", "the server is stopping", json)
                    .with(HttpHeader.CONNECTION, "close");
            send(answer, request, body, response, callback);
        } else if (!slots.tryAcquire()) {
            send(unavailable("overload", "too many requests are under way", json), request, body, response, callback);
        } else {
            try {
                HttpAnswer answer = exportOrFail(request, body, signal, json);
                send(answer, request, body, response, callback);
            } finally {
                slots.release();
            }
        }
    }

    /// Sends the answer. What the client has still to send of a refused body is then taken and thrown away for a while:
    /// a client that is cut off in the middle of its sending would not come to read the answer.
    private void send(HttpAnswer answer, Request request, BodyInput body, Response response, Callback callback) {
        if (answer.status() == HttpStatus.OK_200) {
            answer.send(response, callback);
            return;
        }
        Runnable linger = () -> virtualThreads.execute(() -> {
            discard(request, body);
            callback.succeeded();
        });
        answer.send(response, Callback.from(linger, callback::failed));
    }

    private static void discard(Request request, BodyInput body) {
        Scheduler.Task timeout = expireAfter(LINGER, request, body);
        try (body) {
            body.discard();
        } catch (IOException e) {
            // Too slow, or gone: then the rest is not waited for.
            LOG.log(Level.FINE, "refused body not read to its end", e);
        } finally {
            timeout.cancel();
        }
    }

    private static Scheduler.Task expireAfter(Duration time, Request request, BodyInput body) {
        return request.getComponents().getScheduler().schedule(body::expire, time.toMillis(), MILLISECONDS);
    }

    private HttpAnswer exportOrFail(Request request, BodyInput in, Signal signal, boolean json) {
        try {
            return export(request, in, signal, json);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.SEVERE, "export failed: source=http signal=" + signal.label(), e);
            RpcStatus status = new RpcStatus(Code.INTERNAL, "an internal error, which the server has logged");
            return refusal("internal", HttpStatus.INTERNAL_SERVER_ERROR_500, status, json);
        }
    }

    private HttpAnswer export(Request request, BodyInput in, Signal signal, boolean json) {
        return switch (gateway.authenticate(SOURCE, name -> request.getHeaders().get(name), signal)) {
            case Authentication.Refused refused -> HttpAnswer.of(refused.outcome(), signal, json);
            case Authentication.Known known -> export(request, in, signal, known.caller());
        };
    }

    private HttpAnswer export(Request request, BodyInput in, Signal signal, Caller caller) {
        Encoding encoding;
        switch (contentType(request)) {
            case HttpAnswer.PROTOBUF_TYPE -> encoding = Encoding.PROTOBUF;
            case HttpAnswer.JSON_TYPE -> encoding = Encoding.JSON;
            default -> {
                return unsupported(
                        "Content-Type has to be " + HttpAnswer.PROTOBUF_TYPE + " or " + HttpAnswer.JSON_TYPE, true);
            }
        }
        boolean json = encoding == Encoding.JSON;
        Optional<Compression> compression = compression(request);
        if (compression.isEmpty()) {
            return unsupported("Content-Encoding has to be gzip, zstd or identity", json)
                    .with(HttpHeader.ACCEPT_ENCODING, "gzip, zstd");
        }
        if (request.getLength() > config.maxPayloadBytes()) {
            return tooLarge(json);
        }
        try (RequestBody body = gateway.newBody(SOURCE)) {
            HttpAnswer refused = read(request, in, compression.get(), body, json);
            if (refused != null) {
                return refused;
            }
            String idempotencyKey = request.getHeaders().get(IDEMPOTENCY_KEY);
            ExportRequest export = new ExportRequest(caller, signal, encoding, body, idempotencyKey, SOURCE);
            return HttpAnswer.of(gateway.export(export), signal, json);
        } catch (BodyRefusedException e) {
            return HttpAnswer.of(e.outcome(), signal, json);
        }
    }

    /// Reads the whole body into `body`.
    ///
    /// @return the answer if that cannot be done; null if it was
    private @Nullable HttpAnswer read(
            Request request, BodyInput in, Compression compression, RequestBody body, boolean json)
            throws BodyRefusedException {
        Scheduler.Task timeout = expireAfter(config.requestTimeout(), request, in);
        try (in) {
            if (compression == Compression.IDENTITY) {
                copy(request.getLength(), in, body);
            } else {
                decompress(compression, in, body);
            }
            return null;
        } catch (StalledBodyException e) {
            RpcStatus status = new RpcStatus(Code.DEADLINE_EXCEEDED, "the body did not arrive in time");
            return refusal("timeout", HttpStatus.REQUEST_TIMEOUT_408, status, json)
                    .with(HttpHeader.CONNECTION, "close");
        } catch (LargeBodyException e) {
            return tooLarge(json);
        } catch (CorruptBodyException e) {
            RpcStatus status = new RpcStatus(Code.INVALID_ARGUMENT, e.reason());
            return refusal("malformed", HttpStatus.BAD_REQUEST_400, status, json);
        } catch (IOException e) {
            RpcStatus status = new RpcStatus(Code.INVALID_ARGUMENT, "the body did not arrive whole");
            return refusal("malformed", HttpStatus.BAD_REQUEST_400, status, json)
                    .with(HttpHeader.CONNECTION, "close");
        } finally {
            timeout.cancel();
        }
    }

    /// @param length of the body; -1 where it is not known
    private static void copy(long length, BodyInput in, RequestBody body) throws IOException, BodyRefusedException {
        if (length > 0) {
            body.expect(length);
        }
        for (ByteBuffer next; (next = in.next()) != null; ) {
            body.write(next);
        }
    }

    private void decompress(Compression compression, BodyInput in, RequestBody body)
            throws IOException, BodyRefusedException {
        byte[] chunk = new byte[COPY_BYTES];
        try (InputStream plain = compression.decompress(in)) {
            for (int count; (count = plain.read(chunk)) >= 0; ) {
                if (body.length() + (long) count > config.maxPayloadBytes()) {
                    throw new LargeBodyException();
                }
                body.write(chunk, 0, count);
            }
        }
    }

    /// The media type without its parameters, in lower case; empty where there is none.
    private static String contentType(Request request) {
        String header = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        if (header == null) {
            return "";
        }
        int parameters = header.indexOf(';');
        return (parameters < 0 ? header : header.substring(0, parameters)).strip().toLowerCase(Locale.ROOT);
    }

    private static Optional<Compression> compression(Request request) {
        List<String> encodings = request.getHeaders().getCSV(HttpHeader.CONTENT_ENCODING, false);
        return switch (encodings.size()) {
            case 0 -> Optional.of(Compression.IDENTITY);
            case 1 -> Compression.ofLabel(encodings.getFirst());
            default -> Optional.empty();
        };
    }

    private HttpAnswer unsupported(String what, boolean json) {
        RpcStatus status = new RpcStatus(Code.INVALID_ARGUMENT, what);
        return refusal("unsupported", HttpStatus.UNSUPPORTED_MEDIA_TYPE_415, status, json);
    }

    private HttpAnswer tooLarge(boolean json) {
        RpcStatus status = new RpcStatus(
                Code.RESOURCE_EXHAUSTED, "the body is larger than " + config.maxPayloadBytes() + " bytes");
        return refusal("too_large", HttpStatus.PAYLOAD_TOO_LARGE_413, status, json);
    }

    private HttpAnswer unavailable(String reason, String what, boolean json) {
        RpcStatus status = new RpcStatus(Code.UNAVAILABLE, what, Optional.of(OtlpAnswers.RETRY_DELAY));
        return refusal(reason, HttpStatus.SERVICE_UNAVAILABLE_503, status, json);
    }

    /// A refusal by this door and not by the gateway, so it is counted here.
    private HttpAnswer refusal(String reason, int status, RpcStatus refusal, boolean json) {
        telemetry.metrics().requestsRefused.labelValues(SOURCE, reason).inc();
        return HttpAnswer.refusal(status, refusal, json);
    }
}
