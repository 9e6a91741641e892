package io.openwit.otlp;

import io.openwit.columnar.LittleEndian;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Protobuf bytes under construction: grows up to a limit, in memory that its owner lends. Used again; not thread-safe.
///
/// There are always [#SLACK_BYTES] behind the last byte, as the reader of the wire wants them.
public final class ByteSink {
    public static final int SLACK_BYTES = 8;

    /// What a length in front of a message takes, so that it can be written when the message is complete: a varint of
    /// four bytes, padded.
    static final int LENGTH_BYTES = 4;

    /// What a sink can hold: lengths of four bytes end there.
    public static final int MAX_BYTES = (1 << 28) - 1;

    private static final int FIRST_BYTES = 1 << 12;

    /// Up to so many bytes are copied by words.
    private static final int SHORT_BYTES = 48;

    private static final byte[] NOTHING = new byte[SLACK_BYTES];

    private final int maxBytes;
    private final Memory memory;
    private byte[] bytes = NOTHING;
    private int length;

    /// Lends arrays to a sink, so that their owner can bound what all of them come to.
    public interface Memory {
        /// Lends a larger array in the place of `array`.
        ///
        /// @param array what this method gave before, or one without room where it gave nothing yet; goes back with this
        ///     call unless it fails
        /// @param used as many bytes of it stand at the start of the larger one
        /// @return at least `size` bytes long; null where there is no room now
        byte @Nullable [] grow(byte[] array, int used, int size);

        /// Takes an array back.
        void release(byte[] array);
    }

    /// The collector's own memory, which nobody bounds.
    private static final class Heap implements Memory {
        @Override
        public byte[] grow(byte[] array, int used, int size) {
            return Arrays.copyOf(array, size);
        }

        @Override
        public void release(byte[] array) {}
    }

    /// @param maxBytes what a request may become, at most [#MAX_BYTES]; more than that is too large
    public ByteSink(int maxBytes, Memory memory) {
        if (maxBytes < 1 || maxBytes > MAX_BYTES) {
            throw new IllegalArgumentException("a sink holds 1 to " + MAX_BYTES + " bytes: " + maxBytes);
        }
        this.maxBytes = maxBytes;
        this.memory = memory;
    }

    /// A sink on the heap.
    ///
    /// @param maxBytes what a request may become, at most [#MAX_BYTES]; more than that is too large
    public ByteSink(int maxBytes) {
        this(maxBytes, new Heap());
    }

    /// The bytes, from 0 to [#length]; valid until the next write or [#release].
    public byte[] array() {
        return bytes;
    }

    public int length() {
        return length;
    }

    /// Begins anew in the same memory.
    public void clear() {
        length = 0;
    }

    /// Begins anew, and gives the memory back.
    public void release() {
        length = 0;
        if (bytes != NOTHING) {
            byte[] lent = bytes;
            bytes = NOTHING;
            memory.release(lent);
        }
    }

    void put(int value) throws MalformedRequestException {
        ensure(1);
        bytes[length++] = (byte) value;
    }

    void put(byte[] from, int offset, int count) throws MalformedRequestException {
        ensure(count);
        if (count <= SHORT_BYTES && offset <= from.length - (count + 7 & -8)) {
            // By words, the last of which ends in the slack: most texts are short, and a call costs more than that.
            for (int i = 0; i < count; i += 8) {
                LittleEndian.putLong(bytes, length + i, LittleEndian.getLong(from, offset + i));
            }
        } else {
            System.arraycopy(from, offset, bytes, length, count);
        }
        length += count;
    }

    /// @param tag at most 14 bits
    void putTag(int tag) throws MalformedRequestException {
        ensure(2);
        if (tag < 0x80) {
            bytes[length++] = (byte) tag;
        } else {
            bytes[length++] = (byte) (tag | 0x80);
            bytes[length++] = (byte) (tag >>> 7);
        }
    }

    void putVarint(long value) throws MalformedRequestException {
        ensure(10);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[length++] = (byte) rest;
    }

    void putFixed32(int value) throws MalformedRequestException {
        ensure(4);
        LittleEndian.putInt(bytes, length, value);
        length += 4;
    }

    void putFixed64(long value) throws MalformedRequestException {
        ensure(8);
        LittleEndian.putLong(bytes, length, value);
        length += 8;
    }

    /// Leaves room for a message's length; [#closeMessage] fills it.
    ///
    /// @return where the message begins
    int openMessage() throws MalformedRequestException {
        ensure(LENGTH_BYTES);
        length += LENGTH_BYTES;
        return length;
    }

    void closeMessage(int start) {
        int size = length - start;
        bytes[start - 4] = (byte) (size | 0x80);
        bytes[start - 3] = (byte) (size >>> 7 | 0x80);
        bytes[start - 2] = (byte) (size >>> 14 | 0x80);
        bytes[start - 1] = (byte) (size >>> 21);
    }

    /// Leaves room for the length of something short; [#closeShort] moves what became longer.
    ///
    /// @return where it begins
    int openShort() throws MalformedRequestException {
        ensure(1);
        return ++length;
    }

    void closeShort(int start) throws MalformedRequestException {
        int size = length - start;
        if (size < 0x80) {
            bytes[start - 1] = (byte) size;
            return;
        }
        int extra = (31 - Integer.numberOfLeadingZeros(size)) / 7;
        ensure(extra);
        System.arraycopy(bytes, start, bytes, start + extra, size);
        length = start - 1;
        putVarint(size);
        length += size;
    }

    /// Counts as written what stands in [#array] before `end`, which leaves the slack behind it.
    void written(int end) {
        length = end;
    }

    /// Takes back what was written from `start` on.
    void truncate(int start) {
        length = start;
    }

    private void ensure(int count) throws MalformedRequestException {
        if (count > bytes.length - SLACK_BYTES - length) {
            grow((long) length + count);
        }
    }

    private void grow(long needed) throws MalformedRequestException {
        if (needed > maxBytes) {
            throw new LargeRequestException("the request becomes more than " + maxBytes + " bytes of protobuf");
        }
        long doubled = Math.min(maxBytes, Math.max(FIRST_BYTES, 2L * (bytes.length - SLACK_BYTES)));
        int size = (int) Math.max(doubled, needed) + SLACK_BYTES;
        byte[] larger = memory.grow(bytes, length, size);
        if (larger == null) {
            throw new NoRoomException(size);
        }
        bytes = larger;
    }
}
