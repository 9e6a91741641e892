package io.openwit.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Says of each row whether it is a duplicate, by the rules and two maps. The log's verdicts have to be the same.
///
/// Ages are compared to the nanosecond here and in units of 16.8 ms there, so what lies within [#UNSURE_NANOS] behind the end of
/// a window may be either, and the log's verdict is taken.
final class ModelJudge {
    private static final long UNSURE_NANOS = 3L << 24;

    private final long rowWindowNanos;
    private final long partWindowNanos;
    private final Map<Long, Long> rows = new HashMap<>();
    private final Map<Long, Long> parts = new HashMap<>();

    private enum Match {
        YES,
        NO,
        EITHER
    }

    ModelJudge(long rowWindowNanos, long partWindowNanos) {
        this.rowWindowNanos = rowWindowNanos;
        this.partWindowNanos = partWindowNanos;
    }

    /// Compares the verdicts on all batches of a log, which are given in its order.
    List<Violation> judge(List<Delivered> log, Ledger ledger) {
        List<Violation> wrong = new ArrayList<>();
        for (Delivered batch : log) {
            int row = 0;
            for (Sent.Part part : ledger.find(batch.serial()).parts()) {
                judge(batch, part, row, wrong);
                row += part.rows().length;
            }
        }
        return wrong;
    }

    private void judge(Delivered batch, Sent.Part part, int first, List<Violation> wrong) {
        int count = part.rows().length;
        boolean allDuplicates = batch.keep().get(first, first + count).isEmpty();
        Match whole = part.matches() ? match(parts, part.high(), batch.age(), partWindowNanos) : Match.NO;
        if (whole == Match.YES) {
            if (!allDuplicates) {
                wrong.add(new Violation(
                        Invariant.I9_DETERMINISM, "a part that stands in the window was called new: " + batch));
            }
            return;
        }
        if (whole == Match.EITHER && allDuplicates) {
            return;
        }
        if (part.matches()) {
            parts.put(part.high(), batch.age());
        }
        for (int i = 0; i < count; i++) {
            long row = part.rows()[i];
            boolean duplicate = !batch.keep().get(first + i);
            Match expected = Sent.datable(row) ? match(rows, row, batch.age(), rowWindowNanos) : Match.NO;
            if (expected != Match.EITHER && duplicate != (expected == Match.YES)) {
                wrong.add(new Violation(
                        Invariant.I9_DETERMINISM,
                        "row " + row + " was called " + (duplicate ? "a duplicate" : "new") + " and is not: " + batch));
            }
            if (!duplicate && Sent.datable(row)) {
                rows.put(row, batch.age());
            }
        }
    }

    private static Match match(Map<Long, Long> window, long key, long age, long windowNanos) {
        Long since = window.get(key);
        if (since == null || age - since > windowNanos + UNSURE_NANOS) {
            return Match.NO;
        }
        return age - since < windowNanos ? Match.YES : Match.EITHER;
    }
}
