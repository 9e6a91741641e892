package io.openwit.storage;

import static java.util.Objects.requireNonNull;

import io.openwit.columnar.Schemas;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Makes Parquet files of closed landing files, oldest first; its steps run on the thread `storage-parquet`.
///
/// A crash at any point is harmless: files are written in `tmp/`, forced, renamed; then queries change over; then the
/// landing file goes. A landing file that is still there at a start owns the Parquet files of its number: they are
/// deleted
/// and made again ([StorageNode]).
///
/// A batch that was accepted and yet cannot be converted would stop all others: it is put aside, as it was sent, in
/// `quarantine/`, with an alarm.
final class Converter implements Stepper {
    /// Key-value metadata of each Parquet file: which batches are in it, as [KnownBatches#encoded].
    static final String BATCHES_KEY = "openwit.batches";

    static final String QUARANTINE_SUFFIX = ".arrows";

    private static final String SCHEMA_KEY = "openwit.schema";
    private static final String FAILED_ALARM = "storage-parquet-failed";
    private static final String QUARANTINE_ALARM = "storage-batch-quarantined";
    private static final Logger LOG = Logger.getLogger(Converter.class.getName());
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final Path directory;
    private final Catalogue catalogue;
    private final SqlStore sql;
    private final Runnable onConverted;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private long notBefore;

    /// What one Parquet file holds.
    private record Group(TenantId tenant, Signal signal, LocalDate day) {
        static Group of(LandedBatch batch) {
            return new Group(batch.tenant(), batch.signal(), batch.day());
        }

        /// Below `parquet/`. Tenants, signals and days are safe in a path.
        String directory() {
            return "tenant=" + tenant + "/signal=" + signal.label() + "/day=" + day;
        }
    }

    /// @param directory of the storage node
    /// @param onConverted called after each conversion
    Converter(
            Path directory,
            Catalogue catalogue,
            SqlStore sql,
            Runnable onConverted,
            Clocks clocks,
            Telemetry telemetry) {
        this.directory = directory;
        this.catalogue = catalogue;
        this.sql = sql;
        this.onConverted = onConverted;
        this.clocks = clocks;
        this.telemetry = telemetry;
        this.notBefore = clocks.monotonicNanos();
    }

    /// Converts one landing file, if one is closed.
    @Override
    public boolean step() {
        if (clocks.monotonicNanos() < notBefore) {
            return false;
        }
        Optional<Segment> next = catalogue.oldestClosed();
        if (next.isEmpty()) {
            return false;
        }
        Segment segment = next.get();
        try {
            convert(segment);
            telemetry.alarms().clear(FAILED_ALARM);
            return true;
        } catch (IOException | SQLException e) {
            notBefore = clocks.monotonicNanos() + RETRY_AFTER.toNanos();
            telemetry
                    .alarms()
                    .raise(FAILED_ALARM, segment.file() + ": " + e.getClass().getSimpleName() + ": "
                            + SqlGuard.oneLine(String.valueOf(e.getMessage()))
                            + "; it is tried again every " + RETRY_AFTER.toSeconds() + " s");
            return false;
        }
    }

    @Override
    public void awaitWork(long maxNanos) {
        catalogue.awaitClosed(maxNanos);
    }

    private void convert(Segment segment) throws IOException, SQLException {
        Map<Group, List<LandedBatch>> groups = new LinkedHashMap<>();
        for (LandedBatch batch : segment.batches()) {
            groups.computeIfAbsent(Group.of(batch), absent -> new ArrayList<>()).add(batch);
        }
        List<ParquetFile> files = new ArrayList<>();
        long bytes = 0;
        for (Map.Entry<Group, List<LandedBatch>> entry : groups.entrySet()) {
            Group group = entry.getKey();
            Path draft = directory.resolve("tmp").resolve(Segment.stem(segment.number()) + ".parquet");
            if (!write(draft, segment, group, entry.getValue())) {
                continue;
            }
            ForcedFiles.force(draft);
            bytes += Files.size(draft);
            Path home = directory.resolve("parquet").resolve(group.directory());
            ForcedFiles.createDirectories(home);
            Path file = home.resolve(Segment.stem(segment.number()) + ".parquet");
            ForcedFiles.rename(draft, file);
            files.add(new ParquetFile(file, group.tenant(), group.signal()));
        }
        sql.converted(segment, files);
        Files.delete(segment.file());
        // Forced, so that the file does not come back after a power cut and take the place of later compacted ones.
        ForcedFiles.forceDirectory(requireNonNull(segment.file().toAbsolutePath().getParent()));
        telemetry.metrics().storageBytesWritten.labelValues("parquet").inc(bytes);
        onConverted.run();
        LOG.log(Level.FINE, "landing file converted: file={0} rows={1} files={2} bytes={3}", new Object[] {
            segment.file().getFileName(), segment.rows(), files.size(), bytes
        });
    }

    /// @return false if there was nothing that could be written
    private boolean write(Path draft, Segment segment, Group group, List<LandedBatch> batches)
            throws IOException, SQLException {
        try {
            copy(draft, segment, group, batches);
            return true;
        } catch (SQLException e) {
            if (isTheWorld(e)) {
                throw e;
            }
        }
        List<LandedBatch> good = new ArrayList<>();
        for (LandedBatch batch : batches) {
            try {
                copy(draft, segment, group, List.of(batch));
                good.add(batch);
            } catch (SQLException e) {
                if (isTheWorld(e)) {
                    throw e;
                }
                quarantine(segment, batch, e);
            }
        }
        if (!good.isEmpty()) {
            copy(draft, segment, group, good);
        }
        return !good.isEmpty();
    }

    /// A full disk or too little memory say nothing about the batch.
    private static boolean isTheWorld(SQLException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("IO Error") || message.contains("Out of Memory") || message.contains("INTERRUPT");
    }

    private void copy(Path draft, Segment segment, Group group, List<LandedBatch> batches)
            throws IOException, SQLException {
        KnownBatches ids = new KnownBatches();
        long expected = 0;
        for (LandedBatch batch : batches) {
            ids.add(batch.id());
            expected += batch.rows();
        }
        Map<String, String> metadata = Map.of(
                BATCHES_KEY, ids.encoded(), SCHEMA_KEY, group.signal().schema());
        long written = sql.copyToParquet(draft, group.signal(), segment.file(), batches, metadata);
        if (written != expected) {
            throw new IOException(draft + " has " + written + " rows, expected " + expected + " of " + segment.file());
        }
    }

    private void quarantine(Segment segment, LandedBatch batch, SQLException cause) throws IOException {
        Path home = directory.resolve("quarantine");
        ForcedFiles.createDirectories(home);
        Path file = home.resolve(batch.id() + QUARANTINE_SUFFIX);
        Path draft = directory.resolve("tmp").resolve(batch.id() + QUARANTINE_SUFFIX);
        try (FileChannel in = FileChannel.open(segment.file(), StandardOpenOption.READ);
                FileChannel out = FileChannel.open(
                        draft,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer end = ByteBuffer.allocate(8).putInt(0xffffffff).putInt(0).flip();
            for (ByteBuffer piece : List.of(
                    ByteBuffer.wrap(Schemas.schemaMessage(batch.signal())),
                    LandingFile.readSealed(in, segment.file(), batch),
                    end)) {
                while (piece.hasRemaining()) {
                    out.write(piece);
                }
            }
            out.force(true);
        }
        ForcedFiles.rename(draft, file);
        telemetry
                .alarms()
                .raise(QUARANTINE_ALARM, file + ": " + SqlGuard.oneLine(String.valueOf(cause.getMessage()))
                        + "; its " + batch.rows() + " rows are not in SQL");
    }
}
