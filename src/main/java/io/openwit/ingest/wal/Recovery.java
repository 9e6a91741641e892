package io.openwit.ingest.wal;

import io.openwit.ingest.wal.LogClock.Stamp;
import io.openwit.model.NodeId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds out what an earlier start has left: which segments there are, where each ends, and which group is in doubt.
///
/// As group N+1 is written only after group N is forced, only the last group of the log can be torn. So a group that is not
/// whole is a torn tail where nothing whole follows it in the last segment, and damage everywhere else. It changes nothing in
/// the log, and writes nothing but the records of damage.
final class Recovery {
    private static final Logger LOG = Logger.getLogger(Recovery.class.getName());
    private static final Pattern FILE = Pattern.compile("(\\d{6,18})\\.(wal|heads)");

    private final Disk disk;
    private final Path directory;
    private final NodeId node;
    private final Quarantine quarantine;
    private final Telemetry telemetry;

    private final TreeMap<Long, Segment> segments = new TreeMap<>();
    private long lastNumber;
    private long lastEpoch;
    private long end;
    private int lastCrc;
    private @Nullable Stamp lastStamp;

    /// Files whose first block is damaged, to their bytes.
    private final TreeMap<Long, Long> unreadable = new TreeMap<>();

    private final List<Recovered> doubtful = new ArrayList<>();

    /// What was found.
    ///
    /// @param segments by number; all of them closed
    /// @param lastNumber of any file that ever had a segment's name, 0 in a new log
    /// @param lastEpoch of any segment, 0 in a new log
    /// @param end position behind the last whole group, and behind what cannot be read at all
    /// @param lastCrc of that group's header
    /// @param lastStamp of that group, or null in a new log
    /// @param doubtful the frames of the last group, unless it is a seal: they may stand in the page cache alone
    record Found(
            TreeMap<Long, Segment> segments,
            long lastNumber,
            long lastEpoch,
            long end,
            int lastCrc,
            @Nullable Stamp lastStamp,
            List<Recovered> doubtful) {}

    /// A frame with its rows in memory.
    record Recovered(FrameHead head, ByteBuffer rows) {
        long bytes() {
            return GroupWriter.frameBytes(head.header(), head.mask().length, rows.remaining());
        }
    }

    Recovery(Disk disk, LogConfig config, Quarantine quarantine, Telemetry telemetry) {
        this.disk = disk;
        directory = config.directory();
        node = config.node();
        this.quarantine = quarantine;
        this.telemetry = telemetry;
    }

    /// The highest epoch of the log in this folder, 0 where there is none. Takes no lock.
    static long lastEpoch(Disk disk, Path directory) throws IOException {
        long epoch = 0;
        if (disk.exists(directory)) {
            for (String name : disk.list(directory)) {
                if (FILE.matcher(name).matches()) {
                    SegmentHeader header = read(disk, directory.resolve(name));
                    epoch = Math.max(epoch, header == null ? 0 : header.epoch());
                }
            }
        }
        return epoch;
    }

    private static @Nullable SegmentHeader read(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.openForReading(path)) {
            return SegmentHeader.read(file, path.toString());
        }
    }

    Found run() throws IOException {
        list();
        tellUnreadableFirst();
        Segment before = null;
        for (Segment segment : segments.values()) {
            if (before != null) {
                settle(before, segment);
            }
            before = segment;
        }
        if (before != null) {
            settleLast(before);
            findDoubtful();
        }
        passOverUnreadable(before == null ? 0 : before.number());
        return new Found(segments, lastNumber, lastEpoch, end, lastCrc, lastStamp, doubtful);
    }

    private void list() throws IOException {
        Map<Long, SegmentHeader> withRows = new TreeMap<>();
        Map<Long, SegmentHeader> withHeads = new TreeMap<>();
        for (String name : disk.list(directory)) {
            Matcher file = FILE.matcher(name);
            if (!file.matches()) {
                continue;
            }
            long number = Long.parseLong(file.group(1));
            lastNumber = Math.max(lastNumber, number);
            SegmentHeader header = read(disk, directory.resolve(name));
            boolean heads = file.group(2).equals("heads");
            if (header == null || header.number() != number || header.heads() != heads) {
                LOG.log(Level.SEVERE, "segment header is damaged: file={0}", directory.resolve(name));
                if (!heads) {
                    unreadable.put(number, bytesOf(directory.resolve(name)));
                }
                continue;
            }
            if (!header.node().equals(node)) {
                throw new ForeignLogException(directory.resolve(name) + ": this is the log of node " + header.node()
                        + ", and this is node " + node + ": set node.id, or another node.data_dir");
            }
            lastEpoch = Math.max(lastEpoch, header.epoch());
            (heads ? withHeads : withRows).put(number, header);
        }
        withHeads.forEach((number, header) ->
                segments.put(number, new Segment(directory, header, header.summary().end(), true, false, true)));
        withRows.forEach((number, header) -> {
            SegmentHeader heads = withHeads.get(number);
            long knownEnd = heads == null ? 0 : heads.summary().end();
            Segment segment = new Segment(directory, header, knownEnd, true, true, heads != null);
            if (heads != null) {
                segment.headsWritten(heads.summary());
            }
            segments.put(number, segment);
        });
    }

    private long bytesOf(Path path) throws IOException {
        try (DiskFile file = disk.openForReading(path)) {
            return file.size();
        }
    }

    /// Segments before the first one that can be read. Where they began nobody says but their length.
    private void tellUnreadableFirst() {
        if (segments.isEmpty() || unreadable.headMap(segments.firstKey()).isEmpty()) {
            return;
        }
        long to = segments.firstEntry().getValue().first();
        long from = to;
        for (long bytes : unreadable.headMap(segments.firstKey()).values()) {
            from = Math.max(0, from - Math.max(1, bytes));
        }
        quarantine.add(
                Math.min(from, Math.max(0, to - 1)),
                Math.max(1, to),
                directory + ": the headers of the first segments are damaged: "
                        + unreadable.headMap(segments.firstKey()).keySet());
    }

    /// Segments behind the last one that can be read: their positions and epochs are never given again.
    private void passOverUnreadable(long last) {
        long from = end;
        for (long bytes : unreadable.tailMap(last, false).values()) {
            end += Math.max(GroupHeader.ALIGNMENT, GroupHeader.aligned(bytes));
            lastEpoch++;
        }
        if (end > from) {
            quarantine.add(from, end, directory + ": the headers of the last segments are damaged: " + unreadable.keySet());
        }
    }

    /// Says where a segment ends that another follows, and whether any is missing between them.
    private void settle(Segment segment, Segment next) throws IOException {
        boolean follows = next.number() == segment.number() + 1;
        if (!segment.hasHeads()) {
            if (follows) {
                segment.moveEnd(Math.max(segment.first() + SegmentHeader.BLOCK_BYTES, next.header().previousEnd()));
            } else {
                scan(segment);
            }
        }
        if (!follows) {
            quarantine.add(
                    segment.end(),
                    Math.max(segment.end() + 1, next.first()),
                    directory + ": segments " + Segment.fileName(segment.number() + 1) + " to "
                            + Segment.fileName(next.number() - 1) + " are missing or have damaged headers");
        }
    }

    private void settleLast(Segment last) throws IOException {
        SegmentHeader header = last.header();
        lastStamp = new Stamp(header.arrival(), header.logAge());
        lastCrc = header.previousCrc();
        if (last.hasRows()) {
            scan(last);
        } else {
            lastCrc = last.summary().lastCrc();
        }
        end = last.end();
    }

    /// Reads all groups of a segment, to find its end.
    private void scan(Segment segment) throws IOException {
        try (GroupReader in = GroupReader.open(disk, segment.path(), GroupReader.CHUNK_WITH_ROWS)) {
            long limit = in.size();
            long at = SegmentHeader.BLOCK_BYTES;
            GroupHeader last = null;
            while (at < limit) {
                GroupHeader group = in.groupAt(at, limit);
                if (group == null || !in.payloadIsWhole(at, group, limit)) {
                    long next = in.search(at + GroupHeader.ALIGNMENT, limit);
                    if (next < 0) {
                        discardTail(in, at);
                        break;
                    }
                    quarantine.add(
                            segment.first() + at,
                            segment.first() + next,
                            segment.path() + ": no whole group at offset " + at + ", and a whole one at " + next);
                    at = next;
                } else {
                    last = group;
                    at = GroupHeader.aligned(at + GroupHeader.BYTES + group.length());
                }
            }
            segment.moveEnd(segment.first() + Math.min(at, limit));
            if (last != null) {
                lastStamp = new Stamp(last.arrival(), last.logAge());
                lastCrc = last.crc();
            }
        }
    }

    private void discardTail(GroupReader in, long at) throws IOException {
        SegmentHeader header = in.header();
        long bytes;
        ByteBuffer start = in.bytes(at, GroupHeader.BYTES, in.size());
        if (start != null && GroupHeader.claims(start, header.epoch(), header.first() + at)) {
            bytes = Math.clamp(GroupHeader.claimedLength(start), 0, in.size() - at - GroupHeader.BYTES)
                    + GroupHeader.BYTES;
        } else {
            // Behind the end of a recycled file stand an old segment's bytes, which say nothing.
            bytes = header.reused() ? 0 : in.usedBytesFrom(at);
        }
        if (bytes > 0) {
            telemetry.metrics().walTailBytesDiscarded.inc(bytes);
            LOG.log(Level.WARNING, "torn tail of the log left out: file={0} offset={1} bytes={2}", new Object[] {
                in.path(), at, bytes
            });
        }
    }

    /// The last group with frames, looked for from the last segment backwards: those of a start that came no further than its
    /// first block hold none.
    private void findDoubtful() throws IOException {
        for (Segment segment : segments.descendingMap().values()) {
            if (!segment.hasRows()) {
                return;
            }
            try (GroupReader in = GroupReader.open(disk, segment.path(), GroupReader.CHUNK_WITH_ROWS)) {
                long limit = segment.end() - segment.first();
                long lastAt = -1;
                GroupHeader last = null;
                for (long at = SegmentHeader.BLOCK_BYTES; at >= 0 && at < limit; ) {
                    GroupHeader group = in.groupAt(at, limit);
                    if (group == null) {
                        at = in.search(at + GroupHeader.ALIGNMENT, limit);
                        continue;
                    }
                    last = group;
                    lastAt = at;
                    at = GroupHeader.aligned(at + GroupHeader.BYTES + group.length());
                }
                if (last != null) {
                    lastStamp = later(last);
                    read(in, lastAt, last, limit);
                    if (!doubtful.isEmpty()) {
                        force(segment);
                    }
                    return;
                }
            }
        }
    }

    /// Forces the group in doubt where it stands. That is no proof, which is why it is copied as well: after a force that failed,
    /// the next one may succeed and do nothing. But a process that was killed before it could force leaves the group in the page
    /// cache, and if that is lost when the power goes, the hole would look like damage.
    private void force(Segment segment) throws IOException {
        try (DiskFile file = disk.open(segment.path())) {
            file.force();
        }
    }

    private Stamp later(GroupHeader group) {
        Stamp known = lastStamp == null ? new Stamp(0, 0) : lastStamp;
        return new Stamp(Math.max(known.arrivalNanos(), group.arrival()), Math.max(known.logAgeNanos(), group.logAge()));
    }

    private void read(GroupReader in, long at, GroupHeader group, long limit) throws IOException {
        long frameAt = at + GroupHeader.BYTES;
        long framesEnd = frameAt + group.length();
        for (int i = 0; i < group.count(); i++) {
            FrameHead head = in.headAt(frameAt, framesEnd, limit);
            if (head == null) {
                return; // its follower will find the same, and tell
            }
            ByteBuffer rows = in.rowsOf(head, limit);
            if (rows != null) {
                doubtful.add(new Recovered(head, ByteBuffer.allocate(rows.remaining()).put(rows).flip()));
            }
            frameAt += head.length();
        }
    }
}
