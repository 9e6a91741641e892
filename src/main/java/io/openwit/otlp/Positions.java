package io.openwit.otlp;

import java.util.Arrays;

/// Where the submessages of a row lie: found on the way through its fields, read afterwards. Reused; not thread-safe.
final class Positions {
    private long[] slices = new long[32];
    private int count;

    void clear() {
        count = 0;
    }

    void add(long slice) {
        if (count == slices.length) {
            slices = Arrays.copyOf(slices, count * 2);
        }
        slices[count++] = slice;
    }

    int count() {
        return count;
    }

    long slice(int i) {
        return slices[i];
    }
}
