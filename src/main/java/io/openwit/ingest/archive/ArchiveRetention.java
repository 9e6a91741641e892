package io.openwit.ingest.archive;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Drops whole days from the archive: those that are too old, then the oldest while there are too many bytes.
///
/// Age counts from the day that is written to, which follows the log's own clock, so a wall clock that jumps while the
/// node is down drops nothing before a batch has arrived. The day that is written to is never dropped. Owned by the
/// archive's thread.
final class ArchiveRetention {
    private static final Logger LOG = Logger.getLogger(ArchiveRetention.class.getName());
    private static final String PREFIX = "day=";

    private final ArchiveConfig config;
    private final Disk disk;

    ArchiveRetention(ArchiveConfig config, Disk disk) {
        this.config = config;
        this.disk = disk;
    }

    /// @param today the day that is written to
    /// @return whether a day was dropped
    boolean enforce(LocalDate today) throws IOException {
        TreeMap<LocalDate, Long> days = new TreeMap<>();
        long total = 0;
        for (String name : disk.list(config.dir())) {
            LocalDate date = dateOf(name);
            if (date != null) {
                long bytes = bytesBelow(config.dir().resolve(name));
                days.put(date, bytes);
                total += bytes;
            }
        }
        boolean dropped = false;
        LocalDate firstKept = today.minusDays(config.retentionDays() - 1L);
        for (Map.Entry<LocalDate, Long> day : days.entrySet()) {
            boolean old = day.getKey().isBefore(firstKept);
            if (day.getKey().equals(today) || (!old && total <= config.maxBytes())) {
                continue;
            }
            LOG.info("archive day dropped: day=" + day.getKey() + " bytes=" + day.getValue() + " reason="
                    + (old ? "retention.days" : "retention.max_bytes"));
            deleteTree(config.dir().resolve(PREFIX + day.getKey()));
            total -= day.getValue();
            dropped = true;
        }
        return dropped;
    }

    /// The day that a folder of this name holds; null where it is none of ours.
    static @Nullable LocalDate dateOf(String name) {
        if (!name.startsWith(PREFIX)) {
            return null;
        }
        try {
            return LocalDate.parse(name.substring(PREFIX.length()));
        } catch (DateTimeException _) {
            return null;
        }
    }

    private long bytesBelow(Path dayDir) throws IOException {
        long bytes = 0;
        for (String tenant : disk.list(dayDir)) {
            if (!tenant.startsWith("tenant=")) {
                bytes += size(dayDir.resolve(tenant));
                continue;
            }
            for (String signal : disk.list(dayDir.resolve(tenant))) {
                Path signalDir = dayDir.resolve(tenant).resolve(signal);
                for (String file : disk.list(signalDir)) {
                    bytes += size(signalDir.resolve(file));
                }
            }
        }
        return bytes;
    }

    private long size(Path path) throws IOException {
        try (DiskFile file = disk.openForReading(path)) {
            return file.size();
        }
    }

    /// The catalogue goes last, so that a day that is half dropped still says what it held.
    private void deleteTree(Path dayDir) throws IOException {
        for (String tenant : disk.list(dayDir)) {
            if (tenant.startsWith("tenant=")) {
                for (String signal : disk.list(dayDir.resolve(tenant))) {
                    Path signalDir = dayDir.resolve(tenant).resolve(signal);
                    for (String file : disk.list(signalDir)) {
                        disk.delete(signalDir.resolve(file));
                    }
                    disk.delete(signalDir);
                }
                disk.delete(dayDir.resolve(tenant));
            }
        }
        for (String name : disk.list(dayDir)) {
            disk.delete(dayDir.resolve(name));
        }
        disk.delete(dayDir);
        disk.syncDirectory(config.dir());
    }
}
