package io.openwit.ingest.archive;

import static java.util.Objects.requireNonNull;

import io.openwit.columnar.NoteMessage;
import io.openwit.columnar.Schemas;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.Begun;
import io.openwit.ingest.archive.CatalogueEntry.Ended;
import io.openwit.ingest.wal.Disk;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Finds out what a day holds from its streams alone, by the notes before the batches: a catalogue that is lost is made
/// anew of it. Every byte is read and every checksum checked.
///
/// What it cannot know: where the catalogue named what was left out (the files of the gaps still do), and in which order
/// batches of different files came, but by their positions.
///
/// Owned by one thread; for one scan.
final class DayScan {
    private final Disk disk;
    private final Path dir;
    private final @Nullable BatchId last;
    private final Consumer<CatalogueEntry> entries;
    private final Consumer<ArchiveDamage> damages;
    private final List<Path> redundant = new ArrayList<>();
    private final Map<Path, Long> cuts = new HashMap<>();
    private int files;

    /// @param last batches of this node behind it come again from its log, and are left out; null where nobody knows
    /// @param entries is given what the catalogue should say, file by file
    DayScan(
            Disk disk,
            Path dir,
            @Nullable BatchId last,
            Consumer<CatalogueEntry> entries,
            Consumer<ArchiveDamage> damages) {
        this.disk = disk;
        this.dir = dir;
        this.last = last;
        this.entries = entries;
        this.damages = damages;
    }

    /// Streams whose batches all stand in a larger one as well: a crash left them behind.
    List<Path> redundant() {
        return redundant;
    }

    /// Streams that hold batches which come again, with the length up to those.
    Map<Path, Long> cuts() {
        return cuts;
    }

    void run() throws IOException {
        for (Path folder : DayFiles.folders(disk, dir)) {
            TenantId tenant;
            Signal signal;
            try {
                tenant = new TenantId(DayFiles.valueOf(requireNonNull(folder.getParent())));
                signal = Signal.ofLabel(DayFiles.valueOf(folder));
            } catch (IllegalArgumentException e) {
                damages.accept(new ArchiveDamage(folder, 0, -1, "no such folder is made here: " + e.getMessage()));
                continue;
            }
            scan(folder, tenant, signal);
        }
    }

    /// The merged files first. The ids of one of them are held, where there are others that a crash may have left.
    private void scan(Path folder, TenantId tenant, Signal signal) throws IOException {
        List<StreamName> names = new ArrayList<>();
        for (String name : disk.list(folder)) {
            StreamName parsed = StreamName.parse(name);
            if (parsed != null) {
                names.add(parsed);
            } else if (name.endsWith(DayFiles.STREAM_SUFFIX)) {
                damages.accept(new ArchiveDamage(folder.resolve(name), 0, -1, "no stream has such a name"));
            }
        }
        names.sort(StreamName.LARGEST_FIRST);
        boolean several = names.size() > 1;
        Set<BatchId> covered = new HashSet<>();
        for (StreamName name : names) {
            Path path = folder.resolve(name.text());
            boolean suspect = covered.contains(name.first());
            List<CatalogueEntry> found = new ArrayList<>();
            Set<BatchId> here = new HashSet<>();
            boolean ended;
            try (ArchivedStream stream = ArchivedStream.open(disk, path)) {
                ended = scan(path, stream, tenant, signal, entry -> {
                    if (several && entry instanceof Archived batch && (suspect || name.merged())) {
                        here.add(batch.id());
                    }
                    if (suspect) {
                        found.add(entry);
                    } else {
                        entries.accept(entry);
                    }
                });
            }
            if (suspect && ended && covered.containsAll(here)) {
                redundant.add(path);
            } else {
                found.forEach(entries);
                if (ended && name.merged()) {
                    covered.addAll(here);
                }
            }
        }
    }

    /// @return whether it is whole and has its end mark
    private boolean scan(
            Path path, ArchivedStream stream, TenantId tenant, Signal signal, Consumer<CatalogueEntry> into)
            throws IOException {
        byte[] schema = Schemas.schemaMessage(signal);
        long size = stream.size();
        if (!stream.bytes(0, schema.length).equals(ByteBuffer.wrap(schema))) {
            damages.accept(
                    new ArchiveDamage(path, 0, -1, "it does not begin with the schema " + signal.schema()));
            return false;
        }
        int file = files++;
        into.accept(new Begun(file, tenant, signal, requireNonNull(path.getFileName()).toString(), schema.length));
        ByteBuffer endMark = ByteBuffer.wrap(ArchiveDay.END_MARK);
        boolean marked = size >= schema.length + ArchiveDay.END_MARK.length
                && stream.bytes(size - ArchiveDay.END_MARK.length, ArchiveDay.END_MARK.length).equals(endMark);
        long end = marked ? size - ArchiveDay.END_MARK.length : size;
        long at = schema.length;
        while (at < end) {
            BatchNote.Found found;
            boolean whole = true;
            try {
                found = BatchNote.at(stream.bytes(at, (int) Math.min(NoteMessage.MAX_BYTES, end - at)));
                long length = (long) found.noteBytes() + found.note().bytes();
                if (length > Math.min(end - at, ArchivedStream.MAX_BATCH_BYTES)) {
                    throw new MalformedBatchException("batch " + found.note().id() + " of " + length
                            + " bytes goes on behind the end");
                }
            } catch (MalformedBatchException e) {
                damages.accept(new ArchiveDamage(
                        path, at, -1, e.getMessage() + ": the " + (end - at) + " bytes from there on are lost"));
                return false;
            }
            BatchNote note = found.note();
            if (comesAgain(note.id())) {
                cuts.put(path, at);
                return false;
            }
            int length = found.noteBytes() + note.bytes();
            try {
                found.messages(stream.bytes(at, length));
            } catch (MalformedBatchException e) {
                whole = false;
                damages.accept(new ArchiveDamage(path, at, note.rows(), String.valueOf(e.getMessage())));
            }
            if (!whole && !marked) {
                return false; // a tail that was never forced looks like this
            }
            // Damaged in the middle of a file that was finished: it is named, so that a verification names it too.
            into.accept(found.entry(file, at));
            at += length;
        }
        if (marked) {
            into.accept(new Ended(file, size));
        }
        return marked;
    }

    private boolean comesAgain(BatchId id) {
        BatchId before = last;
        return before != null && before.node().equals(id.node()) && id.compareTo(before) > 0;
    }
}
