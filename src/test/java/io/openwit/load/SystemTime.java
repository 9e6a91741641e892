package io.openwit.load;

import io.openwit.model.Clocks;

/// The real clocks, as runs against real servers need them.
record SystemTime() implements Clocks {
    @Override
    public long wallNanos() {
        return System.currentTimeMillis() * 1_000_000;
    }

    @Override
    public long monotonicNanos() {
        return System.nanoTime();
    }
}
