package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.LittleEndian;
import java.util.Arrays;

/// Reads the protobuf wire in place. Every length is checked against the message around it, so no read leaves the request.
///
/// A read takes the position and the end of its message and leaves the position behind what it read in [#next]. So a
/// message is walked with positions in locals:
///
/// ```
/// while (at < end) { int tag = wire.tag(at, end); at = wire.next; switch (tag) { … default -> at = wire.skip(tag, at, end); } }
/// ```
///
/// Parts of a submessage that comes more than once are copied together behind the request, in the same array: positions
/// keep their meaning, while [#bytes] may be another array afterwards. Such copies are released like a stack. Not thread-safe.
///
/// Source: protobuf encoding, "Last One Wins", "Merge".
final class Wire {
    /// Unknown groups within one another.
    static final int MAX_GROUPS = 64;

    /// What the copies of split submessages may come to in one request, beside its own length: clients do not split
    /// them, and each copy takes memory and time.
    static final int FREE_MERGED_BYTES = 64 << 10;

    private static final byte[] NOTHING = new byte[Bytes.SLACK];
    private static final int MAX_VARINT_BYTES = 10;

    private byte[] buf = NOTHING;
    private int requestEnd;
    private int top;
    private long mergeableBytes;

    /// The position behind what was read last.
    int next;

    /// @param body readable for [Bytes#SLACK] bytes behind `end`
    void open(byte[] body, int end, int length) {
        buf = body;
        requestEnd = end;
        top = end + Bytes.SLACK;
        mergeableBytes = (long) length + FREE_MERGED_BYTES;
    }

    void close() {
        buf = NOTHING;
    }

    byte[] bytes() {
        return buf;
    }

    int requestEnd() {
        return requestEnd;
    }

    int tag(int at, int end) throws MalformedRequestException {
        int tag = buf[at];
        if (tag >= 0) {
            next = at + 1;
            return tag;
        }
        return (int) longVarint(at, end);
    }

    /// Reads the length of what follows; [#next] is where it begins.
    int length(int at, int end) throws MalformedRequestException {
        int length;
        if (at < end && buf[at] >= 0) {
            length = buf[at];
            next = at + 1;
        } else {
            length = (int) longVarint(at, end);
        }
        if (length < 0 || length > end - next) {
            throw malformed("a length of " + Integer.toUnsignedString(length) + " leaves its message", at);
        }
        return length;
    }

    long varint(int at, int end) throws MalformedRequestException {
        if (at < end && buf[at] >= 0) {
            next = at + 1;
            return buf[at];
        }
        return longVarint(at, end);
    }

    private long longVarint(int at, int end) throws MalformedRequestException {
        long value = 0;
        int last = Math.min(end, at + MAX_VARINT_BYTES);
        for (int i = at, shift = 0; i < last; i++, shift += 7) {
            byte b = buf[i];
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                next = i + 1;
                return value;
            }
        }
        throw malformed(last == end ? "a number is cut" : "a number is longer than 10 bytes", at);
    }

    static int zigZag(long value) {
        int bits = (int) value;
        return bits >>> 1 ^ -(bits & 1);
    }

    long fixed64(int at, int end) throws MalformedRequestException {
        if (end - at < 8) {
            throw malformed("a number is cut", at);
        }
        next = at + 8;
        return LittleEndian.getLong(buf, at);
    }

    int fixed32(int at, int end) throws MalformedRequestException {
        if (end - at < 4) {
            throw malformed("a number is cut", at);
        }
        next = at + 4;
        return LittleEndian.getInt(buf, at);
    }

    /// Passes over a field whose tag has been read.
    ///
    /// @return the position behind it
    int skip(int tag, int at, int end) throws MalformedRequestException {
        return skip(tag, at, end, 0);
    }

    private int skip(int tag, int at, int end, int groups) throws MalformedRequestException {
        if (tag >>> 3 == 0) {
            throw malformed("a field has number 0", at);
        }
        switch (tag & 7) {
            case 0 -> varint(at, end);
            case 1 -> fixed64(at, end);
            case 2 -> {
                int length = length(at, end);
                next += length;
            }
            case 3 -> group(tag, at, end, groups + 1);
            case 5 -> fixed32(at, end);
            default -> throw malformed("a field has wire type " + (tag & 7), at);
        }
        return next;
    }

    private void group(int start, int from, int end, int groups) throws MalformedRequestException {
        if (groups > MAX_GROUPS) {
            throw malformed("more than " + MAX_GROUPS + " groups within one another", from);
        }
        int at = from;
        while (at < end) {
            int tag = tag(at, end);
            if ((tag & 7) == 4) {
                if (tag >>> 3 != start >>> 3) {
                    throw malformed("a group ends that did not begin", at);
                }
                return;
            }
            at = skip(tag, next, end, groups);
        }
        throw malformed("a group is cut", from);
    }

    /// Where the copies of split submessages end now, for [#release].
    int mark() {
        return top;
    }

    /// Gives up the copies that were made since [#mark].
    void release(int mark) {
        top = mark;
    }

    /// Copies two parts of a submessage together; the first is where an earlier call left it, or in the request.
    ///
    /// @return where the whole begins; its length is the sum
    /// @throws MalformedRequestException submessages are split more often than any client has reason to
    int merge(int first, int firstLength, int second, int secondLength) throws MalformedRequestException {
        boolean grows = first > requestEnd && first + firstLength == top;
        long copied = grows ? secondLength : (long) firstLength + secondLength;
        mergeableBytes -= copied;
        if (mergeableBytes < 0) {
            throw malformed("submessages are split too often", second);
        }
        int at = grows ? first : top;
        ensure(top + copied);
        if (!grows) {
            System.arraycopy(buf, first, buf, top, firstLength);
            top += firstLength;
        }
        System.arraycopy(buf, second, buf, top, secondLength);
        top += secondLength;
        return at;
    }

    private void ensure(long end) throws MalformedRequestException {
        if (end > Bytes.MAX_BYTES) {
            throw malformed("submessages are split too often", requestEnd);
        }
        if (end + Bytes.SLACK > buf.length) {
            buf = Arrays.copyOf(buf, (int) Math.min(Bytes.MAX_BYTES, end * 2) + Bytes.SLACK);
        }
    }

    MalformedRequestException malformed(String what, int at) {
        return new MalformedRequestException("not an OTLP request: " + what
                + (at <= requestEnd ? ", at byte " + at : ""));
    }
}
