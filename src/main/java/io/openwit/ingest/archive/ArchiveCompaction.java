package io.openwit.ingest.archive;

import static java.util.Objects.requireNonNull;

import io.openwit.ingest.archive.CatalogueEntry.Merged;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.telemetry.Telemetry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Makes few large files of many small ones, in days that are over; and a new catalogue, where such a day has lost its.
///
/// Batches are copied as they are, a piece a step. The new file gets its name when it is forced, then the catalogue says
/// in one entry that it stands for the small ones, and then those are removed. A crash before that entry leaves a file
/// that nobody knows, and one behind it files that nobody needs: each is removed when the day is looked at next, at the
/// start of a node. So a batch counts once at any moment.
///
/// Owned by the archive's thread. After an [IOException] call [#abandon]: the day is looked at anew.
final class ArchiveCompaction implements Closeable {
    private static final Logger LOG = Logger.getLogger(ArchiveCompaction.class.getName());
    private static final int PIECE_BYTES = 4 << 20;

    /// Bytes copied between two forces, so that no single one takes long.
    private static final long FORCE_BYTES = 64L << 20;

    private static final String DRAFT_SUFFIX = ".tmp";

    private final ArchiveConfig config;
    private final Disk disk;
    private final Telemetry telemetry;
    private final Consumer<String> damage;

    /// Days to look at.
    private final TreeSet<LocalDate> days = new TreeSet<>();

    /// Of the day that is looked at.
    private final Deque<List<DayCatalogue.Listed>> merges = new ArrayDeque<>();

    private @Nullable LocalDate looking;
    private int nextFile;
    private @Nullable Merging merging;

    /// A file that is being made.
    private final class Merging implements Closeable {
        final List<DayCatalogue.Listed> sources;
        final int number;
        final Path folder;
        final StreamName name;
        final Path draft;
        final DiskFile out;
        final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
        int source;
        @Nullable DiskFile in;
        long at;
        long length;
        long forced;

        Merging(List<DayCatalogue.Listed> sources, int number) throws IOException {
            this.sources = sources;
            this.number = number;
            DayCatalogue.Listed first = sources.getFirst();
            folder = first.folder(dayDir());
            StreamName firstName = requireNonNull(StreamName.parse(first.name));
            name = StreamName.merged(firstName.first(), number);
            draft = folder.resolve(name.text() + DRAFT_SUFFIX);
            out = disk.create(draft);
        }

        /// @return whether there was something left to copy
        boolean copyPiece() throws IOException {
            if (source == sources.size()) {
                return false;
            }
            DayCatalogue.Listed from = sources.get(source);
            DiskFile open = in;
            if (open == null) {
                open = disk.openForReading(folder.resolve(from.name));
                in = open;
                at = source == 0 ? 0 : from.schemaBytes; // the first brings the schema for all
            }
            long left = from.contentEnd() - at;
            piece.clear().limit((int) Math.min(PIECE_BYTES, left));
            if (open.read(piece, at) < piece.limit()) {
                throw new IOException(folder.resolve(from.name) + " ends before " + from.contentEnd());
            }
            piece.flip();
            int bytes = piece.remaining();
            out.write(new ByteBuffer[] {piece}, 1, length);
            at += bytes;
            length += bytes;
            if (length - forced >= FORCE_BYTES) {
                out.force();
                forced = length;
            }
            if (at == from.contentEnd()) {
                in = null;
                open.close();
                source++;
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            try (out) {
                DiskFile open = in;
                if (open != null) {
                    open.close();
                }
            }
        }
    }

    /// @param damage is told in a line what was found damaged
    ArchiveCompaction(ArchiveConfig config, Disk disk, Telemetry telemetry, Consumer<String> damage) {
        this.config = config;
        this.disk = disk;
        this.telemetry = telemetry;
        this.damage = damage;
    }

    /// Says that the day takes no more batches.
    void dayOver(LocalDate date) {
        days.add(date);
    }

    /// Does one bounded piece of work.
    ///
    /// @return whether there was something to do
    boolean step() throws IOException {
        Merging open = merging;
        if (open != null) {
            if (!open.copyPiece()) {
                finish(open);
            }
            return true;
        }
        List<DayCatalogue.Listed> sources = merges.poll();
        if (sources != null) {
            merging = new Merging(sources, nextFile++);
            return true;
        }
        LocalDate date = looking != null ? looking : days.pollFirst();
        looking = date;
        if (date == null) {
            return false;
        }
        try {
            look(dayDir());
        } catch (NoSuchFileException e) {
            LOG.info("archive day is gone and is not looked at: day=" + date + " file=" + e.getFile());
            merges.clear();
        }
        if (merges.isEmpty()) {
            looking = null;
        }
        return true;
    }

    /// Gives up what is under way; its day is looked at again.
    void abandon() {
        LocalDate date = looking;
        if (date != null) {
            days.add(date);
        }
        looking = null;
        merges.clear();
        try {
            close();
        } catch (IOException e) {
            LOG.warning("archive file does not close well: reason=" + e.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        Merging open = merging;
        merging = null;
        if (open != null) {
            open.close();
        }
    }

    private Path dayDir() {
        return config.dir().resolve("day=" + requireNonNull(looking));
    }

    private void look(Path dir) throws IOException {
        if (!disk.exists(dir)) {
            return;
        }
        Path path = dir.resolve(CatalogueFormat.NAME);
        DayCatalogue.Read read = DayCatalogue.read(disk, path, false);
        if (!read.whole()) {
            if (read.tornMerge(disk, dir)) {
                LOG.info("archive catalogue is cut to its whole entries: file=" + path + " from=" + read.fileBytes()
                        + " to=" + read.wholeBytes());
                try (DiskFile catalogue = disk.open(path)) {
                    catalogue.truncate(read.wholeBytes());
                    catalogue.force();
                }
            } else {
                damage.accept(path + " is damaged or missing; it is made anew from the files of the day");
                CatalogueRebuild.run(disk, dir, null, damage);
            }
            read = DayCatalogue.read(disk, path, false);
        }
        removeLeftovers(dir, read.catalogue());
        nextFile = read.catalogue().nextFile();
        plan(dir, read.catalogue());
    }

    private void removeLeftovers(Path dir, DayCatalogue catalogue) throws IOException {
        for (Path source : catalogue.mergedSources(dir)) {
            if (disk.exists(source)) {
                remove(source);
            }
        }
        for (Path folder : DayFiles.folders(disk, dir)) {
            for (String name : disk.list(folder)) {
                StreamName stream = StreamName.parse(name);
                boolean unknown = stream != null && stream.merged() && !catalogue.knows(dir, folder.resolve(name));
                if (unknown || name.endsWith(DRAFT_SUFFIX)) {
                    remove(folder.resolve(name));
                }
            }
        }
    }

    private void remove(Path path) throws IOException {
        LOG.info("archive file was left by a compaction, and goes: file=" + path);
        disk.delete(path);
        disk.syncDirectory(requireNonNull(path.getParent()));
    }

    /// Runs of files that lie side by side and are less than half of what a file may be, so that copying pays.
    private void plan(Path dir, DayCatalogue catalogue) throws IOException {
        for (List<DayCatalogue.Listed> files : catalogue.byStream()) {
            List<DayCatalogue.Listed> run = new ArrayList<>();
            long bytes = 0;
            for (DayCatalogue.Listed file : files) {
                boolean fits = bytes + file.length <= config.fileBytes() && run.size() < Merged.MAX_SOURCES;
                boolean small = file.length < config.fileBytes() / 2 || !file.ended;
                if (!small || !fits) {
                    planRun(dir, run);
                    run = new ArrayList<>();
                    bytes = 0;
                }
                if (small) {
                    run.add(file);
                    bytes += file.length;
                }
            }
            planRun(dir, run);
        }
    }

    /// Files are only looked at where there is something to merge: most streams have one file a day.
    private void planRun(Path dir, List<DayCatalogue.Listed> run) throws IOException {
        if (!pays(run)) {
            return;
        }
        List<DayCatalogue.Listed> whole = new ArrayList<>();
        for (DayCatalogue.Listed file : run) {
            if (isWhole(dir, file)) {
                whole.add(file);
            } else {
                add(whole);
                whole = new ArrayList<>();
            }
        }
        add(whole);
    }

    /// Several, or one that has no end mark.
    private static boolean pays(List<DayCatalogue.Listed> run) {
        return run.size() > 1 || run.stream().anyMatch(file -> !file.ended);
    }

    private void add(List<DayCatalogue.Listed> run) {
        if (!pays(run)) {
            return;
        }
        long bytes = run.stream().mapToLong(file -> file.length).sum();
        if (disk.usableBytes(config.dir()) < 2 * bytes) {
            LOG.info("archive files are not merged, as the disk is nearly full: files=" + run.size() + " bytes="
                    + bytes);
            return;
        }
        merges.add(run);
    }

    /// One that is shorter or longer than it should be stays as it is, for people to look at.
    private boolean isWhole(Path dir, DayCatalogue.Listed file) throws IOException {
        try (DiskFile in = disk.openForReading(file.folder(dir).resolve(file.name))) {
            return in.size() == file.length && StreamName.parse(file.name) != null;
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private void finish(Merging done) throws IOException {
        done.out.write(new ByteBuffer[] {ByteBuffer.wrap(ArchiveDay.END_MARK)}, 1, done.length);
        done.length += ArchiveDay.END_MARK.length;
        done.out.force();
        close();
        disk.rename(done.draft, done.folder.resolve(done.name.text()));
        disk.syncDirectory(done.folder);
        DayCatalogue.Listed first = done.sources.getFirst();
        List<Integer> numbers = done.sources.stream().map(source -> source.file).toList();
        append(new Merged(
                done.number, first.tenant, first.signal, done.name.text(), first.schemaBytes, done.length, numbers));
        for (DayCatalogue.Listed source : done.sources) {
            disk.delete(done.folder.resolve(source.name));
        }
        disk.syncDirectory(done.folder);
        telemetry.metrics().archiveBytesCompacted.inc(done.length);
        LOG.info("archive files merged: file=" + done.folder.resolve(done.name.text()) + " files="
                + done.sources.size() + " bytes=" + done.length);
    }

    private void append(Merged entry) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(CatalogueFormat.MAX_ENTRY_BYTES);
        CatalogueFormat.write(entry, bytes);
        try (DiskFile catalogue = disk.open(dayDir().resolve(CatalogueFormat.NAME))) {
            catalogue.write(new ByteBuffer[] {bytes.flip()}, 1, catalogue.size());
            catalogue.force();
        }
    }
}
