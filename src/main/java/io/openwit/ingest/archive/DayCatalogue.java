package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.Begun;
import io.openwit.ingest.archive.CatalogueEntry.Ended;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The files of a day, made of the entries of its catalogue in their order.
///
/// Owned by the thread that reads.
final class DayCatalogue {
    private final Map<Integer, Listed> files = new TreeMap<>();

    /// A file as far as its entries have been read.
    private static final class Listed {
        final Begun begun;
        final List<Archived> batches = new ArrayList<>();
        long length;
        boolean ended;

        Listed(Begun begun) {
            this.begun = begun;
            length = begun.length();
        }
    }

    /// What was found in a catalogue's file.
    ///
    /// @param wholeBytes where its last whole entry ends; 0 where the file is no catalogue, or missing
    /// @param fileBytes of the file
    record Read(DayCatalogue catalogue, long wholeBytes, long fileBytes) {}

    /// Reads as far as the entries are whole.
    static Read read(Disk disk, Path path) throws IOException {
        DayCatalogue catalogue = new DayCatalogue();
        if (!disk.exists(path)) {
            return new Read(catalogue, 0, 0);
        }
        try (DiskFile file = disk.openForReading(path)) {
            long size = file.size();
            return new Read(catalogue, CatalogueReader.read(file, size, catalogue::add), size);
        }
    }

    void add(CatalogueEntry entry) {
        switch (entry) {
            case Begun begun -> files.put(begun.file(), new Listed(begun));
            case Archived archived -> {
                Listed listed = files.get(archived.file());
                if (listed != null) {
                    listed.batches.add(archived);
                    listed.length = archived.offset() + archived.length();
                }
            }
            case Ended ended -> {
                Listed listed = files.get(ended.file());
                if (listed != null) {
                    listed.length = ended.length();
                    listed.ended = true;
                }
            }
        }
    }

    /// In the order in which the day began them.
    ///
    /// @param dir of the day
    List<ArchivedFile> files(LocalDate day, Path dir) {
        List<ArchivedFile> all = new ArrayList<>();
        for (Listed listed : files.values()) {
            Begun begun = listed.begun;
            Path path = dir.resolve("tenant=" + begun.tenant())
                    .resolve("signal=" + begun.signal().label())
                    .resolve(begun.name());
            all.add(new ArchivedFile(
                    day, begun.tenant(), begun.signal(), path, listed.ended, begun.length(), listed.length,
                    listed.batches));
        }
        return all;
    }
}
