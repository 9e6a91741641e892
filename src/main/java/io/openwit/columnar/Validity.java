package io.openwit.columnar;

import java.util.Arrays;

/// Which values of a column are there: Arrow's bitmap, kept only from the first null on.
final class Validity {
    private byte[] bits = new byte[64];
    private int nulls;

    int nulls() {
        return nulls;
    }

    /// The value at `index`, the next one, is there.
    void value(int index) {
        if (nulls != 0) {
            set(index, true);
        }
    }

    /// The value at `index`, the next one, is null.
    void missing(int index) {
        if (nulls == 0) {
            ensure(index);
            Arrays.fill(bits, 0, index >>> 3, (byte) 0xff);
            bits[index >>> 3] = (byte) ((1 << (index & 7)) - 1);
        }
        nulls++;
        set(index, false);
    }

    /// The next `times` values, from `index` on, are there or null as the one before them is.
    void repeat(int index, int times) {
        if (nulls == 0 || times == 0) {
            return;
        }
        boolean missing = isMissing(index - 1);
        if (missing) {
            nulls += times;
        }
        int end = index + times;
        ensure(end);
        int wholeFrom = Math.min(end, (index + 7) & -8);
        int wholeTo = Math.max(wholeFrom, end & -8);
        for (int i = index; i < wholeFrom; i++) {
            set(i, !missing);
        }
        Arrays.fill(bits, wholeFrom >>> 3, wholeTo >>> 3, (byte) (missing ? 0 : 0xff));
        for (int i = wholeTo; i < end; i++) {
            set(i, !missing);
        }
    }

    boolean isMissing(int index) {
        return nulls != 0 && (bits[index >>> 3] >>> (index & 7) & 1) == 0;
    }

    /// Forgets the values from `from` to `count`, the last; the bits behind the end are zero again.
    void truncate(int from, int count) {
        if (nulls != 0) {
            for (int i = from; i < count; i++) {
                nulls -= isMissingBit(i);
            }
            if ((from & 7) != 0) {
                bits[from >>> 3] &= (byte) ((1 << (from & 7)) - 1);
            }
        }
    }

    void reset() {
        nulls = 0;
    }

    /// The bitmap goes out where something is null; otherwise an empty buffer says that nothing is.
    void layOut(int count, Sealer out) {
        out.buffer(bits, 0, nulls == 0 ? 0 : (count + 7) >>> 3);
    }

    private int isMissingBit(int index) {
        return (bits[index >>> 3] >>> (index & 7) & 1) ^ 1;
    }

    private void set(int index, boolean there) {
        ensure(index);
        int at = index >>> 3;
        int bit = 1 << (index & 7);
        // A byte that an abandoned row began is begun anew.
        int kept = bits[at] & (bit - 1);
        bits[at] = (byte) (there ? kept | bit : kept);
    }

    private void ensure(int index) {
        if (index >>> 3 >= bits.length) {
            bits = Arrays.copyOf(bits, Math.max(bits.length * 2, (index >>> 3) + 1));
        }
    }
}
