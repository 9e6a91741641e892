package io.openwit.ingest.handoff;

import io.openwit.model.Clocks;

/// Clocks that stand still until a test moves them. Thread-safe.
public final class TestClocks implements Clocks {
    private long nanos;

    /// @param wallNanos where the wall begins; the monotonic clock begins elsewhere
    public TestClocks(long wallNanos) {
        nanos = wallNanos;
    }

    public synchronized void advanceMillis(long millis) {
        nanos += millis * 1_000_000;
    }

    @Override
    public synchronized long wallNanos() {
        return nanos;
    }

    @Override
    public synchronized long monotonicNanos() {
        return nanos - Long.MAX_VALUE;
    }
}
