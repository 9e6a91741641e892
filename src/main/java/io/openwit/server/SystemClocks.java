package io.openwit.server;

import io.openwit.model.Clocks;
import java.time.Instant;

/// The machine's clocks.
final class SystemClocks implements Clocks {
    @Override
    public long wallNanos() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    @Override
    public long monotonicNanos() {
        return System.nanoTime();
    }
}
