package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.handoff.Redelivery;
import io.openwit.ingest.wal.Disk;
import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/// Sends what an archive holds to a Flight endpoint again, each batch under its own id.
///
/// What the endpoint has answered is kept in a file, so that a restore that was broken off goes on where it was; the
/// file is removed when nothing is left. The endpoint drops what it has by the batch's id, so a batch may be sent twice.
///
/// Owned by one thread.
public final class ArchiveRestore {
    private final ArchiveReader reader;
    private final ArchiveSelection selection;
    private final Consumer<ArchiveDamage> damages;
    private final Consumer<Counts> progress;

    private final Set<String> chosen = new HashSet<>();
    private long batches;
    private long answered;
    private long answeredBefore;
    private long refused;
    private long damaged;
    private long rows;
    private long bytes;

    /// How far a restore has come.
    ///
    /// @param batches that were chosen so far
    /// @param answered of them by the endpoint, in this run
    /// @param answeredBefore in a run before, and not sent again
    /// @param refused by the endpoint
    /// @param damaged in the archive, and not sent
    /// @param rows sent in this run
    /// @param bytes of the batches that were sent in this run
    public record Counts(
            long batches, long answered, long answeredBefore, long refused, long damaged, long rows, long bytes) {
        /// Whether the endpoint has everything that was chosen.
        public boolean complete() {
            return answered + answeredBefore == batches;
        }
    }

    /// @param damages is told what cannot be sent
    /// @param progress is told of each batch that was sent
    public ArchiveRestore(
            ArchiveReader reader,
            ArchiveSelection selection,
            Consumer<ArchiveDamage> damages,
            Consumer<Counts> progress) {
        this.reader = reader;
        this.selection = selection;
        this.damages = damages;
        this.progress = progress;
    }

    /// Sends everything that was chosen and waits for the answers.
    ///
    /// @param endpoint owned by the caller
    /// @param state what was answered; made if it is not there
    /// @param resumed is told how many answers an earlier run has left there, if it has
    /// @param refusals is told a line for each batch that the endpoint refuses for its content
    /// @throws IOException the endpoint or the disk failed; the same call goes on from there
    public Counts run(
            Redelivery endpoint, Disk disk, Path state, Consumer<Integer> resumed, Consumer<String> refusals)
            throws IOException, InterruptedException {
        try (RestoredBatches restored = RestoredBatches.open(disk, state, endpoint.endpoint())) {
            if (restored.size() > 0) {
                resumed.accept(restored.size());
            }
            endpoint.listen(id -> {
                restored.add(id.toString());
                answered++;
            }, why -> {
                refused++;
                refusals.accept(why);
            });
            for (LocalDate date : reader.days()) {
                if (selection.holds(date)) {
                    restore(date, endpoint, restored);
                }
            }
            endpoint.awaitAnswers();
            if (counts().complete()) {
                restored.remove();
            }
        }
        return counts();
    }

    private Counts counts() {
        return new Counts(batches, answered, answeredBefore, refused, damaged, rows, bytes);
    }

    private void restore(LocalDate date, Redelivery endpoint, RestoredBatches restored)
            throws IOException, InterruptedException {
        Set<Path> done = new HashSet<>();
        ArchiveReader.Day day = reader.read(date);
        day.damages().forEach(damages);
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ArchiveReader.MAX_ATTEMPTS;
            if (restore(day, done, last, endpoint, restored) || last) {
                return;
            }
            day = reader.read(date); // a file that was listed is gone: its batches are in another, or dropped
        }
    }

    private boolean restore(
            ArchiveReader.Day day, Set<Path> done, boolean last, Redelivery endpoint, RestoredBatches restored)
            throws IOException, InterruptedException {
        for (ArchivedFile file : day.files()) {
            boolean wanted = selection.holds(file) && file.batches().stream().anyMatch(selection::holds);
            if (!wanted || done.contains(file.path())) {
                continue;
            }
            try (ArchivedStream stream = ArchivedStream.open(reader.disk(), file.path())) {
                for (Archived batch : file.batches()) {
                    // The archive may hold a batch twice, after a crash in bad company.
                    if (selection.holds(batch) && chosen.add(batch.id().toString())) {
                        batches++;
                        restore(file, stream, batch, endpoint, restored);
                    }
                }
            } catch (NoSuchFileException _) {
                if (!last) {
                    return false;
                }
                long lost = file.batches().stream().filter(selection::holds).count();
                batches += lost;
                damaged += lost;
                damages.accept(new ArchiveDamage(file.path(), 0, file.rows(), "the file is missing"));
            }
            done.add(file.path());
        }
        return true;
    }

    private void restore(
            ArchivedFile file, ArchivedStream stream, Archived batch, Redelivery endpoint, RestoredBatches restored)
            throws IOException, InterruptedException {
        if (restored.contains(batch.id().toString())) {
            answeredBefore++;
            return;
        }
        try {
            ByteBuffer messages = stream.messages(batch);
            endpoint.send(batch.id(), file.tenant(), file.signal(), batch.rows(), messages);
            rows += batch.rows();
            bytes += messages.remaining();
            progress.accept(counts());
        } catch (MalformedBatchException e) {
            damaged++;
            damages.accept(new ArchiveDamage(file.path(), batch.offset(), batch.rows(), e.getMessage() + "; not sent"));
        }
    }
}
