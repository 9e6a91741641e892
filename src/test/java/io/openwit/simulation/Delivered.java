package io.openwit.simulation;

import io.openwit.ingest.wal.Frame;
import io.openwit.model.BatchId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A batch as the log gave it.
///
/// @param keep its rows that are no duplicates
record Delivered(
        long serial,
        BatchId id,
        long position,
        long end,
        long segment,
        long offset,
        long arrival,
        long age,
        BitSet keep,
        boolean headerOnly) {
    /// Takes the frame down, and compares it with what was sent.
    ///
    /// @param withRows whether the follower reads rows
    /// @param wrong gets what is not as it was sent
    static Delivered of(Frame frame, Ledger ledger, boolean withRows, List<Violation> wrong) throws IOException {
        long serial = frame.header().sourceBytes();
        Sent sent = ledger.find(serial);
        String where = "batch " + frame.id() + " at position " + frame.position() + ", serial " + serial;
        if (sent == null) {
            wrong.add(new Violation(Invariant.I8_CORRUPTION, where + " was never sent"));
        } else if (!frame.header().encoded().equals(sent.batch().header().encoded())) {
            wrong.add(new Violation(Invariant.I8_CORRUPTION, where + ": its header is not the one that was sent"));
        } else if (withRows) {
            ByteBuffer expected = frame.headerOnly() ? ByteBuffer.allocate(0) : sent.batch().rows();
            if (!frame.rows().equals(expected)) {
                wrong.add(new Violation(Invariant.I8_CORRUPTION, where + ": its rows are not those that were sent"));
            }
        }
        return new Delivered(
                serial,
                frame.id(),
                frame.position().bytes(),
                frame.end().bytes(),
                frame.segment(),
                frame.offset(),
                frame.arrivalNanos(),
                frame.logAgeNanos(),
                frame.keep(),
                frame.headerOnly());
    }

    /// The rows that a storage would keep.
    List<Long> rows(Ledger ledger) {
        Sent sent = ledger.find(serial);
        List<Long> rows = new ArrayList<>();
        long[] all = sent == null ? new long[0] : sent.rows();
        for (int row = 0; row < all.length; row++) {
            if (keep.get(row)) {
                rows.add(all[row]);
            }
        }
        return rows;
    }
}
