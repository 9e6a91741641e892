package io.openwit.ingest.wal;

import io.openwit.model.Clocks;
import java.util.concurrent.atomic.AtomicLong;

/// Two clocks that move when a test says so.
public final class ManualClocks implements Clocks {
    private static final long FIRST_WALL_NANOS = 1_800_000_000_000_000_000L;

    private final AtomicLong wall = new AtomicLong(FIRST_WALL_NANOS);
    private final AtomicLong monotonic = new AtomicLong(77);

    @Override
    public long wallNanos() {
        return wall.get();
    }

    @Override
    public long monotonicNanos() {
        return monotonic.get();
    }

    /// Both go on.
    public void pass(long nanos) {
        wall.addAndGet(nanos);
        monotonic.addAndGet(nanos);
    }

    public void passSeconds(long seconds) {
        pass(seconds * 1_000_000_000L);
    }

    /// The wall alone jumps.
    public void jump(long nanos) {
        wall.addAndGet(nanos);
    }
}
