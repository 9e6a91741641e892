package io.openwit.gateway;

import java.util.random.RandomGenerator;

/// Spreads moments, so that what failed together does not come back together. Thread-safe: one lock around the
/// generator.
final class Jitter {
    private final RandomGenerator random;

    Jitter(RandomGenerator random) {
        this.random = random;
    }

    /// Between half of `nanos` and one and a half of it.
    synchronized long around(long nanos) {
        return (long) (nanos * (0.5 + random.nextDouble()));
    }
}
