package io.openwit.ingest.wal;

import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a log without opening it: what is there, what of it is damaged, and its batches one by one. Changes nothing, takes no
/// lock, and may be used on the directory of a running node.
///
/// It shares the format with the log and nothing else: it walks the files by itself, checks every checksum and the chain from
/// group to group, and takes the end of a segment from what the next one says.
public final class LogVerifier {
    private static final Pattern FILE = Pattern.compile("(\\d{6,18})\\.(wal|heads)");

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
    /// @param rows new rows that are known to be lost, -1 where nothing is known
    /// @param exact whether no others are lost
    /// @param what in words
    public record Damage(String file, long offset, long position, long rows, boolean exact, String what) {
        static Damage ofUnknownRows(String file, long offset, long position, String what) {
            return new Damage(file, offset, position, -1, false, what);
        }
    }

    /// All that was found, in the order of the log.
    public record Report(List<SegmentReport> segments, List<Damage> damages) {
        public boolean whole() {
            return damages.isEmpty();
        }
    }

    /// One batch as it stands in the log.
    ///
    /// @param file in which it stands
    /// @param offset of its frame in the file
    /// @param position of its frame in the log
    /// @param arrivalNanos since 1970, when it was appended
    /// @param duplicates rows that repeat earlier ones
    /// @param mask a bit a row, lowest first: 1 is a duplicate; rows behind the last word are none
    public record StoredBatch(
            BatchId id,
            BatchHeader header,
            String file,
            long offset,
            long position,
            long arrivalNanos,
            int duplicates,
            long[] mask) {
        /// Whether the row repeats one that stands earlier in the log.
        public boolean duplicate(int row) {
            return row >>> 6 < mask.length && (mask[row >>> 6] >>> row & 1) != 0;
        }
    }

    /// Takes the batches of a log, one at a time.
    public interface BatchReader {
        /// Whether the batch is wanted. The rows of others are not read, and so not checked.
        boolean wants(StoredBatch batch);

        /// @param rows sealed rows with all duplicates still in them, the reader's own; empty where every row is one
        void batch(StoredBatch batch, ByteBuffer rows) throws IOException;

        /// Whether nothing more is wanted.
        boolean enough();

        /// Told when the file in which it lies has been read.
        void damaged(Damage damage);
    }

    /// What is done with a file.
    private interface Visit {
        void read(SegmentWalk walk) throws IOException;

        /// A running node has recycled the file while it was read.
        void forget(String name);
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
        return report(false);
    }

    /// The same, with every byte read and every checksum checked.
    ///
    /// @throws IOException as [#list]
    public Report verify() throws IOException {
        return report(true);
    }

    /// Gives the batches whose frames begin at a position from `from` to before `to`, in the order of the log, each once: the copy
    /// of a batch only where its first frame cannot be read. Holds one of them in memory at a time.
    ///
    /// @return position of the first segment that the log still has with its rows; empty where there is none
    /// @throws IOException as [#list], or from the reader
    public Optional<WalPosition> read(WalPosition from, WalPosition to, BatchReader reader) throws IOException {
        Giving giving = new Giving(from.bytes(), to.bytes(), reader);
        TreeMap<Long, String> segments = files("wal");
        visitSegments(segments, files("heads"), reader::damaged, giving);
        return giving.oldest < 0 ? Optional.empty() : Optional.of(new WalPosition(giving.oldest));
    }

    private Report report(boolean everything) throws IOException {
        Reporting reporting = new Reporting(everything);
        List<Damage> damages = new ArrayList<>();
        TreeMap<Long, String> heads = files("heads");
        for (Map.Entry<Long, String> at : heads.entrySet()) {
            visit(at.getKey(), at.getValue(), null, heads, damages::add, reporting);
        }
        visitSegments(files("wal"), heads, damages::add, reporting);
        return new Report(List.copyOf(reporting.reports.values()), List.copyOf(damages));
    }

    // --- files

    /// By number.
    private TreeMap<Long, String> files(String suffix) throws IOException {
        TreeMap<Long, String> files = new TreeMap<>();
        for (String name : disk.list(directory)) {
            Matcher file = FILE.matcher(name);
            if (file.matches() && file.group(2).equals(suffix)) {
                files.put(Long.parseLong(file.group(1)), name);
            }
        }
        return files;
    }

    private void visitSegments(
            TreeMap<Long, String> segments, TreeMap<Long, String> heads, Consumer<Damage> damages, Visit visit)
            throws IOException {
        for (Map.Entry<Long, String> at : segments.entrySet()) {
            Map.Entry<Long, String> next = segments.higherEntry(at.getKey());
            SegmentHeader following = next == null ? null : headerOf(next.getValue());
            visit(at.getKey(), at.getValue(), following, heads, damages, visit);
            if (next != null && next.getKey() != at.getKey() + 1) {
                findMissing(at.getKey(), next.getKey(), heads, damages);
            }
        }
    }

    private void findMissing(long from, long to, Map<Long, String> heads, Consumer<Damage> damages) {
        for (long number = from + 1; number < Math.min(to, from + 1 + MAX_NAMED); number++) {
            if (!heads.containsKey(number)) {
                String name = Segment.fileName(number);
                if (!disk.exists(directory.resolve(name))) {
                    damages.accept(Damage.ofUnknownRows(name, 0, -1, "the segment is missing"));
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

    private void visit(
            long number,
            String name,
            @Nullable SegmentHeader following,
            Map<Long, String> heads,
            Consumer<Damage> damages,
            Visit visit)
            throws IOException {
        List<Damage> found = new ArrayList<>();
        SegmentHeader read = null;
        try (DiskFile file = disk.openForReading(directory.resolve(name))) {
            SegmentHeader header = SegmentHeader.read(file, name);
            if (header == null || header.number() != number) {
                found.add(damagedHeader(name, heads.get(number)));
            } else {
                read = header;
                visit.read(new SegmentWalk(name, file, header, following, found));
            }
        } catch (NoSuchFileException _) {
            return; // recycled since the directory was listed
        }
        if (!found.isEmpty() && recycledSince(name, read)) {
            visit.forget(name);
        } else {
            found.forEach(damages);
        }
    }

    /// Whether a running node has recycled the file while it was read.
    private boolean recycledSince(String name, @Nullable SegmentHeader read) throws IOException {
        SegmentHeader now = headerOf(name);
        return !disk.exists(directory.resolve(name)) || read != null && now != null && now.nonce() != read.nonce();
    }

    private Damage damagedHeader(String name, @Nullable String headsName) throws IOException {
        String what = "the header of the segment is damaged, and so nothing in the file can be read";
        SegmentHeader heads = headsName == null || headsName.equals(name) ? null : headerOf(headsName);
        return heads == null
                ? Damage.ofUnknownRows(name, 0, -1, what)
                : new Damage(name, 0, heads.first(), heads.summary().rows(), true, what);
    }

    // --- what is done with a file

    /// Counts what is in each file.
    private static final class Reporting implements Visit {
        private final boolean everything;
        private final TreeMap<String, SegmentReport> reports = new TreeMap<>();

        private Reporting(boolean everything) {
            this.everything = everything;
        }

        @Override
        public void read(SegmentWalk walk) throws IOException {
            reports.put(walk.name(), new Counting(everything).of(walk));
        }

        @Override
        public void forget(String name) {
            reports.remove(name);
        }
    }

    /// Counts what is in one file.
    private static final class Counting implements SegmentWalk.Visitor {
        private final boolean everything;
        private long groups;
        private long batches;
        private long rows;
        private long duplicates;
        private long copies;

        private Counting(boolean everything) {
            this.everything = everything;
        }

        private SegmentReport of(SegmentWalk walk) throws IOException {
            walk.run(this, everything);
            SegmentHeader header = walk.header();
            return new SegmentReport(
                    walk.name(), header.heads(), header.number(), header.node().value(), header.epoch(), header.first(),
                    walk.end(), groups, batches, rows, duplicates, copies, walk.fileBytes(), walk.tailBytes());
        }

        @Override
        public boolean wants(GroupHeader group) {
            return true;
        }

        @Override
        public boolean wantsRows(GroupHeader group, FrameHead head) {
            return everything;
        }

        @Override
        public void frame(GroupHeader group, FrameHead head, ByteBuffer frameRows) {
            batches++;
            rows += head.header().rows() - head.duplicates();
            duplicates += head.duplicates();
            if (head.copy()) {
                copies++;
            }
        }

        @Override
        public void group(GroupHeader group) {
            groups++;
        }

        @Override
        public boolean enough() {
            return false;
        }
    }

    /// Gives what is in all files, one behind the other.
    private static final class Giving implements Visit, SegmentWalk.Visitor {
        private final long from;
        private final long to;
        private final BatchReader reader;
        private long oldest = -1;
        private @Nullable SegmentHeader header;

        /// Originals that were met in the last group that is no copy, and in the copies of it: a copy repeats the last group
        /// before it, so that this is all that it can repeat.
        private final Set<Long> met = new HashSet<>();

        private Giving(long from, long to, BatchReader reader) {
            this.from = from;
            this.to = to;
            this.reader = reader;
        }

        @Override
        public void read(SegmentWalk walk) throws IOException {
            header = walk.header();
            if (oldest < 0) {
                oldest = walk.header().first();
            }
            if (!walk.endsBefore(from) && walk.header().first() < to && !reader.enough()) {
                walk.run(this, false);
            }
        }

        @Override
        public void forget(String name) {} // its batches are stored: that is why it was recycled

        @Override
        public boolean wants(GroupHeader group) {
            if (group.kind() == GroupHeader.Kind.DATA) {
                met.clear();
            }
            return group.count() > 0 && GroupHeader.aligned(group.first() + GroupHeader.BYTES + group.length()) > from;
        }

        @Override
        public boolean wantsRows(GroupHeader group, FrameHead head) {
            return isInRange(head) && !isRepeated(head) && reader.wants(batch(group, head));
        }

        private boolean isInRange(FrameHead head) {
            return head.position() >= from && head.position() < to;
        }

        private boolean isRepeated(FrameHead head) {
            return head.copy() && (met.contains(head.original()) || head.original() < from);
        }

        private StoredBatch batch(GroupHeader group, FrameHead head) {
            if (header == null) {
                throw new IllegalStateException("no segment is being read");
            }
            return new StoredBatch(
                    head.id(header.node()), head.header(), Segment.fileName(header.number()),
                    head.position() - header.first(), head.position(), group.arrival(), head.duplicates(), head.mask());
        }

        @Override
        public void frame(GroupHeader group, FrameHead head, ByteBuffer rows) throws IOException {
            boolean given = isInRange(head) && !isRepeated(head);
            met.add(head.original());
            if (given) {
                StoredBatch batch = batch(group, head);
                if (reader.wants(batch)) {
                    reader.batch(batch, rows);
                }
            }
        }

        @Override
        public void group(GroupHeader group) {}

        @Override
        public boolean enough() {
            return reader.enough();
        }
    }
}
