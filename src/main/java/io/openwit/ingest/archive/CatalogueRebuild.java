package io.openwit.ingest.archive;

import static java.util.Objects.requireNonNull;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.model.BatchId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Makes a day's catalogue anew from its streams, when it is lost or damaged. Nothing but what is known to be twice, or
/// to come again, is taken from the streams.
///
/// Owned by the archive's thread.
final class CatalogueRebuild {
    private static final Logger LOG = Logger.getLogger(CatalogueRebuild.class.getName());

    private CatalogueRebuild() {}

    /// Sets aside what there is as `batches.catalogue.damaged-N`, and makes it anew; it is durable when this returns.
    ///
    /// @param last as in [DayScan]
    /// @param damage is told in a line what was found damaged
    static void run(Disk disk, Path dir, @Nullable BatchId last, Consumer<String> damage) throws IOException {
        Path path = dir.resolve(CatalogueFormat.NAME);
        Path draft = dir.resolve(CatalogueFormat.NAME + ".tmp");
        DayScan scan;
        try (DiskFile file = disk.create(draft)) {
            Writer writer = new Writer(file);
            scan = new DayScan(disk, dir, last, writer::add, found -> damage.accept(
                    found.file() + " is damaged at " + found.offset() + ": " + found.what()));
            try {
                scan.run();
            } catch (UncheckedIOException e) {
                throw requireNonNull(e.getCause());
            }
            writer.flush();
            file.force();
        }
        for (Map.Entry<Path, Long> cut : scan.cuts().entrySet()) {
            try (DiskFile stream = disk.open(cut.getKey())) {
                LOG.info("archive file is cut to what was forced: file=" + cut.getKey() + " from=" + stream.size()
                        + " to=" + cut.getValue());
                stream.truncate(cut.getValue());
                stream.force();
            }
        }
        // What is found there may never have been forced: from now on it counts.
        for (Path stream : DayFiles.streams(disk, dir)) {
            try (DiskFile file = disk.open(stream)) {
                file.force();
            }
        }
        if (disk.exists(path)) {
            int number = 1;
            while (disk.exists(dir.resolve(CatalogueFormat.NAME + ".damaged-" + number))) {
                number++;
            }
            disk.rename(path, dir.resolve(CatalogueFormat.NAME + ".damaged-" + number));
        }
        disk.rename(draft, path);
        disk.syncDirectory(dir);
        for (Path stream : scan.redundant()) {
            LOG.info("archive file stands in a larger one as well, and goes: file=" + stream);
            disk.delete(stream);
            disk.syncDirectory(requireNonNull(stream.getParent()));
        }
    }

    /// Writes entries one behind the other, through a buffer.
    private static final class Writer {
        private final DiskFile file;
        private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
        private long length;

        Writer(DiskFile file) {
            this.file = file;
            buffer.put(CatalogueFormat.MAGIC);
        }

        void add(CatalogueEntry entry) {
            try {
                if (buffer.remaining() < CatalogueFormat.MAX_ENTRY_BYTES) {
                    flush();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            CatalogueFormat.write(entry, buffer);
        }

        void flush() throws IOException {
            buffer.flip();
            int bytes = buffer.remaining();
            file.write(new ByteBuffer[] {buffer}, 1, length);
            length += bytes;
            buffer.clear();
        }
    }
}
