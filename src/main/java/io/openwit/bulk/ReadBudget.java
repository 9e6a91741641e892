package io.openwit.bulk;

import io.openwit.telemetry.Metrics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Bytes that all streams of a server hold without an answer. A stream that finds the budget spent is remembered, and
/// reads on when bytes come back. Thread-safe.
final class ReadBudget {
    private final long maxBytes;
    private final Metrics metrics;
    private final AtomicLong usedBytes = new AtomicLong();
    private final Set<ServerStream> waiting = ConcurrentHashMap.newKeySet();

    ReadBudget(long maxBytes, Metrics metrics) {
        this.maxBytes = maxBytes;
        this.metrics = metrics;
    }

    /// Whether a stream may read one more message; if not, it will be told when it may.
    boolean admits(ServerStream stream) {
        if (usedBytes.get() < maxBytes) {
            return true;
        }
        waiting.add(stream);
        // Bytes that came back between the look and the line above told nobody.
        return usedBytes.get() < maxBytes && waiting.remove(stream);
    }

    void take(long bytes) {
        usedBytes.addAndGet(bytes);
        metrics.bulkQueuedBytes.inc(bytes);
    }

    /// Called with no stream's lock held.
    void give(long bytes) {
        usedBytes.addAndGet(-bytes);
        metrics.bulkQueuedBytes.dec(bytes);
        for (ServerStream stream : waiting) {
            if (usedBytes.get() >= maxBytes) {
                return;
            }
            if (waiting.remove(stream)) {
                stream.readOn();
            }
        }
    }
}
