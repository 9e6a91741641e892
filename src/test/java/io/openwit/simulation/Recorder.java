package io.openwit.simulation;

import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.Log;
import io.openwit.model.BatchId;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A follower that sends nothing and remembers everything: it stands where the handoff and storage stand. What it was given is
/// stored at once, by batch id, and outlives every crash; its position is the log's affair.
final class Recorder {
    private final String name;
    private final boolean withRows;
    private final Ledger ledger;
    private final List<Violation> violations;

    private final Map<BatchId, Delivered> stored = new LinkedHashMap<>();

    /// Serial to where its batch ended when it came first.
    private final Map<Long, Long> ends = new HashMap<>();

    private final Set<Long> rows = new HashSet<>();
    private Follower follower;

    Recorder(String name, boolean withRows, Ledger ledger, List<Violation> violations) {
        this.name = name;
        this.withRows = withRows;
        this.ledger = ledger;
        this.violations = violations;
    }

    void open(Log log) throws IOException {
        follower = log.follower(name, withRows);
    }

    /// Takes at most so many batches.
    ///
    /// @return whether there was one
    boolean step(int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            Frame frame = follower.next();
            if (frame == null) {
                return i > 0;
            }
            store(Delivered.of(frame, ledger, withRows, violations));
            follower.advance(frame.end());
        }
        return true;
    }

    private void store(Delivered batch) {
        Delivered before = stored.putIfAbsent(batch.id(), batch);
        if (before != null && (before.serial() != batch.serial() || !before.keep().equals(batch.keep()))) {
            violations.add(new Violation(
                    Invariant.I9_DETERMINISM,
                    "follower " + name + " got " + batch.id() + " as " + before + " and then as " + batch));
        }
        ends.putIfAbsent(batch.serial(), batch.end());
        rows.addAll(batch.rows(ledger));
    }

    void commit() throws IOException {
        follower.commit();
    }

    String name() {
        return name;
    }

    boolean withRows() {
        return withRows;
    }

    /// In the order in which they came first.
    List<Delivered> stored() {
        return List.copyOf(stored.values());
    }

    boolean hasBatch(long serial) {
        return ends.containsKey(serial);
    }

    boolean hasRow(long row) {
        return rows.contains(row);
    }

    /// Whether it has the batch, and a follower that begins at the position does not need it again.
    boolean passed(long serial, long position) {
        return ends.getOrDefault(serial, Long.MAX_VALUE) <= position;
    }
}
