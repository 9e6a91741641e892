package io.openwit.simulation;

import io.openwit.model.Clocks;

/// Two clocks that move when the simulation says so. The wall may jump, and stand still.
final class SimulatedClocks implements Clocks {
    private static final long FIRST_WALL_NANOS = 1_800_000_000_000_000_000L;

    private long wall;
    private long monotonic;
    private boolean frozen;

    SimulatedClocks() {
        this(FIRST_WALL_NANOS, 1);
    }

    private SimulatedClocks(long wall, long monotonic) {
        this.wall = wall;
        this.monotonic = monotonic;
    }

    SimulatedClocks copy() {
        return new SimulatedClocks(wall, monotonic);
    }

    @Override
    public long wallNanos() {
        return wall;
    }

    @Override
    public long monotonicNanos() {
        return monotonic;
    }

    void pass(long nanos) {
        monotonic += nanos;
        wall += frozen ? 0 : nanos;
    }

    /// The wall alone jumps.
    void jump(long nanos) {
        wall = Math.max(0, wall + nanos);
    }

    /// The wall stands still, or goes on.
    void freeze(boolean newFrozen) {
        frozen = newFrozen;
    }
}
