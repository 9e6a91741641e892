package io.openwit.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What was sent, what the writer took up together, and what was acknowledged. It knows nothing of the log.
final class Ledger {
    private final Map<Long, Sent> sent = new LinkedHashMap<>();
    private final List<List<Long>> groups = new ArrayList<>();
    private final Map<Long, Integer> groupOf = new HashMap<>();

    /// Serial to a position that is not before the batch's end.
    private final Map<Long, Long> acknowledged = new LinkedHashMap<>();

    private final Set<Long> acknowledgedRows = new LinkedHashSet<>();

    void send(Sent batch) {
        sent.put(batch.serial(), batch);
    }

    /// The writer takes up these batches as one group.
    void attempt(List<Sent> group) {
        List<Long> serials = group.stream().map(Sent::serial).toList();
        serials.forEach(serial -> groupOf.put(serial, groups.size()));
        groups.add(serials);
    }

    void acknowledge(Sent batch, long durable) {
        acknowledged.put(batch.serial(), durable);
        for (long row : batch.rows()) {
            acknowledgedRows.add(row);
        }
    }

    Sent find(long serial) {
        return sent.get(serial);
    }

    List<Sent> all() {
        return List.copyOf(sent.values());
    }

    /// In which order the writer took it up, with those that share the number; -1 where it never did.
    int groupOf(long serial) {
        return groupOf.getOrDefault(serial, -1);
    }

    List<Long> group(int number) {
        return groups.get(number);
    }

    /// Serials, each with a position that is not before its end.
    Map<Long, Long> acknowledged() {
        return acknowledged;
    }

    Set<Long> acknowledgedRows() {
        return acknowledgedRows;
    }
}
