package io.openwit.ingest.archive;

import java.nio.file.Path;

/// The keys below `archive`.
///
/// @param dir `DATA_DIR/archive`
/// @param retentionDays days that are kept, the present one included
/// @param maxBytes more than this, and the oldest days go, but never the present one
/// @param fileBytes a stream that has come so far is ended, and another begun; of small files of a day that is over,
///     larger ones are made up to that
/// @param maxOpenFiles file handles held open; more streams than these are closed and opened by turns
/// @param maxStreams streams that are not ended; past it the one longest untouched is ended
/// @param maxLagBytes of the log that the archive may be behind
/// @param onLag what it does when it is farther behind
public record ArchiveConfig(
        Path dir,
        int retentionDays,
        long maxBytes,
        long fileBytes,
        int maxOpenFiles,
        int maxStreams,
        long maxLagBytes,
        OnLag onLag) {
    public static final int DEFAULT_RETENTION_DAYS = 7;
    public static final long DEFAULT_FILE_BYTES = 4L << 30;
    public static final int DEFAULT_MAX_OPEN_FILES = 128;
    public static final int DEFAULT_MAX_STREAMS = 65_536;

    /// What an archive does that cannot follow: `archive.on_lag`.
    public enum OnLag {
        /// It leaves out what it is behind, all but half of `maxLagBytes`, and says so; the log goes on.
        GAP,
        /// It leaves out nothing; the log fills up, and requests are told to come again.
        BACKPRESSURE
    }

    public ArchiveConfig {
        if (retentionDays < 1
                || maxBytes < 1
                || fileBytes < 1
                || maxOpenFiles < 1
                || maxStreams < maxOpenFiles
                || maxLagBytes < 1) {
            throw new IllegalArgumentException("out of bounds: retentionDays=" + retentionDays + " maxBytes=" + maxBytes
                    + " fileBytes=" + fileBytes + " maxOpenFiles=" + maxOpenFiles + " maxStreams=" + maxStreams
                    + " maxLagBytes=" + maxLagBytes);
        }
    }

    /// Everything by default but the place and its size; it may be behind as far as the log goes.
    public static ArchiveConfig at(Path dir, long maxBytes) {
        return new ArchiveConfig(
                dir,
                DEFAULT_RETENTION_DAYS,
                maxBytes,
                DEFAULT_FILE_BYTES,
                DEFAULT_MAX_OPEN_FILES,
                DEFAULT_MAX_STREAMS,
                Long.MAX_VALUE,
                OnLag.BACKPRESSURE);
    }

    /// The same with another retention.
    public ArchiveConfig withRetention(int days, long bytes) {
        return new ArchiveConfig(dir, days, bytes, fileBytes, maxOpenFiles, maxStreams, maxLagBytes, onLag);
    }

    /// The same with other bounds for its files.
    public ArchiveConfig withFiles(long bytes, int openFiles, int streams) {
        return new ArchiveConfig(
                dir, retentionDays, maxBytes, bytes, openFiles, streams, maxLagBytes, onLag);
    }

    /// The same with a bound for how far it may be behind.
    public ArchiveConfig withLag(long bytes, OnLag whatThen) {
        return new ArchiveConfig(
                dir, retentionDays, maxBytes, fileBytes, maxOpenFiles, maxStreams, bytes, whatThen);
    }
}
