package io.openwit.columnar;

import java.util.Arrays;

/// 64-bit numbers that grow, laid out as Arrow has them when they are sealed. Not thread-safe.
///
/// Design note: a plain array and not [Bytes], as the compiled code of an append is a third as long.
final class Longs {
    /// What one buffer of a batch may hold.
    private static final int MAX_SIZE = Bytes.MAX_BYTES / Long.BYTES;

    long[] array;
    int size;

    Longs(int capacity) {
        array = new long[capacity];
    }

    void put(long value) {
        if (size == array.length) {
            grow(size + 1L);
        }
        array[size++] = value;
    }

    /// Appends a value `times` times.
    void fill(long value, int times) {
        int at = room(times);
        Arrays.fill(array, at, size, value);
    }

    /// Adds `length` values of any content.
    ///
    /// @return the index of the first
    int room(int length) {
        int at = size;
        if (length > array.length - at) {
            grow((long) at + length);
        }
        size = at + length;
        return at;
    }

    void truncate(int size) {
        this.size = size;
    }

    /// @throws IllegalStateException there would be more than [#MAX_SIZE]
    private void grow(long needed) {
        if (needed > MAX_SIZE) {
            throw new IllegalStateException("a column would hold " + needed + " values, at most " + MAX_SIZE);
        }
        array = Arrays.copyOf(array, (int) Math.min(MAX_SIZE, Math.max(needed, array.length * 2L)));
    }
}
