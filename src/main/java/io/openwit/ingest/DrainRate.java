package io.openwit.ingest;

import java.time.Duration;

/// How fast the log takes batches, as a moving mean. Written by one thread, read by any.
final class DrainRate {
    /// Until it has been measured; about a slow disk's.
    private static final double FIRST_BYTES_PER_SECOND = 50e6;

    private static final double WEIGHT = 0.2;
    private static final long SHORTEST_MILLIS = 20;
    private static final long LONGEST_MILLIS = 10_000;

    private volatile double bytesPerSecond = FIRST_BYTES_PER_SECOND;

    void add(long bytes, long nanos) {
        double sample = bytes * 1e9 / Math.max(1, nanos);
        bytesPerSecond = bytesPerSecond * (1 - WEIGHT) + sample * WEIGHT;
    }

    /// How long so many bytes take, within [#SHORTEST_MILLIS] and [#LONGEST_MILLIS].
    Duration timeFor(long bytes) {
        double millis = bytes * 1e3 / Math.max(1, bytesPerSecond);
        return Duration.ofMillis((long) Math.clamp(millis, SHORTEST_MILLIS, LONGEST_MILLIS));
    }
}
