package io.openwit.ingest.handoff;

import java.util.random.RandomGenerator;

/// How long to wait after failures in a row: twice as long each time, from 100 ms to 5 s, half of it by chance, so that
/// many nodes do not come back at once. Not thread-safe.
final class Backoff {
    static final long SHORTEST_NANOS = 100_000_000L;
    static final long LONGEST_NANOS = 5_000_000_000L;

    private final RandomGenerator random;
    private int failures;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    /// Counts a failure.
    ///
    /// @return nanoseconds to wait now
    long next() {
        long longest = Math.min(LONGEST_NANOS, SHORTEST_NANOS << Math.min(failures, 16));
        failures++;
        return longest / 2 + random.nextLong(longest / 2 + 1);
    }

    void reset() {
        failures = 0;
    }

    boolean failing() {
        return failures > 0;
    }
}
