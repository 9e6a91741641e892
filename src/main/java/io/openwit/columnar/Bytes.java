package io.openwit.columnar;

import java.util.Arrays;

/// Bytes that grow, with [#SLACK] readable bytes behind the last. Not thread-safe.
public final class Bytes {
    /// Bytes behind the end that may be read, not judged.
    public static final int SLACK = 8;

    /// What one buffer of a batch may hold: Arrow's 32-bit offsets and Java's arrays end there.
    public static final int MAX_BYTES = Integer.MAX_VALUE - 64;

    private static final long NOT_ASCII = 0x8080808080808080L;

    byte[] array;
    int size;

    public Bytes(int capacity) {
        array = new byte[capacity + SLACK];
    }

    /// The array that holds the bytes from 0 to [#size]; replaced when it grows.
    public byte[] array() {
        return array;
    }

    public int size() {
        return size;
    }

    /// Forgets all bytes from `size` on.
    public void truncate(int size) {
        this.size = size;
    }

    public void put(byte value) {
        int at = room(1);
        array[at] = value;
    }

    public void putInt(int value) {
        int at = room(4);
        LittleEndian.putInt(array, at, value);
    }

    public void putLong(long value) {
        int at = room(8);
        LittleEndian.putLong(array, at, value);
    }

    public void put(byte[] source, int from, int length) {
        int at = room(length);
        System.arraycopy(source, from, array, at, length);
    }

    /// Appends a text that is most often short: eight bytes at a time.
    ///
    /// @param source readable up to 7 bytes behind the text
    /// @return whether all of it is ASCII
    public boolean putText(byte[] source, int from, int length) {
        int at = room(length);
        byte[] target = array;
        long seen = 0;
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            long word = LittleEndian.getLong(source, from + i);
            seen |= word;
            LittleEndian.putLong(target, at + i, word);
        }
        if (i < length) {
            long word = LittleEndian.getTail(source, from + i, length - i);
            seen |= word;
            LittleEndian.putLong(target, at + i, word);
        }
        return (seen & NOT_ASCII) == 0;
    }

    /// Appends the first `length` bytes of a word, 0 to 8 of them.
    public void putWord(long word, int length) {
        int at = room(length);
        LittleEndian.putLong(array, at, word);
    }

    /// Appends copies of a stretch of its own bytes, one behind the other.
    void repeat(int from, int length, int times) {
        long bytes = (long) length * times;
        if (bytes > MAX_BYTES) {
            throw full(bytes);
        }
        int at = room((int) bytes);
        int end = at + (int) bytes;
        int step = Math.min(length, end - at);
        System.arraycopy(array, from, array, at, step);
        for (int done = step; at + done < end; done += step) {
            step = Math.min(done, end - at - done);
            System.arraycopy(array, at, array, at + done, step);
        }
    }

    void putZeros(int length) {
        int at = room(length);
        Arrays.fill(array, at, at + length, (byte) 0);
    }

    /// Adds `length` bytes of any content.
    ///
    /// @return where they begin
    /// @throws IllegalStateException there would be more than [#MAX_BYTES]
    int room(int length) {
        int at = size;
        if (length > array.length - SLACK - at) {
            grow((long) at + length);
        }
        size = at + length;
        return at;
    }

    private void grow(long needed) {
        if (needed > MAX_BYTES) {
            throw full(needed);
        }
        long capacity = Math.min(MAX_BYTES, Math.max(needed, array.length * 2L));
        array = Arrays.copyOf(array, (int) capacity + SLACK);
    }

    private static IllegalStateException full(long needed) {
        return new IllegalStateException("a column would hold " + needed + " bytes, at most " + MAX_BYTES);
    }
}
