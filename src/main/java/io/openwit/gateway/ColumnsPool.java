package io.openwit.gateway;

import io.openwit.columnar.Columns;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Columns between two batches. They keep the memory that their largest batch made them take, so what lies here is
/// bounded by that. Owned by one worker.
final class ColumnsPool {
    /// OTLP bytes that the columns lying here have held at their fullest, together; what comes beyond it is let go.
    static final long MAX_IDLE_BYTES = 16L << 20;

    /// What columns take that never held much.
    private static final long BASE_BYTES = 64L << 10;

    /// One for each [Signal], by its ordinal.
    private final List<ArrayDeque<Pooled>> idle = new ArrayList<>();

    private long idleBytes;

    /// Columns, and the most OTLP bytes that they ever held.
    static final class Pooled {
        private final Columns columns;
        private long peakBytes = BASE_BYTES;

        private Pooled(Columns columns) {
            this.columns = columns;
        }

        Columns columns() {
            return columns;
        }

        /// To be called when they are as full as they get.
        void notePeak() {
            peakBytes = Math.max(peakBytes, columns.sourceBytes());
        }
    }

    ColumnsPool() {
        for (Signal signal : Signal.values()) {
            idle.add(signal.ordinal(), new ArrayDeque<>());
        }
    }

    /// Empty columns: those that came last, as they are the likeliest to be in the cache.
    Pooled take(Signal signal, TenantId tenant) {
        Pooled pooled = idle.get(signal.ordinal()).pollLast();
        if (pooled == null) {
            pooled = new Pooled(Columns.of(signal));
        } else {
            idleBytes -= pooled.peakBytes;
        }
        pooled.columns.reset(tenant);
        return pooled;
    }

    void give(Pooled pooled) {
        pooled.notePeak();
        if (idleBytes + pooled.peakBytes <= MAX_IDLE_BYTES) {
            idleBytes += pooled.peakBytes;
            idle.get(pooled.columns.signal().ordinal()).addLast(pooled);
        }
    }
}
