package io.openwit.source.grpc;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.openwit.gateway.BodyRefusedException;
import io.openwit.gateway.Caller;
import io.openwit.gateway.Encoding;
import io.openwit.gateway.ExportRequest;
import io.openwit.gateway.Gateway;
import io.openwit.gateway.RequestBody;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.otlp.RpcStatus;
import io.openwit.source.CorruptBodyException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The `Export` method of one signal: copies the message's bytes into a body of the gateway's, and answers with the
/// outcome. Thread-safe; each call has a listener of its own.
final class ExportHandler implements ServerCallHandler<InputStream, byte[]> {
    private static final String IDEMPOTENCY_KEY = "idempotency-key";
    private static final int COPY_BYTES = 1 << 14;

    private final Gateway gateway;
    private final Signal signal;
    private final int maxMessageBytes;
    private final Failures failures;

    /// @param maxMessageBytes of one message after decompression
    ExportHandler(Gateway gateway, Signal signal, int maxMessageBytes, Failures failures) {
        this.gateway = gateway;
        this.maxMessageBytes = maxMessageBytes;
        this.signal = signal;
        this.failures = failures;
    }

    @Override
    public ServerCall.Listener<InputStream> startCall(ServerCall<InputStream, byte[]> call, Metadata headers) {
        Caller caller = Objects.requireNonNull(
                AuthenticationInterceptor.CALLER.get(), "a call came past the authentication");
        Export export = new Export(call, caller, AuthenticationInterceptor.header(headers, IDEMPOTENCY_KEY));
        Reception.current().onExcess(export);
        // The second one is never answered, but lets a client be heard that sends two.
        call.request(2);
        return export;
    }

    /// One call. gRPC calls the methods of the listener one after the other, each on a virtual thread; those of
    /// [Reception.Excess] come from the connection's thread, and only while no message has arrived.
    private final class Export extends ServerCall.Listener<InputStream> implements Reception.Excess {
        private final ServerCall<InputStream, byte[]> call;
        private final Caller caller;
        private final @Nullable String idempotencyKey;
        private @Nullable RequestBody body;
        /// Who sets it is the one who may answer.
        private final AtomicBoolean closed = new AtomicBoolean();

        Export(ServerCall<InputStream, byte[]> call, Caller caller, @Nullable String idempotencyKey) {
            this.call = call;
            this.caller = caller;
            this.idempotencyKey = idempotencyKey;
        }

        @Override
        public void onMessage(InputStream message) {
            if (closed.get()) {
                return;
            }
            if (body != null) {
                refuse("malformed", new RpcStatus(RpcStatus.Code.INVALID_ARGUMENT, "the call has two messages"));
                return;
            }
            try {
                body = gateway.newBody(OtlpGrpcServer.SOURCE);
                copy(message, body);
            } catch (BodyRefusedException e) {
                answer(e.outcome());
            } catch (CorruptBodyException e) {
                refuse("malformed", new RpcStatus(RpcStatus.Code.INVALID_ARGUMENT, e.reason()));
            } catch (StatusRuntimeException e) {
                // From the limit behind the decompressors.
                messageTooLarge();
            } catch (IOException | RuntimeException | Error e) {
                close(failures.refusal(signal, e));
            }
        }

        @Override
        public void onHalfClose() {
            if (closed.get()) {
                return;
            }
            RequestBody whole = body;
            if (whole == null) {
                refuse("malformed", new RpcStatus(RpcStatus.Code.INVALID_ARGUMENT, "the call has no message"));
                return;
            }
            try {
                answer(gateway.export(new ExportRequest(
                        caller, signal, Encoding.PROTOBUF, whole, idempotencyKey, OtlpGrpcServer.SOURCE)));
            } catch (RuntimeException | Error e) {
                close(failures.refusal(signal, e));
            }
        }

        @Override
        public void messageTooLarge() {
            refuse(
                    "too_large",
                    new RpcStatus(
                            RpcStatus.Code.RESOURCE_EXHAUSTED,
                            "the message is larger than " + maxMessageBytes + " bytes"));
        }

        @Override
        public void tooMuchAtOnce() {
            refuse(
                    "overload",
                    new RpcStatus(
                            RpcStatus.Code.UNAVAILABLE,
                            Reception.TOO_MUCH,
                            Optional.of(OtlpAnswers.RETRY_DELAY)));
        }

        /// The client has gone. If its request was under way, this comes after its end: it stays as durable as it
        /// became.
        @Override
        public void onCancel() {
            closed.set(true);
            giveBack();
        }

        @Override
        public void onComplete() {
            giveBack();
        }

        /// A refusal by the gateway, which has counted it, or an answer.
        private void answer(Outcome outcome) {
            switch (outcome) {
                case Accepted accepted -> accept(OtlpAnswers.responseProtobuf(accepted));
                case Rejected rejected -> close(OtlpAnswers.status(rejected));
                case Throttled throttled -> close(OtlpAnswers.status(throttled));
                case Unavailable unavailable -> close(OtlpAnswers.status(unavailable));
            }
        }

        private void accept(byte[] response) {
            giveBack();
            if (closed.compareAndSet(false, true)) {
                call.sendHeaders(new Metadata());
                call.sendMessage(response);
                call.close(Status.OK, new Metadata());
            }
        }

        /// A refusal by this door and not by the gateway, so it is counted here.
        private void refuse(String reason, RpcStatus refusal) {
            failures.count(reason);
            close(refusal);
        }

        private void close(RpcStatus refusal) {
            giveBack();
            if (closed.compareAndSet(false, true)) {
                call.close(GrpcStatuses.status(refusal), GrpcStatuses.trailers(refusal));
            }
        }

        private void giveBack() {
            RequestBody given = body;
            body = null;
            if (given != null) {
                given.close();
            }
        }
    }

    /// Copies once, from gRPC's buffers where it shows them: those of a message that came uncompressed.
    private static void copy(InputStream message, RequestBody body) throws IOException, BodyRefusedException {
        if (message instanceof KnownLength) {
            body.expect(message.available());
        }
        if (message instanceof HasByteBuffer buffers && buffers.byteBufferSupported()) {
            for (ByteBuffer next; (next = buffers.getByteBuffer()) != null; ) {
                int count = next.remaining();
                body.write(next);
                message.skipNBytes(count);
            }
            return;
        }
        byte[] chunk = new byte[COPY_BYTES];
        for (int count; (count = message.read(chunk)) >= 0; ) {
            body.write(chunk, 0, count);
        }
    }
}
