package io.openwit.ingest.wal;

/// A place in the log: logical bytes since the log began, over all segments. Never given twice, also when a file is recycled.
public record WalPosition(long bytes) implements Comparable<WalPosition> {
    public static final WalPosition BEGINNING = new WalPosition(0);

    public WalPosition {
        if (bytes < 0) {
            throw new IllegalArgumentException("position is negative: " + bytes);
        }
    }

    @Override
    public int compareTo(WalPosition other) {
        return Long.compare(bytes, other.bytes);
    }

    @Override
    public String toString() {
        return Long.toString(bytes);
    }
}
