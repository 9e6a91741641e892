package io.openwit.otlp;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// Protobuf bytes under construction: grows up to a limit, is cleared and used again. Not thread-safe.
///
/// There are always [#SLACK_BYTES] behind the last byte, as the reader of the wire wants them.
public final class ByteSink {
    public static final int SLACK_BYTES = 8;

    /// What a length in front of a message takes, so that it can be written when the message is complete: a varint of
    /// four bytes, padded.
    static final int LENGTH_BYTES = 4;

    private static final int MAX_BYTES = (1 << 28) - 1;
    private static final int FIRST_BYTES = 1 << 12;
    /// A buffer that one large request made longer than this is given back by [#clear].
    private static final int KEPT_BYTES = 1 << 20;

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, LITTLE_ENDIAN);

    private final int maxBytes;
    private byte[] bytes;
    private int length;

    /// @param maxBytes what a request may become; more than that makes it malformed. At most 256 MiB - 1
    public ByteSink(int maxBytes) {
        if (maxBytes < 1 || maxBytes > MAX_BYTES) {
            throw new IllegalArgumentException("a sink holds 1 to " + MAX_BYTES + " bytes: " + maxBytes);
        }
        this.maxBytes = maxBytes;
        bytes = firstBytes();
    }

    /// The bytes, from 0 to [#length]; valid until the next write or [#clear].
    public byte[] array() {
        return bytes;
    }

    public int length() {
        return length;
    }

    /// Begins anew.
    public void clear() {
        length = 0;
        if (bytes.length > KEPT_BYTES) {
            bytes = firstBytes();
        }
    }

    private byte[] firstBytes() {
        return new byte[Math.min(FIRST_BYTES, maxBytes) + SLACK_BYTES];
    }

    void put(int value) throws MalformedRequestException {
        ensure(1);
        bytes[length++] = (byte) value;
    }

    void put(byte[] from, int offset, int count) throws MalformedRequestException {
        ensure(count);
        System.arraycopy(from, offset, bytes, length, count);
        length += count;
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
        INTS.set(bytes, length, value);
        length += 4;
    }

    void putFixed64(long value) throws MalformedRequestException {
        ensure(8);
        LONGS.set(bytes, length, value);
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

    /// Leaves room for the length of a short string; [#closeString] moves the string where it became long.
    ///
    /// @return where the string begins
    int openString() throws MalformedRequestException {
        ensure(1);
        return ++length;
    }

    void closeString(int start) throws MalformedRequestException {
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

    /// Takes back what was written from `start` on.
    void truncate(int start) {
        length = start;
    }

    private void ensure(int count) throws MalformedRequestException {
        long needed = (long) length + count;
        if (needed + SLACK_BYTES > bytes.length) {
            grow(needed);
        }
    }

    private void grow(long needed) throws MalformedRequestException {
        if (needed > maxBytes) {
            throw new MalformedRequestException("the request becomes more than " + maxBytes + " bytes of protobuf");
        }
        long doubled = Math.min((long) bytes.length * 2, (long) maxBytes + SLACK_BYTES);
        bytes = Arrays.copyOf(bytes, (int) Math.max(doubled, needed + SLACK_BYTES));
    }
}
