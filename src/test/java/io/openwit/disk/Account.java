package io.openwit.disk;

import io.openwit.load.LoadReport;
import io.openwit.load.RowRange;
import io.openwit.model.Signal;
import io.openwit.storage.QueryFailedException;
import io.openwit.storage.RowSink;
import io.openwit.storage.RunningStorage;
import io.openwit.storage.Visible;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What was acknowledged against what is stored, row by row.
///
/// @param acknowledged rows that were answered OK
/// @param lost of these, those that storage does not have
/// @param twice rows that storage has more than once
/// @param foreign rows that storage has and nobody sent
/// @param holes batches that storage lacks although it has a later one of the same epoch. Only where no request was sent twice:
///     a batch that is a duplicate as a whole is never sent on
record Account(long acknowledged, long lost, long twice, long foreign, long holes) {
    static Account of(List<LoadReport> reports, RunningStorage storage) throws IOException {
        Account all = new Account(0, 0, 0, 0, holes(storage));
        for (LoadReport report : reports) {
            for (Map.Entry<Signal, LoadReport.SignalReport> entry : report.signals().entrySet()) {
                all = all.plus(of(report.runId(), entry.getKey(), entry.getValue(), storage));
            }
        }
        return all;
    }

    private static Account of(String run, Signal signal, LoadReport.SignalReport report, RunningStorage storage)
            throws IOException {
        BitSet acknowledged = bits(List.of(report.acknowledged()));
        BitSet sent = bits(List.of(
                report.acknowledged(), report.partlyAcknowledged(), report.refused(), report.unacknowledged()));
        BitSet stored = new BitSet();
        long[] twice = new long[1];
        each(storage, "select attributes['load.seq']::bigint, count(*) from " + signal.label()
                + " where attributes['load.run'] = '" + run + "' group by 1", row -> {
            stored.set((int) (long) row.get(0));
            twice[0] += (long) row.get(1) > 1 ? 1 : 0;
        });
        BitSet lost = (BitSet) acknowledged.clone();
        lost.andNot(stored);
        stored.andNot(sent);
        return new Account(acknowledged.cardinality(), lost.cardinality(), twice[0], stored.cardinality(), 0);
    }

    private static BitSet bits(List<List<RowRange>> lists) {
        BitSet bits = new BitSet();
        lists.forEach(list -> list.forEach(range -> bits.set((int) range.first(), (int) range.last() + 1)));
        return bits;
    }

    private static long holes(RunningStorage storage) throws IOException {
        Map<String, List<Long>> sequences = new TreeMap<>();
        each(storage, "select batch_id from logs union select batch_id from traces union select batch_id from metrics", row -> {
            String id = (String) row.get(0);
            int dash = id.lastIndexOf('-');
            sequences.computeIfAbsent(id.substring(0, dash), epoch -> new ArrayList<>())
                    .add(Long.parseLong(id.substring(dash + 1)));
        });
        long holes = 0;
        for (List<Long> of : sequences.values()) {
            holes += of.stream().mapToLong(Long::longValue).max().orElse(0) - of.size();
        }
        return holes;
    }

    static long count(RunningStorage storage, String viewAndCondition) throws IOException {
        long[] count = new long[1];
        each(storage, "select count(*) from " + viewAndCondition, row -> count[0] = (long) row.get(0));
        return count[0];
    }

    @FunctionalInterface
    private interface Row {
        void take(List<Object> values);
    }

    private static void each(RunningStorage storage, String sql, Row row) throws IOException {
        try {
            storage.node.sql().query(sql, Visible.ALL, new RowSink() {
                @Override
                public void columns(List<Column> columns) {}

                @Override
                public void row(List<Object> values) {
                    row.take(values);
                }
            });
        } catch (QueryFailedException e) {
            throw new IOException(sql, e);
        }
    }

    private Account plus(Account other) {
        return new Account(
                acknowledged + other.acknowledged,
                lost + other.lost,
                twice + other.twice,
                foreign + other.foreign,
                holes + other.holes);
    }
}
