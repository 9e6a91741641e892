package io.openwit.ingest.archive;

import java.nio.file.Path;

/// The keys below `archive`.
///
/// @param dir `DATA_DIR/archive`
/// @param retentionDays days that are kept, the present one included
/// @param maxBytes more than this, and the oldest days go, but never the present one
/// @param fileBytes a stream that has come so far is ended, and another begun
/// @param maxOpenFiles file handles held open; more streams than these are closed and opened by turns
/// @param maxStreams streams that are not ended; past it the one longest untouched is ended
public record ArchiveConfig(
        Path dir, int retentionDays, long maxBytes, long fileBytes, int maxOpenFiles, int maxStreams) {
    public static final int DEFAULT_RETENTION_DAYS = 7;
    public static final long DEFAULT_FILE_BYTES = 128L << 20;
    public static final int DEFAULT_MAX_OPEN_FILES = 128;
    public static final int DEFAULT_MAX_STREAMS = 65_536;

    public ArchiveConfig {
        if (retentionDays < 1 || maxBytes < 1 || fileBytes < 1 || maxOpenFiles < 1 || maxStreams < maxOpenFiles) {
            throw new IllegalArgumentException("out of bounds: retentionDays=" + retentionDays + " maxBytes=" + maxBytes
                    + " fileBytes=" + fileBytes + " maxOpenFiles=" + maxOpenFiles + " maxStreams=" + maxStreams);
        }
    }

    /// Everything by default but the place and its size.
    public static ArchiveConfig at(Path dir, long maxBytes) {
        return new ArchiveConfig(
                dir, DEFAULT_RETENTION_DAYS, maxBytes, DEFAULT_FILE_BYTES, DEFAULT_MAX_OPEN_FILES, DEFAULT_MAX_STREAMS);
    }
}
