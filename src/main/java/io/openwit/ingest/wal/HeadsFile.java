package io.openwit.ingest.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// Writes a segment without its rows: what the dedup windows and the metastore still need when the segment is recycled.
///
/// Groups and frames have the layout of a segment, but follow one another without gaps, and seals are left out. The file is
/// made whole, forced, and then gets its name; so a heads file that has its name is complete.
final class HeadsFile {
    private static final int CHUNK_BYTES = 64 << 10;

    private HeadsFile() {}

    /// Reads the closed segment and writes its heads file; what is damaged in it is left out and told.
    static void write(Disk disk, Path directory, Segment segment, Quarantine quarantine) throws IOException {
        Path made = directory.resolve("heads.tmp");
        try (DiskFile out = disk.create(made);
                GroupReader in = GroupReader.open(disk, segment.path(), CHUNK_BYTES)) {
            SegmentHeader.Summary summary = new Copying(in, out, segment, quarantine).run();
            out.write(new ByteBuffer[] {segment.header().asHeads(summary).encode()}, 1, 0);
            out.force();
            disk.rename(made, segment.headsPath());
            disk.syncDirectory(directory);
            segment.headsWritten(summary);
        }
    }

    private static final class Copying {
        private final GroupReader in;
        private final DiskFile out;
        private final Segment segment;
        private final Quarantine quarantine;
        private final GroupWriter writer = new GroupWriter();
        private final long limit;
        private long outAt = SegmentHeader.BLOCK_BYTES;
        private int previousCrc;
        private int lastCrc;
        private int groups;
        private long rows;
        private long parts;

        private Copying(GroupReader in, DiskFile out, Segment segment, Quarantine quarantine) {
            this.in = in;
            this.out = out;
            this.segment = segment;
            this.quarantine = quarantine;
            limit = segment.end() - segment.first();
        }

        private SegmentHeader.Summary run() throws IOException {
            long at = SegmentHeader.BLOCK_BYTES;
            while (at < limit) {
                GroupHeader group = in.groupAt(at, limit);
                if (group == null) {
                    long next = in.search(at + GroupHeader.ALIGNMENT, limit);
                    long until = next < 0 ? limit : next;
                    quarantine.add(
                            segment.first() + at,
                            segment.first() + until,
                            segment.path() + ": no whole group at offset " + at);
                    at = until;
                } else {
                    copy(at, group);
                    lastCrc = group.crc();
                    at = GroupHeader.aligned(at + GroupHeader.BYTES + group.length());
                }
            }
            return new SegmentHeader.Summary(segment.end(), lastCrc, groups, outAt, rows, parts);
        }

        private void copy(long at, GroupHeader group) throws IOException {
            if (group.count() == 0) {
                return;
            }
            writer.begin(segment.header().nonce(), group.first());
            long frameAt = at + GroupHeader.BYTES;
            long end = frameAt + group.length();
            for (int i = 0; i < group.count(); i++) {
                FrameHead head = in.headAt(frameAt, end, limit);
                if (head == null) {
                    quarantine.add(
                            segment.first() + frameAt,
                            segment.first() + end,
                            segment.path() + ": no whole frame at offset " + frameAt);
                    break;
                }
                writer.add(head.withoutRows(), ByteBuffer.allocate(0));
                rows += head.header().rows() - head.duplicates();
                parts += head.header().parts();
                frameAt += head.length();
            }
            long bytes = writer.bytes();
            previousCrc = writer.write(
                    out,
                    outAt,
                    group.kind(),
                    group.epoch(),
                    group.sequence(),
                    previousCrc,
                    new LogClock.Stamp(group.arrival(), group.logAge()));
            outAt += bytes;
            groups++;
        }
    }
}
