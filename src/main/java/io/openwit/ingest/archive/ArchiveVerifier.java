package io.openwit.ingest.archive;

import io.openwit.columnar.BatchOpener;
import io.openwit.columnar.Schemas;
import io.openwit.columnar.SealedMessages;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.handoff.UniqueRows;
import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/// Reads every byte of an archive and compares it with what was written: lengths, checksums, batch ids and row counts,
/// and every batch is opened as Arrow. Changes nothing; a node may be writing there. Not thread-safe.
public final class ArchiveVerifier {
    private final ArchiveReader reader;
    private final ArchiveSelection selection;
    private final Consumer<ArchiveDamage> damages;

    /// @param selection its days, tenant and signal count, its time does not
    /// @param damages is told of each, in the order of the files
    public ArchiveVerifier(ArchiveReader reader, ArchiveSelection selection, Consumer<ArchiveDamage> damages) {
        this.reader = reader;
        this.selection = selection;
        this.damages = damages;
    }

    /// @param files is given each file once it has been read
    public void verify(Consumer<ArchivedFile> files) throws IOException {
        for (LocalDate date : reader.days()) {
            if (selection.holds(date)) {
                verify(date, files);
            }
        }
    }

    private void verify(LocalDate date, Consumer<ArchivedFile> files) throws IOException {
        Set<Path> read = new HashSet<>();
        ArchiveReader.Day day = reader.read(date);
        day.damages().forEach(damages);
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ArchiveReader.MAX_ATTEMPTS;
            if (verify(day, read, last, files) || last) {
                break;
            }
            // A file that was listed is gone: the node has dropped the day, or made few files of many.
            day = reader.read(date);
        }
        if (!day.open()) {
            findStrangers(day);
        }
    }

    /// @param read files that were read before; added to
    /// @param last whether a file that is missing is damage, and no reason to look again
    /// @return whether all files were there
    private boolean verify(ArchiveReader.Day day, Set<Path> read, boolean last, Consumer<ArchivedFile> files)
            throws IOException {
        for (ArchivedFile file : day.files()) {
            if (!selection.holds(file) || read.contains(file.path())) {
                continue;
            }
            try (ArchivedStream stream = ArchivedStream.open(reader.disk(), file.path())) {
                verify(file, stream);
            } catch (NoSuchFileException _) {
                if (!last) {
                    return false;
                }
                damages.accept(new ArchiveDamage(file.path(), 0, file.rows(), "the file is missing"));
            }
            read.add(file.path());
            files.accept(file);
        }
        return true;
    }

    private void verify(ArchivedFile file, ArchivedStream stream) throws IOException {
        long size = stream.size();
        byte[] schema = Schemas.schemaMessage(file.signal());
        if (file.schemaBytes() != schema.length
                || !stream.bytes(0, schema.length).equals(ByteBuffer.wrap(schema))) {
            damages.accept(new ArchiveDamage(
                    file.path(), 0, 0, "it does not begin with the schema " + file.signal().schema()));
        }
        long at = file.schemaBytes();
        long rowsLeft = file.rows();
        for (Archived batch : file.batches()) {
            if (batch.offset() + batch.length() > size) {
                damages.accept(new ArchiveDamage(
                        file.path(), size, rowsLeft, "the file ends there, and " + file.length() + " bytes were forced"));
                return;
            }
            verify(file, stream, batch, at);
            at = batch.offset() + batch.length();
            rowsLeft -= batch.rows();
        }
        if (file.ended()) {
            ByteBuffer end = stream.bytes(at, ArchiveDay.END_MARK.length);
            if (!end.equals(ByteBuffer.wrap(ArchiveDay.END_MARK)) || file.length() != at + ArchiveDay.END_MARK.length) {
                damages.accept(new ArchiveDamage(file.path(), at, 0, "the stream's end mark is not there"));
            } else if (size > file.length()) {
                damages.accept(new ArchiveDamage(
                        file.path(), file.length(), 0, size - file.length() + " bytes behind the end"));
            }
        } else if (size < at) {
            damages.accept(new ArchiveDamage(file.path(), size, 0, "the file ends before its first batch"));
        }
    }

    private void verify(ArchivedFile file, ArchivedStream stream, Archived batch, long expectedOffset)
            throws IOException {
        try {
            if (batch.offset() != expectedOffset) {
                throw new MalformedBatchException("batch " + batch.id() + " begins at " + batch.offset()
                        + ", and the one before ends at " + expectedOffset);
            }
            ByteBuffer messages = stream.messages(batch);
            if (!stream.noteIsWhole(file.signal(), batch, messages)) {
                throw new MalformedBatchException("the note of batch " + batch.id() + " has other bytes than are written");
            }
            int rows = rowsOf(file, messages);
            if (rows != batch.rows()) {
                throw new MalformedBatchException(
                        "batch " + batch.id() + " holds " + rows + " rows, and the catalogue says " + batch.rows());
            }
        } catch (MalformedBatchException e) {
            damages.accept(new ArchiveDamage(file.path(), batch.offset(), batch.rows(), words(e)));
        }
    }

    /// Opens the batch, and with it every column.
    private static int rowsOf(ArchivedFile file, ByteBuffer messages) throws MalformedBatchException {
        // Arrow makes room for whatever length a message claims: lengths are judged before.
        SealedMessages.of(messages);
        BufferAllocator allocator = new RootAllocator(UniqueRows.MAX_BYTES);
        int rows;
        try (ArrowReader opened = BatchOpener.open(file.signal(), messages, allocator)) {
            rows = opened.loadNextBatch() ? opened.getVectorSchemaRoot().getRowCount() : 0;
        } catch (IOException | RuntimeException e) {
            // Arrow has many ways of failing over bytes that are not what they should be.
            throw new MalformedBatchException("a batch of " + file.signal().label() + " cannot be opened", e);
        }
        // Not closed where that failed: of a malformed batch Arrow may keep some, and then closing fails too.
        allocator.close();
        return rows;
    }

    private static String words(MalformedBatchException e) {
        return e.getMessage() + (e.getCause() == null ? "" : " (" + e.getCause().getMessage() + ")");
    }

    /// Streams of a day that is over, and that its catalogue does not know.
    private void findStrangers(ArchiveReader.Day day) throws IOException {
        Set<Path> known = new HashSet<>();
        day.files().forEach(file -> known.add(file.path()));
        for (Path path : streamsBelow(day.dir())) {
            if (!known.contains(path)) {
                damages.accept(new ArchiveDamage(path, 0, -1, "the catalogue does not know this file"));
            }
        }
    }

    private List<Path> streamsBelow(Path day) throws IOException {
        try {
            return DayFiles.streams(reader.disk(), day);
        } catch (NoSuchFileException _) {
            return List.of(); // the day was dropped meanwhile
        }
    }
}
