package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.Begun;
import io.openwit.ingest.archive.CatalogueEntry.Ended;
import io.openwit.ingest.archive.CatalogueEntry.LeftOut;
import io.openwit.ingest.archive.CatalogueEntry.Merged;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The files of a day, made of the entries of its catalogue in their order.
///
/// Owned by the thread that reads.
final class DayCatalogue {
    private final boolean withBatches;
    private final Map<Integer, Listed> files = new TreeMap<>();
    private final List<Listed> sources = new ArrayList<>();
    private int nextFile;

    /// A file as far as its entries have been read.
    static final class Listed {
        final int file;
        final TenantId tenant;
        final Signal signal;
        final String name;
        final long schemaBytes;

        /// Empty where the catalogue is read without them.
        final List<Archived> batches = new ArrayList<>();

        long length;
        boolean ended;

        private Listed(int file, TenantId tenant, Signal signal, String name, long schemaBytes) {
            this.file = file;
            this.tenant = tenant;
            this.signal = signal;
            this.name = name;
            this.schemaBytes = schemaBytes;
            length = schemaBytes;
        }

        /// Where its last batch ends.
        long contentEnd() {
            return ended ? length - ArchiveDay.END_MARK.length : length;
        }

        /// @param dir of the day
        Path folder(Path dir) {
            return dir.resolve("tenant=" + tenant).resolve("signal=" + signal.label());
        }
    }

    /// What was found in a catalogue's file.
    ///
    /// @param wholeBytes where its last whole entry ends; 0 where the file is no catalogue, or missing
    /// @param fileBytes of the file
    record Read(DayCatalogue catalogue, long wholeBytes, long fileBytes) {
        /// Whether all of it is whole.
        boolean whole() {
            return wholeBytes > 0 && wholeBytes == fileBytes;
        }

        /// Whether what is not whole, in a day that is over, is no more than the entry of a compaction that a crash
        /// came upon: then every file is whole as the entries before say it.
        ///
        /// @param dir of the day
        boolean tornMerge(Disk disk, Path dir) throws IOException {
            if (wholeBytes == 0 || fileBytes - wholeBytes > CatalogueFormat.MAX_ENTRY_BYTES) {
                return false;
            }
            Collection<Path> merged = catalogue.mergedSources(dir);
            Map<Path, Long> lengths = new HashMap<>();
            for (Listed file : catalogue.files.values()) {
                if (!file.ended) {
                    return false;
                }
                lengths.put(file.folder(dir).resolve(file.name), file.length);
            }
            for (Path path : DayFiles.streams(disk, dir)) {
                StreamName name = StreamName.parse(String.valueOf(path.getFileName()));
                Long length = lengths.remove(path);
                if (length == null && !merged.contains(path) && (name == null || !name.merged())) {
                    return false;
                }
                try (DiskFile file = disk.openForReading(path)) {
                    if (length != null && file.size() != length) {
                        return false;
                    }
                }
            }
            return lengths.isEmpty();
        }
    }

    /// Reads as far as the entries are whole.
    ///
    /// @param withBatches whether the files know their batches, which takes memory
    static Read read(Disk disk, Path path, boolean withBatches) throws IOException {
        DayCatalogue catalogue = new DayCatalogue(withBatches);
        if (!disk.exists(path)) {
            return new Read(catalogue, 0, 0);
        }
        try (DiskFile file = disk.openForReading(path)) {
            long size = file.size();
            return new Read(catalogue, CatalogueReader.read(file, size, catalogue::add), size);
        }
    }

    DayCatalogue(boolean withBatches) {
        this.withBatches = withBatches;
    }

    void add(CatalogueEntry entry) {
        switch (entry) {
            case Begun begun -> add(new Listed(
                    begun.file(), begun.tenant(), begun.signal(), begun.name(), begun.length()));
            case Archived archived -> {
                Listed listed = files.get(archived.file());
                if (listed != null) {
                    listed.length = archived.offset() + archived.length();
                    if (withBatches) {
                        listed.batches.add(archived);
                    }
                }
            }
            case Ended ended -> {
                Listed listed = files.get(ended.file());
                if (listed != null) {
                    listed.length = ended.length();
                    listed.ended = true;
                }
            }
            case LeftOut _ -> {
                // Of no file: the gap has a file of its own.
            }
            case Merged merged -> merge(merged);
        }
    }

    private void add(Listed listed) {
        files.put(listed.file, listed);
        // Also above the numbers in names, which a catalogue that was made anew may not have.
        StreamName name = StreamName.parse(listed.name);
        nextFile = Math.max(nextFile, 1 + Math.max(listed.file, name == null ? 0 : name.merges()));
    }

    private void merge(Merged merged) {
        Listed into = new Listed(merged.file(), merged.tenant(), merged.signal(), merged.name(), merged.schemaBytes());
        for (int number : merged.sources()) {
            Listed source = files.remove(number);
            if (source != null) {
                long moved = into.length - source.schemaBytes;
                for (Archived batch : source.batches) {
                    into.batches.add(batch.movedTo(into.file, batch.offset() + moved));
                }
                into.length += source.contentEnd() - source.schemaBytes;
                sources.add(source);
            }
        }
        into.length = merged.length();
        into.ended = true;
        add(into);
    }

    /// A number that no file of the day has.
    int nextFile() {
        return nextFile;
    }

    /// @param dir of the day
    boolean knows(Path dir, Path path) {
        return files.values().stream().anyMatch(file -> file.folder(dir).resolve(file.name).equals(path));
    }

    /// Files that were merged into others, and that nobody needs.
    Collection<Path> mergedSources(Path dir) {
        Set<Path> paths = new HashSet<>();
        sources.forEach(source -> paths.add(source.folder(dir).resolve(source.name)));
        return paths;
    }

    /// The files of each tenant and signal, in the order in which their batches came.
    Collection<List<Listed>> byStream() {
        Map<ArchiveStream.Key, List<Listed>> streams = new LinkedHashMap<>();
        for (Listed file : files.values()) {
            streams.computeIfAbsent(new ArchiveStream.Key(file.tenant, file.signal), _ -> new ArrayList<>()).add(file);
        }
        // A merged file has the number of a late one, and stands for early ones.
        streams.values().forEach(list -> list.sort((a, b) -> {
            StreamName left = StreamName.parse(a.name);
            StreamName right = StreamName.parse(b.name);
            return left == null || right == null ? Integer.compare(a.file, b.file) : left.first().compareTo(right.first());
        }));
        return streams.values();
    }

    /// In the order in which the day began them.
    ///
    /// @param dir of the day
    List<ArchivedFile> files(LocalDate day, Path dir) {
        List<ArchivedFile> all = new ArrayList<>();
        for (Listed file : files.values()) {
            all.add(new ArchivedFile(
                    day, file.tenant, file.signal, file.folder(dir).resolve(file.name), file.ended, file.schemaBytes,
                    file.length, file.batches));
        }
        return all;
    }
}
