package io.openwit.ingest;

import io.openwit.ingest.dedup.DedupWindow;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.Log;
import io.openwit.model.BatchHeader;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;

/// Says of each row whether it repeats one that stands earlier in the log. Owned by the thread that writes the log, and asked
/// in log order.
///
/// A part that matches and is in the window of parts makes all of its rows duplicates. Else each of its rows that is datable is
/// looked for in the window of rows. What is new enters the windows, tentatively until it is durable.
final class Judge implements AutoCloseable {
    private static final String ROWS = "rows";
    private static final String REQUESTS = "requests";
    private static final String EARLY = "dedup-window-full";

    /// Rows whose places in the window are brought near together.
    private static final int RUN = 64;

    private static final long[] NONE = {};

    private final IngestConfig config;
    private final Telemetry telemetry;
    private final DedupWindow rows;
    private final DedupWindow parts;
    private long reportedRows;
    private long reportedParts;
    private boolean alarmed;
    private int touched;

    /// What was said of a batch.
    ///
    /// @param mask a bit a row, lowest first; empty where there is no duplicate
    record Verdict(long[] mask, int duplicates) {
        static final Verdict ALL_NEW = new Verdict(NONE, 0);
    }

    Judge(IngestConfig config, Telemetry telemetry) {
        this.config = config;
        this.telemetry = telemetry;
        rows = new DedupWindow(config.maxRows(), config.rowWindow().toNanos());
        parts = new DedupWindow(config.maxParts(), config.partWindow().toNanos());
    }

    /// Fills the windows from what the log holds. The verdicts that stand there are taken, and none is made again.
    void learn(Log log) throws IOException {
        long rowsFrom = log.positionHolding(config.maxRows()).bytes();
        log.replayHeads(
                config.longestWindow().toNanos(), frame -> learn(frame, frame.position().bytes() >= rowsFrom));
        publish();
        reportedRows = rows.evictedEarly();
        reportedParts = parts.evictedEarly();
    }

    private void learn(Frame frame, boolean withRows) {
        BatchHeader header = frame.header();
        if (!config.dedups(header.tenant())) {
            return;
        }
        moveTo(frame.logAgeNanos());
        for (int part = 0; part < header.parts(); part++) {
            if (header.partMatches(part)) {
                parts.add(header.partHigh(part), header.partLow(part));
            }
        }
        for (int row = 0; withRows && row < header.rows(); row++) {
            if (header.datable(row) && !frame.duplicate(row)) {
                rows.add(header.fingerprintHigh(row), header.fingerprintLow(row));
            }
        }
    }

    /// Sets the age of the log by which the next batches are judged.
    void moveTo(long logAgeNanos) {
        rows.moveTo(logAgeNanos);
        parts.moveTo(logAgeNanos);
    }

    Verdict judge(BatchHeader header) {
        if (!config.dedups(header.tenant())) {
            return Verdict.ALL_NEW;
        }
        long[] mask = new long[(header.rows() + 63) >>> 6];
        int duplicates = 0;
        int from = 0;
        for (int part = 0; part < header.parts(); part++) {
            int to = from + header.partRows(part);
            if (header.partMatches(part) && !parts.add(header.partHigh(part), header.partLow(part))) {
                for (int row = from; row < to; row++) {
                    mask[row >>> 6] |= 1L << row;
                }
                duplicates += to - from;
            } else {
                duplicates += judgeRows(header, from, to, mask);
            }
            from = to;
        }
        return duplicates == 0 ? Verdict.ALL_NEW : new Verdict(mask, duplicates);
    }

    private int judgeRows(BatchHeader header, int from, int to, long[] mask) {
        int duplicates = 0;
        for (int run = from; run < to; run += RUN) {
            int end = Math.min(run + RUN, to);
            touched += rows.touchOldest(end - run);
            for (int row = run; row < end; row++) {
                touched += rows.touch(header.fingerprintHigh(row), header.fingerprintLow(row));
            }
            for (int row = run; row < end; row++) {
                if (header.datable(row) && !rows.add(header.fingerprintHigh(row), header.fingerprintLow(row))) {
                    mask[row >>> 6] |= 1L << row;
                    duplicates++;
                }
            }
        }
        return duplicates;
    }

    /// What was judged since the last call is durable.
    void publish() {
        rows.publish();
        parts.publish();
    }

    /// What was judged since the last [#publish] will never be durable.
    void withdraw() {
        rows.withdraw();
        parts.withdraw();
    }

    /// Tells the metrics how full the windows are.
    void report() {
        report(ROWS, rows);
        report(REQUESTS, parts);
        long rowsEarly = rows.evictedEarly() - reportedRows;
        long partsEarly = parts.evictedEarly() - reportedParts;
        reportedRows += rowsEarly;
        reportedParts += partsEarly;
        telemetry.metrics().dedupEvictedEarly.labelValues(ROWS).inc(rowsEarly);
        telemetry.metrics().dedupEvictedEarly.labelValues(REQUESTS).inc(partsEarly);
        if (rowsEarly + partsEarly > 0) {
            alarmed = true;
            telemetry
                    .alarms()
                    .raise(
                            EARLY,
                            "fingerprints leave before their time: raise processing.dedup.max_entries (now "
                                    + config.maxRows() + ") or processing.dedup.max_requests (now " + config.maxParts()
                                    + ")");
        } else if (alarmed && rows.entries() < config.maxRows() && parts.entries() < config.maxParts()) {
            alarmed = false;
            telemetry.alarms().clear(EARLY);
        }
    }

    private void report(String name, DedupWindow window) {
        telemetry.metrics().dedupEntries.labelValues(name).set(window.entries());
        telemetry.metrics().dedupWindowSeconds.labelValues(name).set(window.oldestNanos() / 1e9);
    }

    /// Meaningless; keeps the work of bringing places near from being optimised away.
    int touched() {
        return touched;
    }

    @Override
    public void close() {
        rows.close();
        parts.close();
    }
}
