package io.openwit.otlp;

import java.time.Duration;
import java.util.Optional;

/// What a caller hears when its request was not accepted: a `google.rpc.Status`, of no transport.
///
/// @param message one line, at most [#MAX_MESSAGE_CHARS]; longer ones are cut
/// @param retryAfter when to come again; empty where the same request will never be accepted
public record RpcStatus(Code code, String message, Optional<Duration> retryAfter) {
    /// Percent-encoded in a header and once more as base64 in another, it has to stay within 8 KiB of headers.
    public static final int MAX_MESSAGE_CHARS = 400;

    public RpcStatus {
        if (message.length() > MAX_MESSAGE_CHARS) {
            message = OtlpAnswers.shortened(message, MAX_MESSAGE_CHARS);
        }
    }

    /// A refusal for good.
    public RpcStatus(Code code, String message) {
        this(code, message, Optional.empty());
    }

    /// The codes that the doors answer with. Source: google/rpc/code.proto.
    public enum Code {
        INVALID_ARGUMENT(3),
        DEADLINE_EXCEEDED(4),
        NOT_FOUND(5),
        PERMISSION_DENIED(7),
        RESOURCE_EXHAUSTED(8),
        UNIMPLEMENTED(12),
        INTERNAL(13),
        UNAVAILABLE(14),
        UNAUTHENTICATED(16);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        public int number() {
            return number;
        }
    }
}
