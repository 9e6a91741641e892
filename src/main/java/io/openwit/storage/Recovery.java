package io.openwit.storage;

import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/// Finds at a start what an earlier run stored, and finishes what it left half done.
///
/// Which batches are stored comes from the landing files and from what each Parquet file says of itself.
///
/// @param known every batch that is stored
/// @param nextNumber above that of every landing and Parquet file
record Recovery(KnownBatches known, long nextNumber) {
    private static final Logger LOG = Logger.getLogger(Recovery.class.getName());
    private static final String LOST_ALARM = "storage-landing-damaged";
    private static final String PARQUET_ALARM = "storage-parquet-damaged";

    /// @param directory of the storage node
    /// @param catalogue empty; gets what is found
    static Recovery run(Path directory, SqlStore sql, Catalogue catalogue, Telemetry telemetry) throws IOException {
        KnownBatches known = new KnownBatches();
        List<Path> landed = landingFiles(directory.resolve("landing"));
        Set<Long> owned = new TreeSet<>();
        landed.forEach(file -> owned.add(Segment.numberOf(fileName(file))));
        long highest = 0;
        for (Path file : parquetFiles(directory.resolve("parquet"))) {
            long number = Segment.numberOf(fileName(file));
            highest = Math.max(highest, number);
            if (owned.contains(number)) {
                // Not finished when the process ended; the landing file still has all of it.
                Files.delete(file);
            } else {
                addParquet(file, sql, known, catalogue, telemetry);
            }
        }
        addQuarantined(directory.resolve("quarantine"), known);
        for (Path file : landed) {
            highest = Math.max(highest, Segment.numberOf(fileName(file)));
            addLanded(file, file.equals(landed.getLast()), known, catalogue, telemetry);
        }
        return new Recovery(known, highest + 1);
    }

    private static List<Path> landingFiles(Path landing) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(landing)) {
            for (Path file : all.sorted().toList()) {
                if (Segment.isFileName(fileName(file))) {
                    files.add(file);
                } else if (fileName(file).endsWith(".tmp")) {
                    Files.delete(file);
                }
            }
        }
        return files;
    }

    private static List<Path> parquetFiles(Path parquet) throws IOException {
        try (Stream<Path> all = Files.walk(parquet, 4)) {
            return all.filter(file -> fileName(file).matches("[0-9]{10}\\.parquet")).sorted().toList();
        }
    }

    /// Tenant and signal as its directories name them.
    private static ParquetFile parquetFile(Path file) throws IOException {
        int names = file.getNameCount();
        try {
            return new ParquetFile(
                    file,
                    new TenantId(valueOf(file.getName(names - 4), "tenant=")),
                    Signal.ofLabel(valueOf(file.getName(names - 3), "signal=")));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " does not lie in tenant=T/signal=S/day=D: " + e.getMessage(), e);
        }
    }

    private static String valueOf(Path directory, String prefix) {
        String name = directory.toString();
        if (!name.startsWith(prefix)) {
            throw new IllegalArgumentException(name + " does not begin with " + prefix);
        }
        return name.substring(prefix.length());
    }

    /// A file that cannot be read does not keep storage from starting: its rows are missing, which an alarm says, and
    /// its
    /// batches are taken again when they are restored.
    private static void addParquet(
            Path file, SqlStore sql, KnownBatches known, Catalogue catalogue, Telemetry telemetry) throws IOException {
        ParquetFile parquet = parquetFile(file);
        try {
            known.addAll(sql.batchesIn(file));
            catalogue.add(parquet);
        } catch (SQLException | IOException e) {
            telemetry
                    .alarms()
                    .raise(PARQUET_ALARM, file + " cannot be read: " + SqlGuard.oneLine(String.valueOf(e.getMessage()))
                            + "; move it away and restore its day from the archive");
        }
    }

    private static void addQuarantined(Path quarantine, KnownBatches known) throws IOException {
        if (!Files.isDirectory(quarantine)) {
            return;
        }
        try (Stream<Path> all = Files.list(quarantine)) {
            for (Path file : all.toList()) {
                String name = fileName(file);
                known.add(BatchId.parse(
                        name.substring(0, Math.max(0, name.length() - Converter.QUARANTINE_SUFFIX.length()))));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(quarantine + ": " + e.getMessage(), e);
        }
    }

    /// Takes over a landing file of an earlier run, as closed.
    private static void addLanded(Path file, boolean last, KnownBatches known, Catalogue catalogue, Telemetry telemetry)
            throws IOException {
        LandingFile.Contents contents = LandingFile.scan(file);
        if (contents.damagedBytes() > 0) {
            telemetry
                    .alarms()
                    .raise(LOST_ALARM, file + " has " + contents.damagedBytes()
                            + " damaged bytes between whole batches; restore that time from the archive");
        }
        if (contents.tornBytes() > 0) {
            LOG.log(Level.INFO, "landing file cut: file={0} bytes={1} reason=torn", new Object[] {
                file, Long.toString(contents.tornBytes())
            });
        }
        if (last) {
            // The earlier run may have ended before, or in, the force of what stands here.
            LandingFile.rewrite(file, contents.wholeBytes());
        }
        // After a crash between a failed write and its answer a batch may stand in two files; the first one counts.
        List<LandedBatch> own =
                contents.batches().stream().filter(batch -> known.add(batch.id())).toList();
        catalogue.add(new Segment(Segment.numberOf(fileName(file)), file, own, 0, true));
    }

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }
}
