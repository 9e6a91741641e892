package io.openwit.storage;

import java.nio.file.Path;
import java.util.List;

/// A landing file and the batches in it that are on the disk, at one moment. Immutable.
///
/// @param number names the landing file and the Parquet files made of it
/// @param openedNanos monotonic time of its first batch
/// @param closed nothing lands in it any more
record Segment(long number, Path file, List<LandedBatch> batches, long openedNanos, boolean closed) {
    private static final String SUFFIX = ".land";

    static String fileName(long number) {
        return stem(number) + SUFFIX;
    }

    static String stem(long number) {
        return String.format("%010d", number);
    }

    static boolean isFileName(String name) {
        return name.matches("[0-9]{10}\\" + SUFFIX);
    }

    /// The number in a file's name, up to its first dot.
    static long numberOf(String fileName) {
        return Long.parseLong(fileName.substring(0, fileName.indexOf('.')));
    }

    long rows() {
        return batches.stream().mapToLong(LandedBatch::rows).sum();
    }
}
