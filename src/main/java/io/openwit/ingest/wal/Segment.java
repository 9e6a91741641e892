package io.openwit.ingest.wal;

import java.nio.file.Path;

/// What is known of one segment while the log is open. The writer, the keeper and the followers look at it.
final class Segment {
    private final Path directory;
    private final SegmentHeader header;
    private volatile long end;
    private volatile boolean closed;
    private volatile boolean hasRows;
    private volatile boolean hasHeads;

    /// New rows and parts of a segment whose heads file is there; 0 else.
    private volatile SegmentHeader.Summary summary;

    Segment(Path directory, SegmentHeader header, long end, boolean closed, boolean hasRows, boolean hasHeads) {
        this.directory = directory;
        this.header = header;
        this.end = end;
        this.closed = closed;
        this.hasRows = hasRows;
        this.hasHeads = hasHeads;
        summary = header.summary();
    }

    static String fileName(long number) {
        return String.format("%06d.wal", number);
    }

    static String headsName(long number) {
        return String.format("%06d.heads", number);
    }

    Path path() {
        return directory.resolve(fileName(number()));
    }

    Path headsPath() {
        return directory.resolve(headsName(number()));
    }

    /// Of the segment file; where that is gone, of the heads file.
    SegmentHeader header() {
        return header;
    }

    long number() {
        return header.number();
    }

    /// Position of the file's first byte.
    long first() {
        return header.first();
    }

    /// Position behind the last durable group, on a 4 KiB boundary. Moves until the segment is closed.
    long end() {
        return end;
    }

    void moveEnd(long newEnd) {
        end = newEnd;
    }

    /// Whether nothing is written to it any more.
    boolean closed() {
        return closed;
    }

    void close() {
        closed = true;
    }

    /// Whether the file with the rows belongs to the log; also where someone has deleted it.
    boolean hasRows() {
        return hasRows;
    }

    void rowsGone() {
        hasRows = false;
    }

    /// They were to go, and the disk refused.
    void rowsStay() {
        hasRows = true;
    }

    /// Whether the heads file is there, durably.
    boolean hasHeads() {
        return hasHeads;
    }

    void headsWritten(SegmentHeader.Summary newSummary) {
        summary = newSummary;
        hasHeads = true;
    }

    void headsGone() {
        hasHeads = false;
    }

    SegmentHeader.Summary summary() {
        return summary;
    }
}
