package io.openwit.ingest.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A part of the log that the archive left out, as it could not follow: batches that begin at `first` or behind it, and
/// before `end`.
///
/// It is a file, `archive/gaps/FIRST-END.json`, which is forced before the archive's position passes over it, and which
/// stays until somebody removes it:
///
/// ```
/// {"first":1048576,"end":9437184,"bytes":8388608,"left_at":"2026-11-24T10:00:00Z"}
/// ```
///
/// Where the archive's disk takes not even that, it lies in `archive-gaps` beside the archive.
///
/// @param first in bytes since the log began
/// @param end likewise
/// @param file that says so
public record ArchiveGap(long first, long end, Path file) {
    private static final Pattern NAME = Pattern.compile("(\\d{1,19})-(\\d{1,19})\\.json");
    private static final String FOLDER = "gaps";

    public ArchiveGap {
        if (first < 0 || end <= first) {
            throw new IllegalArgumentException("no gap: first=" + first + " end=" + end);
        }
    }

    public long bytes() {
        return end - first;
    }

    /// All gaps of an archive, by their positions.
    ///
    /// @param dir the folder `archive`
    static List<ArchiveGap> list(Disk disk, Path dir) throws IOException {
        List<ArchiveGap> gaps = new ArrayList<>();
        for (Path folder : folders(dir)) {
            if (disk.exists(folder)) {
                for (String name : disk.list(folder)) {
                    Matcher positions = NAME.matcher(name);
                    if (positions.matches()) {
                        gaps.add(new ArchiveGap(
                                Long.parseLong(positions.group(1)), Long.parseLong(positions.group(2)),
                                folder.resolve(name)));
                    }
                }
            }
        }
        gaps.sort((a, b) -> a.first == b.first ? Long.compare(a.end, b.end) : Long.compare(a.first, b.first));
        return gaps;
    }

    private static List<Path> folders(Path dir) {
        return List.of(dir.resolve(FOLDER), dir.resolveSibling(dir.getFileName() + "-" + FOLDER));
    }

    /// Makes the file; it is durable when this returns.
    ///
    /// @throws IOException it could be made in neither place
    static ArchiveGap leave(Disk disk, Path dir, long first, long end, Instant now) throws IOException {
        List<Path> folders = folders(dir);
        try {
            return leaveIn(disk, folders.get(0), first, end, now);
        } catch (IOException e) {
            try {
                return leaveIn(disk, folders.get(1), first, end, now);
            } catch (IOException second) {
                e.addSuppressed(second);
                throw e;
            }
        }
    }

    private static ArchiveGap leaveIn(Disk disk, Path folder, long first, long end, Instant now) throws IOException {
        disk.createDirectories(folder);
        ArchiveGap gap = new ArchiveGap(first, end, folder.resolve(first + "-" + end + ".json"));
        String json = "{\"first\":" + first + ",\"end\":" + end + ",\"bytes\":" + gap.bytes() + ",\"left_at\":\"" + now
                + "\"}\n";
        Path draft = folder.resolve(gap.file.getFileName() + ".tmp");
        try (DiskFile file = disk.create(draft)) {
            file.write(new ByteBuffer[] {ByteBuffer.wrap(json.getBytes(US_ASCII))}, 1, 0);
            file.force();
        }
        disk.rename(draft, gap.file);
        disk.syncDirectory(folder);
        return gap;
    }

    /// Takes the file away: nothing is left out after all.
    void remove(Disk disk) throws IOException {
        disk.delete(file);
        disk.syncDirectory(requireNonNull(file.getParent()));
    }
}
