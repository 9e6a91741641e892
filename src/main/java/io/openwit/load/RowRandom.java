package io.openwit.load;

/// Random numbers that depend on a seed and a row's number and on nothing else. Not thread-safe.
///
/// Source: SplitMix64 by Sebastiano Vigna.
final class RowRandom {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long seed;
    private long state;

    RowRandom(long seed) {
        this.seed = mix(seed);
    }

    /// The numbers of a row begin.
    void row(long row) {
        state = numberOf(row);
    }

    /// One number for `row`, whatever has been drawn.
    long numberOf(long row) {
        return mix(seed + row * GOLDEN);
    }

    long next() {
        state += GOLDEN;
        return mix(state);
    }

    /// @return 0 to `bound - 1`
    int below(int bound) {
        return (int) ((next() >>> 33) * bound >>> 31);
    }

    /// Few values come often and many seldom: squares the uniform number.
    int skewedBelow(int bound) {
        long uniform = next() >>> 33;
        return (int) ((uniform * uniform >>> 31) * bound >>> 31);
    }

    static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
