package io.openwit.load;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// What became of each request of one signal: one bit a request and fate, so that hours of load cost a few megabytes.
/// Protected by its own monitor.
///
/// Requests are numbered from 0 and all hold the same number of rows, so request `n` is the rows from `n x rows` on.
final class RowFates {
    /// Requests that one signal of a run can have: a run ends before the next.
    static final int MAX_REQUESTS = Integer.MAX_VALUE - 64;

    private final int rowsPerRequest;
    private final BitSet begun = new BitSet();
    private final BitSet acknowledged = new BitSet();
    private final BitSet partlyAcknowledged = new BitSet();
    private final BitSet refused = new BitSet();

    /// One consistent view of all four fates.
    record Ranges(
            List<RowRange> acknowledged,
            List<RowRange> partlyAcknowledged,
            List<RowRange> refused,
            List<RowRange> unacknowledged) {}

    RowFates(int rowsPerRequest) {
        this.rowsPerRequest = rowsPerRequest;
    }

    synchronized void begun(int request) {
        begun.set(request);
    }

    synchronized void acknowledged(int request) {
        acknowledged.set(request);
    }

    synchronized void partlyAcknowledged(int request) {
        partlyAcknowledged.set(request);
    }

    synchronized void refused(int request) {
        refused.set(request);
    }

    synchronized Ranges ranges() {
        BitSet unknown = (BitSet) begun.clone();
        unknown.andNot(acknowledged);
        unknown.andNot(partlyAcknowledged);
        unknown.andNot(refused);
        return new Ranges(rows(acknowledged), rows(partlyAcknowledged), rows(refused), rows(unknown));
    }

    private List<RowRange> rows(BitSet requests) {
        List<RowRange> ranges = new ArrayList<>();
        int first = requests.nextSetBit(0);
        while (first >= 0) {
            int behind = requests.nextClearBit(first);
            ranges.add(new RowRange((long) first * rowsPerRequest, (long) behind * rowsPerRequest - 1));
            first = requests.nextSetBit(behind);
        }
        return List.copyOf(ranges);
    }
}
