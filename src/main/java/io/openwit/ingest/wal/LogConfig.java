package io.openwit.ingest.wal;

import io.openwit.model.NodeId;
import java.nio.file.Path;
import java.time.Duration;

/// How a log lies on the disk.
///
/// @param directory the folder of the log, `wal/` in the data directory; made where it is missing
/// @param node whose log it is: a directory of another node is refused
/// @param segmentBytes of one segment file, rounded down to a multiple of 4,096
/// @param maxBytes of all segments and spares together, at least two segments; at it, appends are refused
/// @param reserveBytes of the volume that stay free: below it no segment is made, and admission refuses
/// @param syncOnWrite `false` skips the force before the answer, and nothing else
/// @param headsAge of the log, for which fingerprints and headers are kept: that of the longest dedup window
public record LogConfig(
        Path directory,
        NodeId node,
        long segmentBytes,
        long maxBytes,
        long reserveBytes,
        boolean syncOnWrite,
        Duration headsAge) {
    static final long MIN_SEGMENT_BYTES = 64 << 10;
    static final long MAX_SEGMENT_BYTES = Integer.MAX_VALUE;

    public LogConfig {
        if (segmentBytes < MIN_SEGMENT_BYTES || segmentBytes > MAX_SEGMENT_BYTES) {
            throw new IllegalArgumentException("a segment has 64 KiB to 2 GiB: " + segmentBytes);
        }
        segmentBytes &= -GroupHeader.ALIGNMENT;
        if (maxBytes < 2 * segmentBytes) {
            throw new IllegalArgumentException("max_bytes is less than two segments: " + maxBytes);
        }
        if (reserveBytes < 0) {
            throw new IllegalArgumentException("reserve_bytes is negative: " + reserveBytes);
        }
    }
}
