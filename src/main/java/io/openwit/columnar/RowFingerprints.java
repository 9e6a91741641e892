package io.openwit.columnar;

import java.util.Arrays;

/// The fingerprints of an open batch's rows, and which of them are datable.
final class RowFingerprints {
    private long[] highs = new long[256];
    private long[] lows = new long[256];
    private boolean[] datable = new boolean[256];
    private int count;

    /// Scratch of [#countRepeats]: a table of rows, and how many equal rows each has had.
    private int[] slots = new int[512];

    private int[] repeats = new int[256];

    int count() {
        return count;
    }

    long high(int row) {
        return highs[row];
    }

    long low(int row) {
        return lows[row];
    }

    boolean datable(int row) {
        return datable[row];
    }

    void add(long high, long low, boolean isDatable) {
        if (count == highs.length) {
            highs = Arrays.copyOf(highs, count * 2);
            lows = Arrays.copyOf(lows, count * 2);
            datable = Arrays.copyOf(datable, count * 2);
        }
        highs[count] = high;
        lows[count] = low;
        datable[count] = isDatable;
        count++;
    }

    void truncate(int rows) {
        count = rows;
    }

    boolean anyDatable(int firstRow) {
        for (int row = firstRow; row < count; row++) {
            if (datable[row]) {
                return true;
            }
        }
        return false;
    }

    /// Mixes into each row from `firstRow` on how many equal rows stand between it and `firstRow`; the first stays as it is.
    void countRepeats(int firstRow) {
        int rows = count - firstRow;
        if (rows < 2) {
            return;
        }
        int size = Integer.highestOneBit(rows) * 4;
        if (slots.length < size) {
            slots = new int[size];
        }
        if (repeats.length < rows) {
            repeats = new int[Math.max(rows, repeats.length * 2)];
        }
        Arrays.fill(slots, 0, size, -1);
        Arrays.fill(repeats, 0, rows, 0);
        int mask = size - 1;
        for (int row = firstRow; row < count; row++) {
            int slot = (int) lows[row] & mask;
            while (slots[slot] >= 0 && !equal(slots[slot], row)) {
                slot = slot + 1 & mask;
            }
            if (slots[slot] < 0) {
                slots[slot] = row;
            } else {
                int ordinal = ++repeats[slots[slot] - firstRow];
                highs[row] = Fingerprint.finish(highs[row] + ordinal);
                lows[row] = Fingerprint.finish(lows[row] ^ (long) ordinal << 32);
            }
        }
    }

    private boolean equal(int row, int other) {
        return highs[row] == highs[other] && lows[row] == lows[other];
    }
}
