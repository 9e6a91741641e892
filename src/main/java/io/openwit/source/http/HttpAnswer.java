package io.openwit.source.http;

import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.otlp.RpcStatus;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/// What a client hears: a status, and a body in the content type that it sent. Immutable.
///
/// Source: OTLP specification, "OTLP/HTTP Response".
record HttpAnswer(int status, boolean json, byte[] body, HttpFields headers) {
    static final String PROTOBUF_TYPE = "application/x-protobuf";
    static final String JSON_TYPE = "application/json";

    /// The answer to an outcome of the gateway's.
    static HttpAnswer of(Outcome outcome, Signal signal, boolean json) {
        return switch (outcome) {
            case Accepted accepted ->
                new HttpAnswer(
                        HttpStatus.OK_200,
                        json,
                        json ? OtlpAnswers.responseJson(signal, accepted) : OtlpAnswers.responseProtobuf(accepted),
                        HttpFields.EMPTY);
            case Rejected rejected -> refusal(status(rejected.refusal()), OtlpAnswers.status(rejected), json);
            case Throttled throttled ->
                refusal(
                        throttled.overQuota() ? HttpStatus.TOO_MANY_REQUESTS_429 : HttpStatus.SERVICE_UNAVAILABLE_503,
                        OtlpAnswers.status(throttled),
                        json);
            case Unavailable unavailable ->
                refusal(HttpStatus.SERVICE_UNAVAILABLE_503, OtlpAnswers.status(unavailable), json);
        };
    }

    private static int status(Refusal refusal) {
        return switch (refusal) {
            case MALFORMED -> HttpStatus.BAD_REQUEST_400;
            case UNAUTHENTICATED -> HttpStatus.UNAUTHORIZED_401;
            case FORBIDDEN -> HttpStatus.FORBIDDEN_403;
            case TOO_LARGE -> HttpStatus.PAYLOAD_TOO_LARGE_413;
        };
    }

    /// A refusal: a `google.rpc.Status`, and `Retry-After` in whole seconds where there is a delay.
    static HttpAnswer refusal(int status, RpcStatus refusal, boolean json) {
        HttpFields.Mutable headers = HttpFields.build();
        refusal.retryAfter().ifPresent(delay -> {
            long seconds = delay.toSeconds() + (delay.getNano() > 0 ? 1 : 0);
            headers.put(HttpHeader.RETRY_AFTER, Math.max(1, seconds));
        });
        if (status == HttpStatus.UNAUTHORIZED_401) {
            headers.put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        byte[] body = json ? OtlpAnswers.statusJson(refusal) : OtlpAnswers.statusProtobuf(refusal);
        return new HttpAnswer(status, json, body, headers.asImmutable());
    }

    /// The same answer with one more header.
    HttpAnswer with(HttpHeader header, String value) {
        return new HttpAnswer(
                status, json, body, HttpFields.build(headers).add(new HttpField(header, value)).asImmutable());
    }

    /// Sends it; `callback` hears when it has gone, or cannot go.
    void send(Response response, Callback callback) {
        response.setStatus(status);
        response.getHeaders()
                .put(HttpHeader.CONTENT_TYPE, json ? JSON_TYPE : PROTOBUF_TYPE)
                .put(HttpHeader.CONTENT_LENGTH, body.length)
                .add(headers);
        response.write(true, ByteBuffer.wrap(body), callback);
    }
}
