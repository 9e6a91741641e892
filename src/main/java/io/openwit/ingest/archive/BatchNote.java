package io.openwit.ingest.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.NoteMessage;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// What stands in a stream before each batch, so that the files say by themselves what they hold: a [NoteMessage] of the
/// key `openwit.batch`.
///
/// Its text is `id position rows bytes arrival minTime maxTime crc32c`, all but the first decimal and the last in
/// hexadecimal, with the meanings of [Archived]. The checksum covers the text before it, without the space between, and
/// the messages of the batch.
///
/// @param bytes of the batch's messages, which follow the note
record BatchNote(
        BatchId id,
        long position,
        int rows,
        int bytes,
        long arrivalNanos,
        long minTimeNanos,
        long maxTimeNanos) {
    static final String KEY = "openwit.batch";

    private static final int FIELDS = 8;

    /// The note of a batch that stands in the catalogue.
    static BatchNote of(Archived entry, int bytes) {
        return new BatchNote(
                entry.id(),
                entry.position(),
                entry.rows(),
                bytes,
                entry.arrivalNanos(),
                entry.minTimeNanos(),
                entry.maxTimeNanos());
    }

    /// The note as it is written.
    ///
    /// @param messages of the batch, from position to limit
    byte[] message(Signal signal, ByteBuffer messages) {
        String text = text();
        return NoteMessage.of(signal, KEY, text + " " + Integer.toHexString(checksum(text, messages)));
    }

    private String text() {
        return id + " " + position + " " + rows + " " + bytes + " " + arrivalNanos + " " + minTimeNanos + " "
                + maxTimeNanos;
    }

    private static int checksum(String text, ByteBuffer messages) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(US_ASCII));
        crc.update(messages.duplicate());
        return (int) crc.getValue();
    }

    /// A note that was read, and how to find what it speaks of.
    ///
    /// @param noteBytes of the note: the messages begin behind them
    /// @param checksum of its text and of the messages
    record Found(BatchNote note, int noteBytes, int checksum) {
        /// Where the batch lies in the file, as the catalogue says it.
        Archived entry(int file, long offset) {
            return new Archived(
                    file,
                    note.id,
                    note.position,
                    offset,
                    (long) noteBytes + note.bytes,
                    note.rows,
                    note.minTimeNanos,
                    note.maxTimeNanos,
                    note.arrivalNanos);
        }

        /// The messages of the batch.
        ///
        /// @param bytes from position to limit, note and messages
        /// @throws MalformedBatchException they are not what was written
        ByteBuffer messages(ByteBuffer bytes) throws MalformedBatchException {
            if (bytes.remaining() != noteBytes + note.bytes) {
                throw new MalformedBatchException("batch " + note.id + " has " + (bytes.remaining() - noteBytes)
                        + " bytes and its note says " + note.bytes);
            }
            ByteBuffer messages = bytes.slice(bytes.position() + noteBytes, note.bytes);
            int found = BatchNote.checksum(note.text(), messages);
            if (found != checksum) {
                throw new MalformedBatchException("batch " + note.id + " has crc " + Integer.toHexString(found)
                        + ", expected " + Integer.toHexString(checksum));
            }
            return messages;
        }
    }

    /// Reads the note at the position, which stays.
    ///
    /// @throws MalformedBatchException there is none
    static Found at(ByteBuffer bytes) throws MalformedBatchException {
        NoteMessage.Found found = NoteMessage.at(bytes, KEY);
        String[] fields = found.text().split(" ", -1);
        if (fields.length == FIELDS) {
            try {
                BatchNote note = new BatchNote(
                        BatchId.parse(fields[0]),
                        Long.parseLong(fields[1]),
                        Integer.parseInt(fields[2]),
                        Integer.parseInt(fields[3]),
                        Long.parseLong(fields[4]),
                        Long.parseLong(fields[5]),
                        Long.parseLong(fields[6]));
                if (note.bytes > 0 && note.rows >= 0 && note.position >= 0) {
                    return new Found(note, found.bytes(), Integer.parseUnsignedInt(fields[7], 16));
                }
            } catch (IllegalArgumentException e) {
                throw new MalformedBatchException("the note of a batch cannot be read: " + found.text(), e);
            }
        }
        throw new MalformedBatchException("the note of a batch cannot be read: " + found.text());
    }
}
