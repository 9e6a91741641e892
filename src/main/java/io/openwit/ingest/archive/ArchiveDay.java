package io.openwit.ingest.archive;

import io.openwit.columnar.Schemas;
import io.openwit.ingest.archive.ArchiveStream.Key;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.Begun;
import io.openwit.ingest.archive.CatalogueEntry.Ended;
import io.openwit.ingest.archive.CatalogueEntry.LeftOut;
import io.openwit.ingest.archive.CatalogueEntry.Merged;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.Frame;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The day that is written to: its streams and its catalogue.
///
/// ```
/// day=2026-11-24/batches.catalogue                                  CatalogueFormat
/// day=2026-11-24/tenant=acme/signal=logs/n1-5e0f93aa-3-8192.arrows  named by its first batch
/// ```
///
/// Bytes go to the streams at once and to the catalogue with [#force], behind everything that it speaks of. A start
/// cuts whatever the last sure length of the catalogue does not vouch for, and goes on writing there.
///
/// Owned by the archive's thread. After an [IOException] it is of no more use: close it and open the day again.
final class ArchiveDay implements Closeable {
    /// What ends an Arrow stream. Source: Arrow columnar format, "IPC Streaming Format".
    static final byte[] END_MARK = {-1, -1, -1, -1, 0, 0, 0, 0};

    private static final Logger LOG = Logger.getLogger(ArchiveDay.class.getName());

    /// The catalogue vouches for all of the day.
    static final long ALL = Long.MAX_VALUE;

    private final ArchiveConfig config;
    private final Disk disk;
    private final LocalDate date;
    private final Path dir;
    private final DiskFile catalogue;

    /// Entries that are not in the file yet.
    private ByteBuffer entries = ByteBuffer.allocate(64 << 10);

    private long catalogueBytes;
    private int files;

    /// Not ended, the one longest untouched first.
    private final LinkedHashMap<Key, ArchiveStream> streams = new LinkedHashMap<>(16, 0.75f, true);

    /// Those with a handle, the one longest untouched first.
    private final LinkedHashMap<Key, ArchiveStream> opened = new LinkedHashMap<>(16, 0.75f, true);

    private final Set<Path> directoriesToSync = new LinkedHashSet<>();

    /// Opens the day and cuts what is not sure.
    ///
    /// A catalogue that is missing, or damaged below its sure length, is made anew from the streams. Then nothing else is
    /// cut, as nobody knows what belongs, and a stream that does not end with a whole batch is left as it is.
    ///
    /// @param sureBytes length of the catalogue that vouches for what there is; [#ALL] for a day that was left behind
    /// @param last batches of this node behind it come again from the log; null where nobody knows
    /// @param damage is told in a line what was found damaged
    static ArchiveDay open(
            ArchiveConfig config,
            Disk disk,
            LocalDate date,
            long sureBytes,
            @Nullable BatchId last,
            Consumer<String> damage)
            throws IOException {
        Path dir = config.dir().resolve("day=" + date);
        disk.createDirectories(dir);
        Path path = dir.resolve(CatalogueFormat.NAME);
        boolean whole = sureBytes == 0 || isWhole(disk, path, sureBytes);
        if (!whole) {
            damage.accept(path + (sureBytes == ALL ? " is damaged or missing" : " is damaged below its forced length of "
                    + sureBytes + " bytes") + "; it is made anew from the files of the day");
            CatalogueRebuild.run(disk, dir, last, damage);
        }
        DiskFile catalogue = disk.exists(path) ? disk.open(path) : disk.create(path);
        ArchiveDay day = new ArchiveDay(config, disk, date, dir, catalogue);
        try {
            if (whole) {
                day.recover(sureBytes, damage);
            } else {
                day.takeOver();
            }
        } catch (IOException | RuntimeException e) {
            day.close();
            throw e;
        }
        return day;
    }

    private static boolean isWhole(Disk disk, Path path, long sureBytes) throws IOException {
        if (!disk.exists(path)) {
            return false;
        }
        try (DiskFile file = disk.openForReading(path)) {
            long sure = sureBytes == ALL ? file.size() : sureBytes;
            return CatalogueReader.read(file, sure, _ -> {}) == sure;
        }
    }

    private ArchiveDay(ArchiveConfig config, Disk disk, LocalDate date, Path dir, DiskFile catalogue) {
        this.config = config;
        this.disk = disk;
        this.date = date;
        this.dir = dir;
        this.catalogue = catalogue;
    }

    LocalDate date() {
        return date;
    }

    /// The sure length of the catalogue, after [#force].
    long catalogueBytes() {
        return catalogueBytes;
    }

    /// Appends a batch to its stream.
    ///
    /// @param rows dictionaries and record batch, from position to limit; borrowed until this returns
    /// @return bytes written
    long append(Frame frame, ByteBuffer rows) throws IOException {
        BatchHeader header = frame.header();
        ArchiveStream stream = stream(frame);
        long offset = stream.length;
        BatchNote note = new BatchNote(
                frame.id(),
                frame.position().bytes(),
                header.rows() - frame.duplicates(),
                rows.remaining(),
                frame.arrivalNanos(),
                header.minTime(),
                header.maxTime());
        write(stream, ByteBuffer.wrap(note.message(header.signal(), rows)), rows.duplicate());
        long length = stream.length - offset;
        add(new Archived(
                stream.file,
                note.id(),
                note.position(),
                offset,
                length,
                note.rows(),
                note.minTimeNanos(),
                note.maxTimeNanos(),
                note.arrivalNanos()));
        if (stream.length >= config.fileBytes()) {
            end(stream);
        }
        return length;
    }

    /// Notes in the catalogue what is missing before the next batch.
    void leaveOut(ArchiveGap gap) {
        add(new LeftOut(gap));
    }

    /// Gives every stream its end mark: the day is over.
    void end() throws IOException {
        for (ArchiveStream stream : List.copyOf(streams.values())) {
            end(stream);
        }
    }

    /// Makes everything durable: the streams, their names, then the catalogue.
    void force() throws IOException {
        for (ArchiveStream stream : opened.values()) {
            forceStream(stream);
        }
        for (Path directory : directoriesToSync) {
            disk.syncDirectory(directory);
        }
        directoriesToSync.clear();
        if (entries.position() > 0) {
            entries.flip();
            int length = entries.remaining();
            catalogue.write(new ByteBuffer[] {entries}, 1, catalogueBytes);
            entries.clear();
            catalogue.force();
            catalogueBytes += length;
        }
    }

    /// Closes the files. What was not forced is cut at the next start.
    @Override
    public void close() throws IOException {
        IOException failed = null;
        for (ArchiveStream stream : opened.values()) {
            DiskFile handle = stream.handle;
            stream.handle = null;
            failed = close(handle, failed);
        }
        opened.clear();
        failed = close(catalogue, failed);
        if (failed != null) {
            throw failed;
        }
    }

    private static @Nullable IOException close(
            @Nullable DiskFile file, @Nullable IOException before) {
        try {
            if (file != null) {
                file.close();
            }
            return before;
        } catch (IOException e) {
            if (before == null) {
                return e;
            }
            before.addSuppressed(e);
            return before;
        }
    }

    // --- streams

    private ArchiveStream stream(Frame frame) throws IOException {
        Key key = new Key(frame.header().tenant(), frame.header().signal());
        ArchiveStream stream = streams.get(key);
        if (stream != null) {
            return stream;
        }
        if (streams.size() == config.maxStreams()) {
            end(streams.values().iterator().next());
        }
        Path signalDir = directory(key);
        disk.createDirectories(signalDir);
        String name = freeName(signalDir, frame.id());
        ArchiveStream begun = new ArchiveStream(key, files++, signalDir.resolve(name), 0);
        makeRoom();
        begun.handle = disk.create(begun.path);
        directoriesToSync.add(signalDir);
        streams.put(key, begun);
        opened.put(key, begun);
        ByteBuffer schema = ByteBuffer.wrap(Schemas.schemaMessage(key.signal()));
        int schemaBytes = schema.remaining();
        write(begun, schema);
        add(new Begun(begun.file, key.tenant(), key.signal(), name, schemaBytes));
        return begun;
    }

    /// A name is taken where the archive has lost what it knew, and a batch comes again that began a stream.
    private String freeName(Path signalDir, BatchId first) {
        StreamName name = StreamName.of(first);
        for (int times = 1; disk.exists(signalDir.resolve(name.text())); times++) {
            name = StreamName.again(first, times);
        }
        return name.text();
    }

    private void end(ArchiveStream stream) throws IOException {
        write(stream, ByteBuffer.wrap(END_MARK));
        forceStream(stream);
        add(new Ended(stream.file, stream.length));
        streams.remove(stream.key);
        closeHandle(stream);
    }

    private void write(ArchiveStream stream, ByteBuffer... bytes) throws IOException {
        DiskFile handle = stream.handle;
        if (handle == null) {
            makeRoom();
            handle = disk.open(stream.path);
            stream.handle = handle;
        }
        opened.put(stream.key, stream); // and so the one touched last
        long length = 0;
        for (ByteBuffer piece : bytes) {
            length += piece.remaining();
        }
        stream.dirty = true;
        handle.write(bytes, bytes.length, stream.length);
        stream.length += length;
    }

    private void makeRoom() throws IOException {
        while (opened.size() >= config.maxOpenFiles()) {
            ArchiveStream eldest = opened.values().iterator().next();
            forceStream(eldest);
            closeHandle(eldest);
        }
    }

    private static void forceStream(ArchiveStream stream) throws IOException {
        DiskFile handle = stream.handle;
        if (stream.dirty && handle != null) {
            handle.force();
            stream.dirty = false;
        }
    }

    private void closeHandle(ArchiveStream stream) throws IOException {
        opened.remove(stream.key);
        DiskFile handle = stream.handle;
        stream.handle = null;
        if (handle != null) {
            handle.close();
        }
    }

    private void add(CatalogueEntry entry) {
        if (entries.remaining() < CatalogueFormat.MAX_ENTRY_BYTES) {
            ByteBuffer larger = ByteBuffer.allocate(entries.capacity() * 2);
            entries = larger.put(entries.flip());
        }
        CatalogueFormat.write(entry, entries);
    }

    // --- a start

    private void recover(long sureBytes, Consumer<String> damage) throws IOException {
        Map<Integer, ArchiveStream> known = new HashMap<>();
        catalogueBytes = CatalogueReader.read(catalogue, sureBytes, entry -> learn(entry, known));
        if (catalogueBytes == 0) {
            catalogue.truncate(0);
            catalogue.write(new ByteBuffer[] {ByteBuffer.wrap(CatalogueFormat.MAGIC)}, 1, 0);
            catalogueBytes = CatalogueFormat.MAGIC.length;
        } else {
            catalogue.truncate(catalogueBytes);
        }
        catalogue.force();
        disk.syncDirectory(dir);
        if (sureBytes == ALL) {
            // A day that was left behind: what lies there stays as it is, and new streams are begun.
            streams.clear();
            return;
        }
        removeUnknownFiles(known);
        for (ArchiveStream stream : known.values()) {
            cut(stream, damage);
        }
    }

    /// Goes on with a catalogue that was made anew: in the streams that are whole.
    private void takeOver() throws IOException {
        Map<Integer, ArchiveStream> known = new HashMap<>();
        catalogueBytes = CatalogueReader.read(catalogue, ALL, entry -> learn(entry, known));
        for (ArchiveStream stream : List.copyOf(streams.values())) {
            try (DiskFile file = disk.openForReading(stream.path)) {
                if (file.size() != stream.length) {
                    streams.remove(stream.key);
                }
            }
        }
    }

    private void learn(CatalogueEntry entry, Map<Integer, ArchiveStream> known) {
        switch (entry) {
            case Begun begun -> {
                Key key = new Key(begun.tenant(), begun.signal());
                Path path = directory(key).resolve(begun.name());
                ArchiveStream stream = new ArchiveStream(key, begun.file(), path, begun.length());
                known.put(begun.file(), stream);
                streams.put(key, stream);
                files = Math.max(files, begun.file() + 1);
            }
            case Archived archived -> {
                ArchiveStream stream = known.get(archived.file());
                if (stream != null) {
                    stream.length = archived.offset() + archived.length();
                }
            }
            case Ended ended -> {
                ArchiveStream stream = known.get(ended.file());
                if (stream != null) {
                    stream.length = ended.length();
                    streams.remove(stream.key);
                }
            }
            case LeftOut _ -> {
                // Of no file.
            }
            case Merged merged -> {
                Key key = new Key(merged.tenant(), merged.signal());
                Path path = directory(key).resolve(merged.name());
                merged.sources().forEach(known::remove);
                known.put(merged.file(), new ArchiveStream(key, merged.file(), path, merged.length()));
                files = Math.max(files, merged.file() + 1);
            }
        }
    }

    private Path directory(Key key) {
        return dir.resolve("tenant=" + key.tenant()).resolve("signal=" + key.signal().label());
    }

    private void cut(ArchiveStream stream, Consumer<String> damage) throws IOException {
        try (DiskFile file = disk.open(stream.path)) {
            long size = file.size();
            if (size < stream.length) {
                damage.accept(stream.path + " has " + size + " bytes, and " + stream.length
                        + " were forced; it is left as it is");
                streams.remove(stream.key, stream);
            } else if (size > stream.length) {
                LOG.info("archive file is cut to what was forced: file=" + stream.path + " from=" + size + " to="
                        + stream.length);
                file.truncate(stream.length);
                file.force();
            }
        }
    }

    private void removeUnknownFiles(Map<Integer, ArchiveStream> known) throws IOException {
        Set<Path> names = new HashSet<>();
        known.values().forEach(stream -> names.add(stream.path));
        for (Path path : DayFiles.streams(disk, dir)) {
            if (!names.contains(path)) {
                LOG.info("archive file was not forced and comes again: file=" + path);
                disk.delete(path);
                directoriesToSync.add(path.getParent());
            }
        }
    }
}
