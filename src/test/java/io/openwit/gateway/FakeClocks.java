package io.openwit.gateway;

import io.openwit.model.Clocks;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// Clocks that stand still until a test moves them.
final class FakeClocks implements Clocks {
    /// 2026-11-24T00:00:00Z.
    static final long START_NANOS = 1_795_478_400_000_000_000L;

    private final AtomicLong nanos = new AtomicLong();
    private volatile Fault fault = Fault.NONE;

    /// Where the clocks throw, once.
    private enum Fault {
        NONE,
        NEXT_WALL,
        MONOTONIC_AFTER_NEXT_WALL,
        NEXT_MONOTONIC
    }

    void advance(Duration by) {
        nanos.addAndGet(by.toNanos());
    }

    /// A mistake before a worker's reading: the wall clock throws once.
    void failOnce() {
        fault = Fault.NEXT_WALL;
    }

    /// A mistake in the middle of a worker's reading: a worker reads the wall clock and then the request, and looks at
    /// the monotonic clock when it opens a batch.
    void failNextBatch() {
        fault = Fault.MONOTONIC_AFTER_NEXT_WALL;
    }

    @Override
    public long wallNanos() {
        if (fault == Fault.MONOTONIC_AFTER_NEXT_WALL) {
            fault = Fault.NEXT_MONOTONIC;
        }
        throwIf(Fault.NEXT_WALL);
        return START_NANOS + nanos.get();
    }

    @Override
    public long monotonicNanos() {
        throwIf(Fault.NEXT_MONOTONIC);
        return nanos.get();
    }

    private void throwIf(Fault due) {
        if (fault == due) {
            fault = Fault.NONE;
            throw new IllegalStateException("a mistake, made by the test");
        }
    }
}
