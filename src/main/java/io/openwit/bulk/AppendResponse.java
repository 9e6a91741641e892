package io.openwit.bulk;

import io.openwit.model.FingerprintKey;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import java.nio.ByteBuffer;
import java.time.Duration;

/// What the ingest node sends: first who it is, then an outcome for each batch, as `bulk.proto` says.
sealed interface AppendResponse {
    record Hello(NodeId node, FingerprintKey key) implements AppendResponse {}

    record Answer(Outcome outcome) implements AppendResponse {}

    /// A longer text is cut, so that a response is a small message.
    int MAX_TEXT_CHARS = 4096;

    static byte[] encode(AppendResponse response) {
        ProtoWriter inner = new ProtoWriter();
        int field =
                switch (response) {
                    case Hello(NodeId node, FingerprintKey key) -> {
                        inner.text(1, node.value()).fixed64(2, key.high()).fixed64(3, key.low());
                        yield 1;
                    }
                    case Answer(Accepted(long rows, long duplicates, long rejected, String reason)) -> {
                        inner.unsigned(1, rows).unsigned(2, duplicates).unsigned(3, rejected).text(4, cut(reason));
                        yield 2;
                    }
                    case Answer(Rejected(Refusal refusal, String detail)) -> {
                        inner.unsigned(1, number(refusal)).text(2, cut(detail));
                        yield 3;
                    }
                    case Answer(Throttled(boolean overQuota, Duration retryAfter, String detail)) -> {
                        inner.unsigned(1, overQuota ? 1 : 0)
                                .unsigned(2, retryAfter.toNanos())
                                .text(3, cut(detail));
                        yield 4;
                    }
                    case Answer(Unavailable(String detail)) -> {
                        inner.text(1, cut(detail));
                        yield 5;
                    }
                };
        return new ProtoWriter().bytes(field, inner.toBytes()).toBytes();
    }

    /// @throws MalformedBatchException the bytes are no response, or one of a kind that is not known here
    static AppendResponse decode(byte[] message) throws MalformedBatchException {
        AppendResponse response = null;
        ProtoReader in = new ProtoReader(ByteBuffer.wrap(message));
        try {
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> response = hello(new ProtoReader(in.bytes()));
                    case 2 -> response = new Answer(accepted(new ProtoReader(in.bytes())));
                    case 3 -> response = new Answer(rejected(new ProtoReader(in.bytes())));
                    case 4 -> response = new Answer(throttled(new ProtoReader(in.bytes())));
                    case 5 -> response = new Answer(unavailable(new ProtoReader(in.bytes())));
                    default -> in.skip();
                }
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MalformedBatchException("bulk response: " + e.getMessage(), e);
        }
        if (response == null) {
            throw new MalformedBatchException("bulk response of an unknown kind");
        }
        return response;
    }

    private static Hello hello(ProtoReader in) throws MalformedBatchException {
        String node = "";
        long high = 0;
        long low = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> node = in.text();
                case 2 -> high = in.fixed64();
                case 3 -> low = in.fixed64();
                default -> in.skip();
            }
        }
        return new Hello(new NodeId(node), new FingerprintKey(high, low));
    }

    private static Accepted accepted(ProtoReader in) throws MalformedBatchException {
        long rows = 0;
        long duplicates = 0;
        long rejected = 0;
        String reason = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> rows = in.unsigned();
                case 2 -> duplicates = in.unsigned();
                case 3 -> rejected = in.unsigned();
                case 4 -> reason = in.text();
                default -> in.skip();
            }
        }
        return new Accepted(rows, duplicates, rejected, reason);
    }

    private static Rejected rejected(ProtoReader in) throws MalformedBatchException {
        long refusal = 0;
        String detail = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> refusal = in.unsigned();
                case 2 -> detail = in.text();
                default -> in.skip();
            }
        }
        return new Rejected(refusal(refusal), detail);
    }

    private static Throttled throttled(ProtoReader in) throws MalformedBatchException {
        boolean overQuota = false;
        long nanos = 0;
        String detail = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> overQuota = in.unsigned() != 0;
                case 2 -> nanos = in.unsigned();
                case 3 -> detail = in.text();
                default -> in.skip();
            }
        }
        return new Throttled(overQuota, Duration.ofNanos(nanos), detail);
    }

    private static Unavailable unavailable(ProtoReader in) throws MalformedBatchException {
        String detail = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> detail = in.text();
                default -> in.skip();
            }
        }
        return new Unavailable(detail);
    }

    private static int number(Refusal refusal) {
        return switch (refusal) {
            case MALFORMED -> 1;
            case UNAUTHENTICATED -> 2;
            case FORBIDDEN -> 3;
            case TOO_LARGE -> 4;
        };
    }

    private static Refusal refusal(long number) throws MalformedBatchException {
        for (Refusal refusal : Refusal.values()) {
            if (number(refusal) == number) {
                return refusal;
            }
        }
        throw new MalformedBatchException("bulk response: unknown refusal " + number);
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT_CHARS ? text : text.substring(0, MAX_TEXT_CHARS);
    }
}
