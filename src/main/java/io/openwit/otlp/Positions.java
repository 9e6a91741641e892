package io.openwit.otlp;

import java.util.Arrays;

/// Where the submessages of a row lie: found on the way through its fields, read afterwards. Reused; not thread-safe.
final class Positions {
    private int[] at = new int[32];
    private int[] lengths = new int[32];
    private int count;

    void clear() {
        count = 0;
    }

    void add(int from, int length) {
        if (count == at.length) {
            at = Arrays.copyOf(at, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        at[count] = from;
        lengths[count] = length;
        count++;
    }

    int count() {
        return count;
    }

    int at(int i) {
        return at[i];
    }

    int length(int i) {
        return lengths[i];
    }
}
