package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a log without opening it: what is there, and what of it is damaged. Changes nothing, takes no lock, and may be used on
/// the directory of a running node.
///
/// It shares the format with the log and nothing else: it walks the files by itself, checks every checksum and the chain from
/// group to group, and takes the end of a segment from what the next one says.
public final class LogVerifier {
    private static final Pattern FILE = Pattern.compile("(\\d{6,18})\\.(wal|heads)");
    private static final int SEARCH_BYTES = GroupHeader.ALIGNMENT;

    /// Missing files that are named one by one.
    private static final int MAX_NAMED = 1000;

    private final Disk disk;
    private final Path directory;

    /// One file of the log.
    ///
    /// @param file its name
    /// @param heads whether it is a segment without its rows
    /// @param first position of the file's first byte
    /// @param end position behind its last group
    /// @param groups whole ones, seals included
    /// @param batches frames, copies included
    /// @param rows new rows of these batches
    /// @param duplicates rows that repeat earlier ones
    /// @param copies batches that are copies of earlier ones
    /// @param tailBytes behind the last whole group of the log, of a group that was never finished; 0 but in the last file
    public record SegmentReport(
            String file,
            boolean heads,
            long number,
            String node,
            long epoch,
            long first,
            long end,
            long groups,
            long batches,
            long rows,
            long duplicates,
            long copies,
            long fileBytes,
            long tailBytes) {}

    /// Something that cannot be read.
    ///
    /// @param file its name
    /// @param offset in the file
    /// @param position in the log, -1 where it is not known
    /// @param rows that are lost, -1 where it is not known
    /// @param what in words
    public record Damage(String file, long offset, long position, long rows, String what) {}

    /// All that was found, in the order of the log.
    public record Report(List<SegmentReport> segments, List<Damage> damages) {
        public boolean whole() {
            return damages.isEmpty();
        }
    }

    /// @param directory the data directory of a node, or its folder `wal`
    public LogVerifier(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = disk.exists(directory.resolve("wal")) ? directory.resolve("wal") : directory;
    }

    /// What is there, by the groups' and the batches' headers alone.
    ///
    /// @throws IOException the directory cannot be read, or is of a version that is not known
    public Report list() throws IOException {
        return read(false);
    }

    /// The same, with every byte read and every checksum checked.
    ///
    /// @throws IOException as [#list]
    public Report verify() throws IOException {
        return read(true);
    }

    private Report read(boolean everything) throws IOException {
        TreeMap<Long, String> segments = new TreeMap<>();
        TreeMap<Long, String> heads = new TreeMap<>();
        for (String name : disk.list(directory)) {
            Matcher file = FILE.matcher(name);
            if (file.matches()) {
                (file.group(2).equals("wal") ? segments : heads).put(Long.parseLong(file.group(1)), name);
            }
        }
        TreeMap<String, SegmentReport> reports = new TreeMap<>();
        List<Damage> damages = new ArrayList<>();
        for (Map.Entry<Long, String> at : heads.entrySet()) {
            walk(at.getKey(), at.getValue(), null, everything, reports, damages);
        }
        for (Map.Entry<Long, String> at : segments.entrySet()) {
            Map.Entry<Long, String> next = segments.higherEntry(at.getKey());
            SegmentHeader following = next == null ? null : headerOf(next.getValue());
            walk(at.getKey(), at.getValue(), following, everything, reports, damages);
            if (next != null && next.getKey() != at.getKey() + 1) {
                findMissing(at.getKey(), next.getKey(), heads, damages);
            }
        }
        return new Report(List.copyOf(reports.values()), List.copyOf(damages));
    }

    private void findMissing(long from, long to, Map<Long, String> heads, List<Damage> damages) {
        for (long number = from + 1; number < Math.min(to, from + 1 + MAX_NAMED); number++) {
            if (!heads.containsKey(number)) {
                String name = Segment.fileName(number);
                if (!disk.exists(directory.resolve(name))) {
                    damages.add(new Damage(name, 0, -1, -1, "the segment is missing"));
                }
            }
        }
    }

    private @Nullable SegmentHeader headerOf(String name) throws IOException {
        try (DiskFile file = disk.openForReading(directory.resolve(name))) {
            return SegmentHeader.read(file, name);
        } catch (NoSuchFileException _) {
            return null; // recycled since the directory was listed
        }
    }

    private void walk(
            long number,
            String name,
            @Nullable SegmentHeader following,
            boolean everything,
            Map<String, SegmentReport> reports,
            List<Damage> damages)
            throws IOException {
        List<Damage> found = new ArrayList<>();
        try (DiskFile file = disk.openForReading(directory.resolve(name))) {
            SegmentHeader header = SegmentHeader.read(file, name);
            if (header == null || header.number() != number) {
                found.add(new Damage(name, 0, -1, -1, "the header of the segment is damaged"));
            } else {
                Walk walk = new Walk(name, file, header, following, everything, found);
                reports.put(name, walk.run());
            }
        } catch (NoSuchFileException _) {
            return; // recycled since the directory was listed
        }
        // On a running node the file may have been recycled while it was read.
        SegmentHeader still = found.isEmpty() ? null : headerOf(name);
        SegmentReport report = reports.get(name);
        boolean recycled = !found.isEmpty() && !disk.exists(directory.resolve(name));
        if (recycled) {
            reports.remove(name);
        } else if (found.isEmpty() || still == null || report == null || still.first() == report.first()) {
            damages.addAll(found);
        }
    }

    /// One file from its first group to its last.
    private static final class Walk {
        private final String name;
        private final DiskFile file;
        private final SegmentHeader header;
        private final boolean everything;
        private final List<Damage> damages;
        private final long fileBytes;
        private final Checksum checksum = new Checksum();

        /// Where the groups end, or -1 where nobody says.
        private final long knownEnd;

        private final @Nullable SegmentHeader following;
        private long groups;
        private long batches;
        private long rows;
        private long duplicates;
        private long copies;

        private Walk(
                String name,
                DiskFile file,
                SegmentHeader header,
                @Nullable SegmentHeader following,
                boolean everything,
                List<Damage> damages)
                throws IOException {
            this.name = name;
            this.file = file;
            this.header = header;
            this.everything = everything;
            this.damages = damages;
            fileBytes = file.size();
            boolean says = following != null && following.number() == header.number() + 1;
            this.following = says ? following : null;
            if (header.heads()) {
                knownEnd = header.summary().fileBytes();
            } else if (following != null && says) {
                knownEnd = Math.max(SegmentHeader.BLOCK_BYTES, following.previousEnd() - header.first());
            } else {
                knownEnd = -1;
            }
        }

        private SegmentReport run() throws IOException {
            long at = SegmentHeader.BLOCK_BYTES;
            long tail = 0;
            int previousCrc = header.heads() ? 0 : header.previousCrc();
            boolean chained = true;
            long limit = knownEnd < 0 ? fileBytes : knownEnd;
            if (limit > fileBytes) {
                damages.add(damage(fileBytes, -1, "the file is cut: it has " + fileBytes + " bytes of " + limit));
                limit = fileBytes;
            }
            while (at < limit) {
                GroupHeader group = groupAt(at, limit);
                boolean whole = group != null && frames(at, group);
                if (group == null || !whole) {
                    long next = header.heads() ? -1 : nextWhole(at, group, limit);
                    if (next < 0 && knownEnd < 0) {
                        tail = tailAt(at);
                        break;
                    }
                    if (group == null) {
                        damages.add(damage(at, -1, "no whole group"));
                    }
                    chained = false;
                    at = next < 0 ? limit : next;
                } else {
                    if (chained && group.previousCrc() != previousCrc) {
                        damages.add(damage(at, 0, "the group does not follow the one before it: a group is missing"));
                    }
                    chained = true;
                    previousCrc = group.crc();
                    groups++;
                    long end = at + GroupHeader.BYTES + group.length();
                    at = header.heads() ? end : GroupHeader.aligned(end);
                }
            }
            if (chained && following != null && groups > 0 && following.previousCrc() != previousCrc) {
                damages.add(damage(at, -1, "the last group is not the one that the next segment names"));
            }
            long end = header.heads() ? header.summary().end() : header.first() + at;
            return new SegmentReport(
                    name, header.heads(), header.number(), header.node().value(), header.epoch(), header.first(), end, groups,
                    batches, rows, duplicates, copies, fileBytes, tail);
        }

        private Damage damage(long offset, long lostRows, String what) {
            return new Damage(name, offset, header.heads() ? -1 : header.first() + offset, lostRows, what);
        }

        private @Nullable GroupHeader groupAt(long at, long limit) throws IOException {
            ByteBuffer in = bytes(at, GroupHeader.BYTES);
            GroupHeader group = in == null ? null : GroupHeader.decode(in, header, limit - at, checksum);
            return group != null && (header.heads() || group.first() == header.first() + at) ? group : null;
        }

        /// The next group that stands whole on a boundary, or -1.
        private long nextWhole(long at, @Nullable GroupHeader damaged, long limit) throws IOException {
            long from = damaged == null ? at + SEARCH_BYTES : GroupHeader.aligned(at + GroupHeader.BYTES + damaged.length());
            for (long next = from; next < limit; next += SEARCH_BYTES) {
                GroupHeader group = groupAt(next, limit);
                if (group != null && (!everything || payloadIsWhole(next, group))) {
                    return next;
                }
            }
            return -1;
        }

        private boolean payloadIsWhole(long at, GroupHeader group) throws IOException {
            Checksum payload = new Checksum().begin(header.nonce());
            long end = at + GroupHeader.BYTES + group.length();
            for (long from = at + GroupHeader.BYTES; from < end; ) {
                int part = (int) Math.min(1 << 20, end - from);
                ByteBuffer in = bytes(from, part);
                if (in == null) {
                    return false;
                }
                payload.add(in);
                from += part;
            }
            return payload.value() == group.payloadCrc();
        }

        /// Counts the group's frames, and says which of them are damaged.
        private boolean frames(long groupAt, GroupHeader group) throws IOException {
            List<Damage> here = new ArrayList<>();
            long at = groupAt + GroupHeader.BYTES;
            long end = at + group.length();
            for (int i = 0; i < group.count(); i++) {
                FrameHead head = headAt(at, end);
                if (head == null) {
                    here.add(damage(at, -1, "no whole frame, and none of the " + (group.count() - i) + " from there on"));
                    break;
                }
                if (everything && !header.heads() && !rowsAreWhole(at, head)) {
                    here.add(damage(
                            at, head.header().rows() - head.duplicates(),
                            "the rows of batch " + head.id(header.node()) + " do not match their checksum"));
                } else {
                    count(head);
                }
                at += head.length();
            }
            if (here.isEmpty() && everything && !payloadIsWhole(groupAt, group)) {
                here.add(damage(groupAt, 0, "the group does not match its checksum, though its frames do"));
            }
            if (!here.isEmpty() && !nothingBehind(groupAt, group)) {
                damages.addAll(here);
            }
            return here.isEmpty();
        }

        /// Whether the group is the last of the log, of which nobody knows yet whether it was finished.
        private boolean nothingBehind(long at, GroupHeader group) throws IOException {
            return knownEnd < 0 && nextWhole(at, group, fileBytes) < 0;
        }

        private @Nullable FrameHead headAt(long at, long end) throws IOException {
            ByteBuffer fixed = end - at < FrameHead.FIXED_BYTES ? null : bytes(at, FrameHead.FIXED_BYTES);
            int headBytes = fixed == null ? -1 : FrameHead.headBytes(fixed, end - at);
            ByteBuffer in = headBytes < 0 ? null : bytes(at, headBytes);
            return in == null ? null : FrameHead.decode(in, header.nonce(), checksum);
        }

        private boolean rowsAreWhole(long at, FrameHead head) throws IOException {
            ByteBuffer in = head.rowBytes() == 0 ? null : bytes(at + head.headBytes(), head.rowBytes());
            return head.rowBytes() == 0
                    || (in != null && checksum.begin(header.nonce()).add(in).value() == head.rowsCrc());
        }

        private void count(FrameHead head) {
            batches++;
            rows += head.header().rows() - head.duplicates();
            duplicates += head.duplicates();
            if (head.copy()) {
                copies++;
            }
        }

        private long tailAt(long at) throws IOException {
            ByteBuffer in = bytes(at, GroupHeader.BYTES);
            boolean claims = in != null && GroupHeader.claims(in, header.epoch(), header.first() + at);
            return claims && in != null
                    ? Math.clamp(GroupHeader.claimedLength(in), 0, fileBytes - at - GroupHeader.BYTES) + GroupHeader.BYTES
                    : 0;
        }

        private @Nullable ByteBuffer bytes(long at, int length) throws IOException {
            if (at + length > fileBytes) {
                return null;
            }
            ByteBuffer in = ByteBuffer.allocate(length).order(LITTLE_ENDIAN);
            return file.read(in, at) < length ? null : in.flip();
        }
    }
}
