package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.otlp.RpcStatus.Code;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Optional;

/// An [io.openwit.model.Outcome] as the bytes that an OTLP client reads, in protobuf and in JSON. No transport in it.
///
/// Source: OTLP specification, "Partial Success", "Failures" and "OTLP/gRPC Throttling".
public final class OtlpAnswers {
    /// When a client may come again if nobody knows better.
    public static final Duration RETRY_DELAY = Duration.ofSeconds(1);

    /// Longer reasons are cut, so that an answer stays far below a client's limit of 4 MiB.
    public static final int MAX_REASON_CHARS = 2000;

    private static final String RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";

    private OtlpAnswers() {}

    /// The export response; `partial_success` is set only where rows were rejected.
    ///
    /// The same for each signal: the partial successes of the three differ in a name alone.
    public static byte[] responseProtobuf(Accepted accepted) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (accepted.rejected() > 0) {
            ByteArrayOutputStream partial = new ByteArrayOutputStream();
            varintField(partial, 1, accepted.rejected());
            bytesField(partial, 2, reason(accepted).getBytes(UTF_8));
            bytesField(out, 1, partial.toByteArray());
        }
        return out.toByteArray();
    }

    /// The export response as JSON; `partialSuccess` is set only where rows were rejected.
    public static byte[] responseJson(Signal signal, Accepted accepted) {
        if (accepted.rejected() == 0) {
            return "{}".getBytes(UTF_8);
        }
        String rejected = switch (signal) {
            case LOGS -> "rejectedLogRecords";
            case TRACES -> "rejectedSpans";
            case METRICS -> "rejectedDataPoints";
        };
        StringBuilder json = new StringBuilder("{\"partialSuccess\":{\"");
        json.append(rejected).append("\":\"").append(accepted.rejected()).append("\",\"errorMessage\":");
        quote(json, reason(accepted));
        return json.append("}}").toString().getBytes(UTF_8);
    }

    /// The status of a refusal for good.
    public static RpcStatus status(Rejected rejected) {
        return new RpcStatus(code(rejected.refusal()), rejected.detail());
    }

    /// The status of a refusal that is over when the time has come. It always names the delay: without one, a Collector
    /// drops the data.
    public static RpcStatus status(Throttled throttled) {
        return new RpcStatus(
                throttled.overQuota() ? Code.RESOURCE_EXHAUSTED : Code.UNAVAILABLE,
                throttled.detail(),
                Optional.of(throttled.retryAfter()));
    }

    /// The status of a refusal by nobody's fault; with the delay [#RETRY_DELAY].
    public static RpcStatus status(Unavailable unavailable) {
        return new RpcStatus(Code.UNAVAILABLE, unavailable.detail(), Optional.of(RETRY_DELAY));
    }

    private static Code code(Refusal refusal) {
        return switch (refusal) {
            case MALFORMED -> Code.INVALID_ARGUMENT;
            case UNAUTHENTICATED -> Code.UNAUTHENTICATED;
            case FORBIDDEN -> Code.PERMISSION_DENIED;
            case TOO_LARGE -> Code.RESOURCE_EXHAUSTED;
        };
    }

    /// `google.rpc.Status`, with a `RetryInfo` among its details where there is a delay.
    public static byte[] statusProtobuf(RpcStatus status) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        varintField(out, 1, status.code().number());
        bytesField(out, 2, status.message().getBytes(UTF_8));
        status.retryAfter().ifPresent(delay -> {
            ByteArrayOutputStream duration = new ByteArrayOutputStream();
            varintField(duration, 1, delay.getSeconds());
            varintField(duration, 2, delay.getNano());
            ByteArrayOutputStream retryInfo = new ByteArrayOutputStream();
            bytesField(retryInfo, 1, duration.toByteArray());
            ByteArrayOutputStream any = new ByteArrayOutputStream();
            bytesField(any, 1, RETRY_INFO.getBytes(UTF_8));
            bytesField(any, 2, retryInfo.toByteArray());
            bytesField(out, 3, any.toByteArray());
        });
        return out.toByteArray();
    }

    /// The same as JSON.
    public static byte[] statusJson(RpcStatus status) {
        StringBuilder json = new StringBuilder("{\"code\":").append(status.code().number()).append(",\"message\":");
        quote(json, status.message());
        status.retryAfter().ifPresent(delay -> json.append(",\"details\":[{\"@type\":\"")
                .append(RETRY_INFO)
                .append("\",\"retryDelay\":\"")
                .append("%d.%09ds".formatted(delay.getSeconds(), delay.getNano()))
                .append("\"}]"));
        return json.append('}').toString().getBytes(UTF_8);
    }

    private static String reason(Accepted accepted) {
        return shortened(accepted.firstReason(), MAX_REASON_CHARS);
    }

    /// At most `maxChars` of the text, the last one `…` where it was cut; never half of a surrogate pair.
    static String shortened(String text, int maxChars) {
        if (text.length() <= maxChars) {
            return text;
        }
        int end = maxChars - 1;
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + "…";
    }

    private static void varintField(ByteArrayOutputStream out, int number, long value) {
        if (value != 0) {
            out.write(number << 3);
            varint(out, value);
        }
    }

    private static void bytesField(ByteArrayOutputStream out, int number, byte[] value) {
        out.write(number << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static void quote(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u%04x".formatted((int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
