package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// A file of the archive, opened for reading. Owned by one thread.
final class ArchivedStream implements Closeable {
    /// No batch is longer; a length beyond it is not believed.
    static final long MAX_BATCH_BYTES = 512L << 20;

    private final DiskFile file;

    /// @throws java.nio.file.NoSuchFileException it is not there
    static ArchivedStream open(Disk disk, Path path) throws IOException {
        return new ArchivedStream(disk.openForReading(path));
    }

    private ArchivedStream(DiskFile file) {
        this.file = file;
    }

    long size() throws IOException {
        return file.size();
    }

    /// Bytes from `offset`, in memory of their own; fewer where the file ends before.
    ByteBuffer bytes(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        file.read(bytes, offset);
        return bytes.flip();
    }

    /// The messages of a batch, in memory of their own. Checked against catalogue, note and checksum.
    ///
    /// @throws MalformedBatchException they are not what was written
    ByteBuffer messages(Archived entry) throws IOException, MalformedBatchException {
        if (entry.length() > MAX_BATCH_BYTES) {
            throw new MalformedBatchException("batch " + entry.id() + " of " + entry.length() + " bytes, at most "
                    + MAX_BATCH_BYTES);
        }
        ByteBuffer bytes = bytes(entry.offset(), (int) entry.length());
        BatchNote.Found found = BatchNote.at(bytes);
        if (!found.entry(entry.file(), entry.offset()).equals(entry)) {
            throw new MalformedBatchException("the catalogue names batch " + entry.id() + " with " + entry.rows()
                    + " rows and " + entry.length() + " bytes, and another stands there: " + found.note());
        }
        return found.messages(bytes);
    }

    /// Whether the note before a batch is, to its last byte, what is written for these messages.
    boolean noteIsWhole(Signal signal, Archived entry, ByteBuffer messages) throws IOException {
        byte[] note = BatchNote.of(entry, messages.remaining()).message(signal, messages);
        return bytes(entry.offset(), (int) entry.length() - messages.remaining()).equals(ByteBuffer.wrap(note));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
