package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Ranges of the log that cannot be read, below what was durable: counted, alarmed, and recorded as
/// `damage-FROM-TO.txt` in the log's folder, where they outlive the segment and a restart. The alarm stands again after each
/// start until somebody removes the records. Thread-safe.
final class Quarantine {
    /// More ranges than that are counted and logged, but leave no file.
    static final int MAX_RECORDED = 1000;

    private static final Logger LOG = Logger.getLogger(Quarantine.class.getName());
    private static final Pattern FILE = Pattern.compile("damage-(\\d{1,18})-(\\d{1,18})\\.txt");
    private static final String ALARM = "wal-damaged";

    private final Disk disk;
    private final Path directory;
    private final Telemetry telemetry;

    /// First position of a range, to the position behind it.
    private final TreeMap<Long, Long> ranges = new TreeMap<>();

    Quarantine(Disk disk, Path directory, Telemetry telemetry) throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.telemetry = telemetry;
        for (String name : disk.list(directory)) {
            Matcher file = FILE.matcher(name);
            if (file.matches()) {
                ranges.merge(Long.parseLong(file.group(1)), Long.parseLong(file.group(2)), Math::max);
            }
        }
        if (!ranges.isEmpty()) {
            telemetry.alarms().raise(
                    ALARM,
                    directory + " has records of damage, " + ranges.size()
                            + " in number: read damage-*.txt there, and remove them when it is dealt with");
        }
    }

    /// Records a range once, whoever finds it and however often.
    ///
    /// @param where file, offset and what is wrong
    synchronized void add(long from, long to, String where) {
        if (covers(from) && covers(to - 1)) {
            return;
        }
        ranges.merge(from, to, Math::max);
        telemetry.metrics().walCorruptGroups.inc();
        LOG.log(Level.SEVERE, "log is damaged: from={0} to={1} {2}", new Object[] {from, to, where});
        telemetry.alarms().raise(ALARM, where + "; the rest is delivered, see damage-*.txt and `wal verify`");
        if (ranges.size() <= MAX_RECORDED) {
            try {
                record(from, to, where);
            } catch (IOException e) {
                // The damage is known and told; what is lost is its note for the next start, which finds it again.
                LOG.log(Level.WARNING, "damage could not be recorded: from={0} to={1}: {2}", new Object[] {
                    from, to, e.getMessage()
                });
            }
        }
    }

    private void record(long from, long to, String where) throws IOException {
        Path file = directory.resolve("damage-" + from + "-" + to + ".txt");
        Path made = directory.resolve("damage.tmp");
        try (DiskFile out = disk.create(made)) {
            out.write(new ByteBuffer[] {ByteBuffer.wrap((where + "\n").getBytes(UTF_8))}, 1, 0);
            out.force();
        }
        disk.rename(made, file);
        disk.syncDirectory(directory);
    }

    /// Whether what stood at the position is known to be lost.
    synchronized boolean covers(long position) {
        Map.Entry<Long, Long> range = ranges.floorEntry(position);
        return range != null && position < range.getValue();
    }
}
