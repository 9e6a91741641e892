package io.openwit.storage;

import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Map.Entry;
import java.util.StringJoiner;
import java.util.TreeMap;

/// Which batches are stored: exact, never a watermark, and small, because a node counts its batches.
///
/// For each node, incarnation and epoch it holds the sequences as ranges. Not thread-safe: the lander owns the one of
/// the
/// node.
final class KnownBatches {
    private final Map<Run, TreeMap<Long, Long>> runs = new HashMap<>();

    /// What has one counter of sequences.
    private record Run(NodeId node, int incarnation, long epoch) {
        static Run of(BatchId id) {
            return new Run(id.node(), id.incarnation(), id.epoch());
        }
    }

    boolean contains(BatchId id) {
        TreeMap<Long, Long> ranges = runs.get(Run.of(id));
        Entry<Long, Long> range = ranges == null ? null : ranges.floorEntry(id.sequence());
        return range != null && range.getValue() >= id.sequence();
    }

    /// Notes the batch as stored.
    ///
    /// @return whether it is new
    boolean add(BatchId id) {
        if (contains(id)) {
            return false;
        }
        addRange(Run.of(id), id.sequence(), id.sequence());
        return true;
    }

    void addAll(KnownBatches other) {
        other.runs.forEach((run, ranges) -> ranges.forEach((first, last) -> addRange(run, first, last)));
    }

    private void addRange(Run run, long first, long last) {
        TreeMap<Long, Long> ranges = runs.computeIfAbsent(run, absent -> new TreeMap<>());
        Entry<Long, Long> before = ranges.floorEntry(first);
        if (before != null && before.getValue() >= first - 1) {
            first = before.getKey();
            last = Math.max(last, before.getValue());
        }
        Iterator<Entry<Long, Long>> after = ranges.tailMap(first, true).entrySet().iterator();
        while (after.hasNext()) {
            Entry<Long, Long> next = after.next();
            // Written so that the largest sequence does not overflow.
            if (next.getKey() - 1 > last) {
                break;
            }
            last = Math.max(last, next.getValue());
            after.remove();
        }
        ranges.put(first, last);
    }

    /// How many ranges are held: what the memory grows with.
    int ranges() {
        return runs.values().stream().mapToInt(Map::size).sum();
    }

    /// The form in a Parquet file's key-value metadata: `n1-5e0f93aa-3:1-250,252;n2-…`.
    String encoded() {
        StringJoiner all = new StringJoiner(";");
        runs.forEach((run, ranges) -> {
            String prefix = new BatchId(run.node(), run.incarnation(), run.epoch(), 0).toString();
            StringJoiner text = new StringJoiner(",", prefix.substring(0, prefix.lastIndexOf('-')) + ":", "");
            ranges.forEach((first, last) -> text.add(first.equals(last) ? "" + first : first + "-" + last));
            all.add(text.toString());
        });
        return all.toString();
    }

    /// @throws IllegalArgumentException the text is not what [#encoded] makes
    static KnownBatches decode(String encoded) {
        KnownBatches known = new KnownBatches();
        if (encoded.isEmpty()) {
            return known;
        }
        for (String run : encoded.split(";", -1)) {
            int colon = run.indexOf(':');
            if (colon < 0) {
                throw new IllegalArgumentException("not a list of batches: " + run);
            }
            Run key = Run.of(BatchId.parse(run.substring(0, colon) + "-0"));
            for (String range : run.substring(colon + 1).split(",", -1)) {
                int dash = range.indexOf('-');
                long first = Long.parseLong(dash < 0 ? range : range.substring(0, dash));
                long last = dash < 0 ? first : Long.parseLong(range.substring(dash + 1));
                if (first < 0 || last < first) {
                    throw new IllegalArgumentException("not a range of batches: " + range);
                }
                known.addRange(key, first, last);
            }
        }
        return known;
    }
}
