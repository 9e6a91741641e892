package io.openwit.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;

/// OTLP/HTTP with protobuf bodies over HTTP/1.1 with keep-alive; as many connections as requests are in flight.
///
/// Source: OTLP specification, "OTLP/HTTP Response", for what may be sent again.
final class HttpSender implements Sender {
    private static final String PROTOBUF = "application/x-protobuf";
    private static final int MAX_RESPONSE_BYTES = 4 << 20;
    private static final int MAX_REASON_CHARS = 300;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final long MAX_RETRY_AFTER_SECONDS = 1_000_000_000;

    private final HttpClient client;
    private final String base;
    private final Map<String, String> headers;
    private final Clocks clocks;

    /// @param headers sent with every request
    HttpSender(URI target, Map<String, String> headers, Clocks clocks, Executor executor) {
        String path = target.getPath() == null ? "" : target.getPath().replaceAll("/+$", "");
        base = "http://" + target.getRawAuthority() + path + "/v1/";
        this.headers = headers;
        this.clocks = clocks;
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(executor)
                .build();
    }

    @Override
    public Answer send(Signal signal, byte[] request, int offset, int length, long timeoutNanos)
            throws InterruptedException {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(base + signal.label()))
                .header("Content-Type", PROTOBUF)
                .POST(HttpRequest.BodyPublishers.ofByteArray(request, offset, length));
        headers.forEach(builder::header);
        CompletableFuture<HttpResponse<byte[]>> response = client.sendAsync(
                builder.build(),
                HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), MAX_RESPONSE_BYTES));
        try {
            return answer(response.get(timeoutNanos, NANOSECONDS));
        } catch (TimeoutException e) {
            response.cancel(true);
            return Answer.Again.unanswered("no answer within " + timeoutNanos / 1_000_000 + " ms");
        } catch (InterruptedException e) {
            response.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                return Answer.Again.unanswered(cause.toString());
            }
            throw new IllegalStateException("cannot send to " + base + signal.label(), e.getCause());
        }
    }

    private Answer answer(HttpResponse<byte[]> response) {
        int code = response.statusCode();
        if (code / 100 == 2) {
            try {
                AnswerReader.PartialSuccess partial = AnswerReader.exportResponse(response.body());
                return new Answer.Acknowledged(partial.rejected(), partial.message());
            } catch (IOException e) {
                return Answer.Again.unanswered(code + " with an undecodable response: " + e.getMessage());
            }
        }
        String why = code + reason(response);
        if (code == 429 || code == 502 || code == 503 || code == 504) {
            String retryAfter = response.headers().firstValue("Retry-After").orElse("");
            return new Answer.Again(retryAfterNanos(retryAfter, clocks.wallNanos()), code == 429 || code == 503, why);
        }
        return new Answer.Refused(why);
    }

    /// Reads both forms of RFC 9110: seconds, and a date.
    ///
    /// @return what is left of the delay, -1 if the value has neither form
    static long retryAfterNanos(String header, long wallNanos) {
        String value = header.trim();
        if (value.matches("[0-9]{1,18}")) {
            return Math.min(Long.parseLong(value), MAX_RETRY_AFTER_SECONDS) * 1_000_000_000;
        }
        try {
            ZonedDateTime date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
            long seconds = date.toEpochSecond() - wallNanos / 1_000_000_000;
            return Math.clamp(seconds, 0, MAX_RETRY_AFTER_SECONDS) * 1_000_000_000;
        } catch (DateTimeParseException e) {
            // As if the header were not there: the backoff decides.
            return Answer.Again.NO_DELAY;
        }
    }

    private static String reason(HttpResponse<byte[]> response) {
        byte[] body = response.body();
        if (body.length == 0) {
            return "";
        }
        String text = new String(body, UTF_8);
        if (response.headers().firstValue("Content-Type").orElse("").startsWith(PROTOBUF)) {
            try {
                text = AnswerReader.status(body).message();
            } catch (IOException e) {
                text = "undecodable status: " + e.getMessage();
            }
        }
        return ": " + text.substring(0, Math.min(text.length(), MAX_REASON_CHARS)).replaceAll("\\p{Cntrl}", " ");
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
