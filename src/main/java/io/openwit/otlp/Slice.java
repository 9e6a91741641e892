package io.openwit.otlp;

/// A stretch of the wire in one number, so that it needs no object: where it begins in the upper half, its length in the
/// lower. Both are 0 or more, and so is what they make; 0 is the empty stretch of a field that did not come.
final class Slice {
    private Slice() {}

    static long of(int at, int length) {
        return (long) at << 32 | length;
    }

    static int at(long slice) {
        return (int) (slice >>> 32);
    }

    static int length(long slice) {
        return (int) slice;
    }

    /// The position behind it.
    static int end(long slice) {
        return at(slice) + length(slice);
    }
}
