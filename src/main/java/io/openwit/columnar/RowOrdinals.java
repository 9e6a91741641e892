package io.openwit.columnar;

import java.util.Arrays;

/// Tells the equal rows of one part apart, by how many equal ones came before: also where the part lies in pieces in
/// several batches. A table of fingerprints, open addressing. Reused; not thread-safe.
public final class RowOrdinals {
    private static final int FREE = -1;

    /// Enough for the part that a batch of the default size holds.
    private static final int KEPT_SLOTS = 1 << 15;

    private int[] slots = new int[512];
    private int mask;
    private long[] highs = new long[256];
    private long[] lows = new long[256];
    private int[] repeats = new int[256];
    private int count;

    /// Begins a part.
    ///
    /// @param rows that it has at most, in all its pieces
    public void open(int rows) {
        int size = Integer.highestOneBit(Math.max(rows, 1)) * 4;
        if (slots.length < size) {
            slots = new int[size];
        }
        Arrays.fill(slots, 0, size, FREE);
        mask = size - 1;
        count = 0;
    }

    /// Ends the part; what a huge one needed is given up.
    public void close() {
        if (slots.length > KEPT_SLOTS) {
            slots = new int[KEPT_SLOTS];
        }
        if (lows.length > KEPT_SLOTS) {
            highs = new long[KEPT_SLOTS];
            lows = new long[KEPT_SLOTS];
            repeats = new int[KEPT_SLOTS];
        }
    }

    /// How many rows of this fingerprint there were before in the part.
    int next(long high, long low) {
        int slot = (int) low & mask;
        while (slots[slot] != FREE) {
            int found = slots[slot];
            if (lows[found] == low && highs[found] == high) {
                return ++repeats[found];
            }
            slot = slot + 1 & mask;
        }
        if (count == lows.length) {
            highs = Arrays.copyOf(highs, count * 2);
            lows = Arrays.copyOf(lows, count * 2);
            repeats = Arrays.copyOf(repeats, count * 2);
        }
        slots[slot] = count;
        highs[count] = high;
        lows[count] = low;
        repeats[count] = 0;
        count++;
        return 0;
    }
}
