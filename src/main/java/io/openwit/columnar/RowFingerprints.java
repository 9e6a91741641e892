package io.openwit.columnar;

import java.util.Arrays;

/// The fingerprints of an open batch's rows, and which of them are datable.
final class RowFingerprints {
    private long[] highs = new long[256];
    private long[] lows = new long[256];
    private boolean[] datable = new boolean[256];
    private int count;

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

    /// Mixes into each row from `firstRow` on how many equal rows of its part came before it; the first stays as it is.
    void tellApart(int firstRow, RowOrdinals ordinals) {
        for (int row = firstRow; row < count; row++) {
            int ordinal = ordinals.next(highs[row], lows[row]);
            if (ordinal > 0) {
                highs[row] = Fingerprint.finish(highs[row] + ordinal);
                lows[row] = Fingerprint.finish(lows[row] ^ (long) ordinal << 32);
            }
        }
    }
}
