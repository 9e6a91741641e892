package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.LittleEndian;
import java.util.Arrays;

/// Reads the protobuf wire in place. Every length is checked against the message around it, so no read leaves the request.
///
/// A message is walked with its position in a local, which no read needs memory to move on: a field's head is a [Slice]
/// whose length is the tag's value, and what has a length is a [Slice]. Only a varint leaves the position behind it in
/// [#next].
///
/// ```
/// while (at < end) {
///     long head = wire.head(at, end);
///     at = Slice.at(head);
///     switch (Slice.length(head)) {
///         case 10 -> { name = wire.slice(at, end); at = Slice.end(name); }
///         …
///         default -> at = wire.skip(head, end);
///     }
/// }
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

    /// The position behind the varint that was read last.
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

    /// Reads the head of a field, at a position before `end`.
    ///
    /// @return for [#tag] and [#behind]
    long head(int at, int end) throws MalformedRequestException {
        int tag = buf[at];
        if (tag >= 0) {
            return (long) (at + 1) << 32 | tag;
        }
        tag = (int) longVarint(at, end);
        return (long) next << 32 | tag & 0xffffffffL;
    }

    static int tag(long head) {
        return (int) head;
    }

    /// The position behind a field's head.
    static int behind(long head) {
        return (int) (head >>> 32);
    }

    /// Reads a length; what it is the length of is the slice.
    long slice(int at, int end) throws MalformedRequestException {
        int from = at + 1;
        int length = at < end ? buf[at] : -1;
        if (length < 0) {
            length = (int) longVarint(at, end);
            from = next;
        }
        if (length < 0 || length > end - from) {
            throw malformed("a length of " + Integer.toUnsignedString(length) + " leaves its message", at);
        }
        return Slice.of(from, length);
    }

    /// Reads a number; [#next] is the position behind it.
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

    /// Reads the 8 bytes at a position.
    long fixed64(int at, int end) throws MalformedRequestException {
        if (end - at < 8) {
            throw malformed("a number is cut", at);
        }
        return LittleEndian.getLong(buf, at);
    }

    /// Reads the 4 bytes at a position.
    int fixed32(int at, int end) throws MalformedRequestException {
        if (end - at < 4) {
            throw malformed("a number is cut", at);
        }
        return LittleEndian.getInt(buf, at);
    }

    /// Passes over a field whose head has been read.
    ///
    /// @return the position behind it
    int skip(long head, int end) throws MalformedRequestException {
        return skip(head, end, 0);
    }

    private int skip(long head, int end, int groups) throws MalformedRequestException {
        int tag = tag(head);
        int at = behind(head);
        if (tag >>> 3 == 0) {
            throw malformed("a field has number 0", at);
        }
        return switch (tag & 7) {
            case 0 -> {
                varint(at, end);
                yield next;
            }
            case 1 -> {
                fixed64(at, end);
                yield at + 8;
            }
            case 2 -> Slice.end(slice(at, end));
            case 3 -> group(tag, at, end, groups + 1);
            case 5 -> {
                fixed32(at, end);
                yield at + 4;
            }
            default -> throw malformed("a field has wire type " + (tag & 7), at);
        };
    }

    private int group(int start, int from, int end, int groups) throws MalformedRequestException {
        if (groups > MAX_GROUPS) {
            throw malformed("more than " + MAX_GROUPS + " groups within one another", from);
        }
        int at = from;
        while (at < end) {
            long head = head(at, end);
            int tag = tag(head);
            if ((tag & 7) == 4) {
                if (tag >>> 3 != start >>> 3) {
                    throw malformed("a group ends that did not begin", at);
                }
                return behind(head);
            }
            at = skip(head, end, groups);
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
    /// @throws MalformedRequestException submessages are split more often than any client has reason to
    long merge(long first, long second) throws MalformedRequestException {
        boolean grows = isMerged(first) && Slice.end(first) == top;
        int length = Slice.length(first) + Slice.length(second);
        int copied = grows ? Slice.length(second) : length;
        mergeableBytes -= copied;
        if (mergeableBytes < 0) {
            throw malformed("submessages are split too often", Slice.at(second));
        }
        int at = grows ? Slice.at(first) : top;
        ensure((long) top + copied);
        if (!grows) {
            copyToTop(first);
        }
        copyToTop(second);
        return Slice.of(at, length);
    }

    private void copyToTop(long slice) {
        System.arraycopy(buf, Slice.at(slice), buf, top, Slice.length(slice));
        top += Slice.length(slice);
    }

    /// Whether it was put together: then its parts have been checked one by one.
    boolean isMerged(long slice) {
        return Slice.at(slice) > requestEnd;
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
