package io.openwit.ingest.wal;

import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/// One batch as it stands in the log, with the verdict on each of its rows. Its checksums have been verified.
///
/// Holds its header in the heap, and its rows not at all. Immutable; [#rows] belongs to the follower's thread.
public final class Frame {
    private final FrameCursor cursor;
    private final Segment segment;
    private final FrameHead head;
    private final BatchId id;
    private final long arrivalNanos;
    private final long logAgeNanos;

    Frame(FrameCursor cursor, Segment segment, FrameHead head, GroupHeader group) {
        this.cursor = cursor;
        this.segment = segment;
        this.head = head;
        id = head.id(segment.header().node());
        arrivalNanos = group.arrival();
        logAgeNanos = group.logAge();
    }

    /// Where the frame begins.
    public WalPosition position() {
        return new WalPosition(head.position());
    }

    /// Where it ends: what a follower that is done with it advances to.
    public WalPosition end() {
        return new WalPosition(head.position() + head.logLength());
    }

    /// The number of the segment: `42` for `000042.wal`.
    public long segment() {
        return segment.number();
    }

    /// Where it begins in the segment's file, in bytes.
    public long offset() {
        return head.position() - segment.first();
    }

    public BatchId id() {
        return id;
    }

    public BatchHeader header() {
        return head.header();
    }

    /// Nanoseconds since 1970, when the batch was appended.
    public long arrivalNanos() {
        return arrivalNanos;
    }

    /// For how long the log had been open then.
    public long logAgeNanos() {
        return logAgeNanos;
    }

    boolean copy() {
        return head.copy();
    }

    long original() {
        return head.original();
    }

    /// Every row is a duplicate: there are no rows, and the batch is never sent.
    public boolean headerOnly() {
        return head.headerOnly();
    }

    public boolean hasDuplicates() {
        return head.duplicates() > 0;
    }

    public int duplicates() {
        return head.duplicates();
    }

    /// Whether the row repeats one that stands earlier in the log.
    public boolean duplicate(int row) {
        long[] mask = head.mask();
        return row >>> 6 < mask.length && (mask[row >>> 6] >>> row & 1) != 0;
    }

    /// The rows that are no duplicates.
    public BitSet keep() {
        BitSet keep = new BitSet(head.header().rows());
        keep.set(0, head.header().rows());
        keep.andNot(BitSet.valueOf(head.mask()));
        return keep;
    }

    /// The sealed rows with all duplicates still in them, in a buffer of the caller's own; empty in a header-only frame.
    ///
    /// Cheap right after [Follower#next]; later they are read from the disk again.
    ///
    /// @throws IOException they cannot be read, or no longer match their checksum: the segment has been recycled since
    /// @throws IllegalStateException the follower was opened without rows
    public ByteBuffer rows() throws IOException {
        return cursor.rows(segment, head);
    }
}
