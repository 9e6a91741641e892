package io.openwit.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.Arrays;

/// Reads what an OTLP server answers, from the protobuf wire by hand: the export responses of all three signals, which
/// have the same numbers, and `google.rpc.Status`. Unknown fields are skipped. Not thread-safe.
final class AnswerReader {
    /// Rows that the server says it did not take, and why.
    record PartialSuccess(long rejected, String message) {}

    /// @param retryDelayNanos of the first RetryInfo, -1 where there is none
    record Status(String message, long retryDelayNanos) {}

    private static final int LENGTH = 2;
    private static final byte[] RETRY_INFO = "/google.rpc.RetryInfo".getBytes(UTF_8);

    private final byte[] bytes;
    private int at;
    private int end;

    // The field that next() has just read: its number, and its value, or the place of its content.
    private int field;
    private int type;
    private long value;
    private int from;
    private int to;

    private AnswerReader(byte[] bytes) {
        this.bytes = bytes;
        this.end = bytes.length;
    }

    /// @throws IOException the bytes are no export response
    static PartialSuccess exportResponse(byte[] bytes) throws IOException {
        AnswerReader in = new AnswerReader(bytes);
        long rejected = 0;
        String message = "";
        while (in.next()) {
            if (in.field == 1 && in.type == LENGTH) {
                int resume = in.to;
                in.enter();
                while (in.next()) {
                    if (in.field == 1 && in.type == 0) {
                        rejected = in.value;
                    } else if (in.field == 2 && in.type == LENGTH) {
                        message = in.text();
                    }
                }
                in.leave(resume, bytes.length);
            }
        }
        return new PartialSuccess(rejected, message);
    }

    /// @throws IOException the bytes are no status
    static Status status(byte[] bytes) throws IOException {
        AnswerReader in = new AnswerReader(bytes);
        String message = "";
        long delay = -1;
        while (in.next()) {
            if (in.field == 2 && in.type == LENGTH) {
                message = in.text();
            } else if (in.field == 3 && in.type == LENGTH) {
                int resume = in.to;
                in.enter();
                long found = in.retryDelay();
                delay = delay < 0 ? found : delay;
                in.leave(resume, bytes.length);
            }
        }
        return new Status(message, delay);
    }

    /// Reads a `google.protobuf.Any`: type_url = 1, value = 2.
    private long retryDelay() throws IOException {
        boolean retryInfo = false;
        int contentFrom = 0;
        int contentTo = 0;
        while (next()) {
            if (field == 1 && type == LENGTH) {
                retryInfo = endsWith(RETRY_INFO);
            } else if (field == 2 && type == LENGTH) {
                contentFrom = from;
                contentTo = to;
            }
        }
        if (!retryInfo) {
            return -1;
        }
        at = contentFrom;
        end = contentTo;
        long seconds = 0;
        long nanos = 0;
        while (next()) {
            if (field == 1 && type == LENGTH) {
                int resume = to;
                enter();
                while (next()) {
                    seconds = field == 1 && type == 0 ? value : seconds;
                    nanos = field == 2 && type == 0 ? value : nanos;
                }
                leave(resume, contentTo);
            }
        }
        if (seconds < 0 || seconds > Integer.MAX_VALUE || nanos < 0 || nanos >= 1_000_000_000) {
            throw new IOException("RetryInfo has a delay out of bounds: " + seconds + " s " + nanos + " ns");
        }
        return seconds * 1_000_000_000 + nanos;
    }

    private void enter() {
        at = from;
        end = to;
    }

    private void leave(int resume, int outerEnd) {
        at = resume;
        end = outerEnd;
    }

    private String text() {
        return new String(bytes, from, to - from, UTF_8);
    }

    private boolean endsWith(byte[] suffix) {
        return to - from >= suffix.length
                && Arrays.equals(bytes, to - suffix.length, to, suffix, 0, suffix.length);
    }

    /// Reads the next field up to `end`.
    private boolean next() throws IOException {
        if (at == end) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        type = (int) (tag & 7);
        switch (type) {
            case 0 -> value = varint();
            case 1 -> skip(8);
            case LENGTH -> {
                long length = varint();
                if (length < 0 || length > end - at) {
                    throw new IOException("field " + field + " of " + length + " bytes reaches past its end");
                }
                from = at;
                at += (int) length;
                to = at;
            }
            case 5 -> skip(4);
            default -> throw new IOException("wire type " + type + " at byte " + at);
        }
        return true;
    }

    private void skip(int length) throws IOException {
        if (length > end - at) {
            throw new IOException("field " + field + " reaches past its end");
        }
        at += length;
    }

    private long varint() throws IOException {
        long result = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw new IOException("varint is cut at byte " + at);
            }
            byte b = bytes[at++];
            result |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return result;
            }
        }
        throw new IOException("varint of more than ten bytes at byte " + at);
    }
}
