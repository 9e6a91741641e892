package io.openwit.gateway;

import io.openwit.columnar.Columns;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry.Timing;
import java.util.ArrayList;
import java.util.List;

/// A batch that is being filled: its columns, and whose rows they are. Owned by one worker.
final class OpenBatch {
    private final Key key;
    private final ColumnsPool.Pooled pooled;
    private final long firstNanos;
    private final Timing timing;
    private final List<Part> parts = new ArrayList<>();
    private long bytes;
    private boolean full;
    private boolean closed;

    /// What has one open batch in a worker.
    ///
    /// Design note: `source` is a part of the key so that duplicates, of which a node tells only the number in a batch,
    /// can be counted by source exactly. A tenant seldom sends one signal through two doors, so this makes no more
    /// batches.
    ///
    /// @param route index of the node in the routing table
    record Key(TenantId tenant, Signal signal, int route, String source) {}

    /// Rows of one request, in the order of the batch.
    record Part(PendingRequest request, int rows) {}

    /// @param firstNanos when its first row was read, by the monotonic clock
    OpenBatch(Key key, ColumnsPool.Pooled pooled, long firstNanos, Timing timing) {
        this.key = key;
        this.pooled = pooled;
        this.firstNanos = firstNanos;
        this.timing = timing;
    }

    Key key() {
        return key;
    }

    Columns columns() {
        return pooled.columns();
    }

    ColumnsPool.Pooled pooled() {
        return pooled;
    }

    long firstNanos() {
        return firstNanos;
    }

    Timing timing() {
        return timing;
    }

    List<Part> parts() {
        return parts;
    }

    /// OTLP bytes of its whole parts.
    long bytes() {
        return bytes;
    }

    /// Reads anew how many bytes there are.
    ///
    /// @return by how many it grew
    long grow() {
        long before = bytes;
        bytes = columns().sourceBytes();
        return bytes - before;
    }

    void add(PendingRequest request, int rows) {
        parts.add(new Part(request, rows));
        request.addPart();
    }

    /// Whether it holds a piece of a part that goes on elsewhere: nothing joins it any more.
    boolean full() {
        return full;
    }

    void markFull() {
        full = true;
    }

    /// Whether it has been sealed, dropped or discarded.
    boolean closed() {
        return closed;
    }

    void markClosed() {
        closed = true;
    }

    static int rowsOf(List<Part> parts) {
        int rows = 0;
        for (Part part : parts) {
            rows += part.rows;
        }
        return rows;
    }

    /// Gives each request of a batch its share of the outcome.
    ///
    /// Duplicates are known for the batch as a whole: where several requests share it, each hears of them in proportion
    /// to its rows. No answer shows that number; the sum is exact.
    static void answer(List<Part> parts, Outcome outcome) {
        if (!(outcome instanceof Accepted accepted) || parts.size() == 1) {
            parts.forEach(part -> part.request.done(outcome));
            return;
        }
        long rowsLeft = rowsOf(parts);
        long newLeft = accepted.rows();
        long duplicatesLeft = accepted.duplicates();
        for (Part part : parts) {
            long duplicates = duplicatesLeft * part.rows / rowsLeft;
            long fresh = Math.min(newLeft, part.rows - duplicates);
            duplicates = Math.min(duplicatesLeft, part.rows - fresh);
            rowsLeft -= part.rows;
            newLeft -= fresh;
            duplicatesLeft -= duplicates;
            long rejected = part.rows - fresh - duplicates;
            part.request.done(new Accepted(fresh, duplicates, rejected, rejected > 0 ? accepted.firstReason() : ""));
        }
    }
}
