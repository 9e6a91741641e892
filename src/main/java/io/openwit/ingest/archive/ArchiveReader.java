package io.openwit.ingest.archive;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.PositionFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Reads what an archive holds by its catalogues, without changing anything; a node may be writing there.
///
/// The catalogue's entries are written behind the bytes that they speak of, once those are forced. So every whole entry
/// holds, and what a file has beyond them is nobody's yet. In the day that is written to, the last entry may be half
/// written; anywhere else, and below the length that the node has noted, an entry that is not whole is damage. What a
/// day with a damaged catalogue holds is told by its streams.
///
/// Not thread-safe.
public final class ArchiveReader {
    /// How often a day is read again that changes while it is read.
    static final int MAX_ATTEMPTS = 5;

    private final Disk disk;
    private final Path dir;

    /// What is there of one day.
    ///
    /// @param open whether the day may still be written to
    record Day(LocalDate date, Path dir, boolean open, List<ArchivedFile> files, List<ArchiveDamage> damages) {}

    /// @param directory the data directory of a node, or its folder `archive`
    public ArchiveReader(Disk disk, Path directory) {
        this.disk = disk;
        dir = disk.exists(directory.resolve("archive")) ? directory.resolve("archive") : directory;
    }

    /// The folder `archive` itself.
    public Path directory() {
        return dir;
    }

    /// The days that there are, the oldest first.
    public List<LocalDate> days() throws IOException {
        List<LocalDate> days = new ArrayList<>();
        for (String name : disk.list(dir)) {
            LocalDate date = ArchiveRetention.dateOf(name);
            if (date != null) {
                days.add(date);
            }
        }
        return days;
    }

    /// Gives every file of the selection that holds a batch of it, a day at a time, with all of its batches.
    ///
    /// @param damages is told what of the catalogues cannot be read
    public void list(ArchiveSelection selection, Consumer<ArchivedFile> files, Consumer<ArchiveDamage> damages)
            throws IOException {
        for (LocalDate date : days()) {
            if (selection.holds(date)) {
                Day day = read(date);
                day.damages().forEach(damages);
                day.files().stream()
                        .filter(selection::holds)
                        .filter(file -> file.batches().stream().anyMatch(selection::holds))
                        .forEach(files);
            }
        }
    }

    /// What the archive left out, by position.
    public List<ArchiveGap> gaps() throws IOException {
        return ArchiveGap.list(disk, dir);
    }

    /// Reads the catalogue of a day.
    Day read(LocalDate date) throws IOException {
        Path day = dir.resolve("day=" + date);
        Path path = day.resolve(CatalogueFormat.NAME);
        // The note first: what it vouches for is in the catalogue by then.
        ArchiveNote note = note();
        boolean open = isOpen(date, note);
        long sure = date.equals(note.day()) ? note.catalogueBytes() : 0;
        DayCatalogue.Read read = DayCatalogue.read(disk, path, true);
        for (int i = 1; i < MAX_ATTEMPTS && !whole(read, day, open, sure); i++) {
            read = DayCatalogue.read(disk, path, true);
        }
        if (whole(read, day, open, sure) || !disk.exists(day)) {
            return new Day(date, day, open, read.catalogue().files(date, day), List.of());
        }
        List<ArchiveDamage> damages = new ArrayList<>();
        damages.add(new ArchiveDamage(
                path,
                read.wholeBytes(),
                -1,
                (read.fileBytes() == 0 ? "the catalogue is missing" : "the catalogue is damaged")
                        + ": what the day holds is told by its files"));
        DayCatalogue found = new DayCatalogue(true);
        new DayScan(disk, day, null, found::add, damages::add).run();
        return new Day(date, day, open, found.files(date, day), damages);
    }

    private boolean whole(DayCatalogue.Read read, Path day, boolean open, long sure) throws IOException {
        return open ? read.wholeBytes() >= sure : read.whole() || read.tornMerge(disk, day);
    }

    /// Days before the one that the node has noted are over; where it has noted none, the last one may go on.
    private boolean isOpen(LocalDate date, ArchiveNote note) throws IOException {
        LocalDate noted = note.day();
        return noted == null ? days().stream().noneMatch(date::isBefore) : !date.isBefore(noted);
    }

    private ArchiveNote note() throws IOException {
        Path state = dir.resolve(Archive.STATE);
        if (!disk.exists(state)) {
            return ArchiveNote.NOTHING;
        }
        try {
            Optional<PositionFile.Value> value = PositionFile.peek(disk, state);
            return value.isPresent() ? ArchiveNote.decode(value.get().note()) : ArchiveNote.NOTHING;
        } catch (NoSuchFileException _) {
            return ArchiveNote.NOTHING; // in the moment when it is replaced
        }
    }

    Disk disk() {
        return disk;
    }
}
