package io.openwit.storage;

import io.openwit.model.Bell;
import io.openwit.telemetry.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// What is stored, and where: landing files whose rows are not yet in Parquet, and Parquet files. Each stored row is in
/// exactly one of the two at any moment. Thread-safe.
final class Catalogue {
    private final TreeMap<Long, Segment> pending = new TreeMap<>();
    private final List<ParquetFile> files = new ArrayList<>();
    private final Metrics metrics;
    private final Bell closedBell = new Bell();
    private long pendingRows;

    /// Everything that is stored at one moment.
    record View(List<Segment> pending, List<ParquetFile> files) {}

    Catalogue(Metrics metrics) {
        this.metrics = metrics;
    }

    /// Adds a landing file: one of an earlier run, or one that was just made.
    synchronized void add(Segment segment) {
        pending.put(segment.number(), segment);
        countPending(segment.rows());
    }

    synchronized void add(ParquetFile file) {
        files.add(file);
    }

    /// Adds batches that are on the disk to the landing file that is open.
    synchronized void landed(long number, List<LandedBatch> batches) {
        Segment segment = pending.get(number);
        if (segment == null || segment.closed()) {
            throw new IllegalStateException("batches landed in a closed file: " + number);
        }
        List<LandedBatch> all = new ArrayList<>(segment.batches());
        all.addAll(batches);
        pending.put(number, new Segment(number, segment.file(), all, segment.openedNanos(), false));
        countPending(batches.stream().mapToLong(LandedBatch::rows).sum());
    }

    synchronized void close(long number) {
        pending.computeIfPresent(
                number,
                (key, open) -> new Segment(number, open.file(), open.batches(), open.openedNanos(), true));
        closedBell.ring();
    }

    /// Returns when a landing file is closed, and after `maxNanos` at the latest. For the converter's thread alone.
    void awaitClosed(long maxNanos) {
        closedBell.await(maxNanos);
    }

    /// The closed landing file that has waited longest. They are converted in this order: a batch that stands in two of
    /// them after a crash counts in the first, which is so in Parquet before the second one goes.
    synchronized Optional<Segment> oldestClosed() {
        return pending.values().stream().findFirst().filter(Segment::closed);
    }

    /// Moves the rows of a landing file over to its Parquet files, in one step.
    synchronized void converted(long number, List<ParquetFile> parquet) {
        Segment segment = pending.remove(number);
        if (segment == null) {
            throw new IllegalStateException("converted twice: " + number);
        }
        files.addAll(parquet);
        countPending(-segment.rows());
    }

    synchronized View view() {
        return new View(List.copyOf(pending.values()), List.copyOf(files));
    }

    /// Rows on the disk that are not yet in Parquet.
    synchronized long pendingRows() {
        return pendingRows;
    }

    private void countPending(long rows) {
        pendingRows += rows;
        metrics.storagePendingRows.set((double) pendingRows);
    }
}
