package io.openwit.ingest.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.model.BatchId;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/// What the archive forces when everything else is forced: the last batch that it holds for sure, and the day that is
/// written to, with the sure length of that day's catalogue. What lies beyond is cut at the next start.
///
/// Written as text, `n1-5e0f93aa-3-8192 2026-11-24 73511 9437184`, with `-` for what there is not.
///
/// Design note: the last batch's id and not its position tells what comes again from the log: positions count from 0 in
/// a new directory, ids go on.
///
/// @param last null before the first batch
/// @param day null before the first batch
/// @param gapsTo gaps that begin before this position of the log stand in a catalogue
record ArchiveNote(@Nullable BatchId last, @Nullable LocalDate day, long catalogueBytes, long gapsTo) {
    static final ArchiveNote NOTHING = new ArchiveNote(null, null, 0, 0);

    byte[] encoded() {
        String lastText = last == null ? "-" : last.toString();
        String dayText = day == null ? "-" : day.toString();
        return (lastText + " " + dayText + " " + catalogueBytes + " " + gapsTo).getBytes(US_ASCII);
    }

    /// @throws IOException the bytes are no note
    static ArchiveNote decode(byte[] encoded) throws IOException {
        if (encoded.length == 0) {
            return NOTHING;
        }
        String text = new String(encoded, US_ASCII);
        String[] fields = text.split(" ", -1);
        if (fields.length == 3 || fields.length == 4) {
            try {
                return new ArchiveNote(
                        fields[0].equals("-") ? null : BatchId.parse(fields[0]),
                        fields[1].equals("-") ? null : LocalDate.parse(fields[1]),
                        Long.parseLong(fields[2]),
                        fields.length == 3 ? 0 : Long.parseLong(fields[3])); // older ones know of no gaps
            } catch (IllegalArgumentException | DateTimeException e) {
                throw new IOException("the archive's note cannot be read: " + text, e);
            }
        }
        throw new IOException("the archive's note cannot be read: " + text);
    }
}
