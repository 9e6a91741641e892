package io.openwit.load;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;

/// Counts times in 16 buckets for each power of two: 8 KiB, whatever is recorded. Thread-safe.
///
/// Source: HdrHistogram by Gil Tene, in its shape.
final class LatencyHistogram {
    private static final int SUB_BITS = 4;
    private static final int SUB = 1 << SUB_BITS;

    private final AtomicLongArray counts = new AtomicLongArray((64 - SUB_BITS) * SUB);
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);

    /// @param nanos negative counts as 0
    void record(long nanos) {
        long time = Math.max(nanos, 0);
        counts.incrementAndGet(bucket(time));
        max.accumulate(time);
    }

    Latency snapshot() {
        long[] copy = new long[counts.length()];
        long total = 0;
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts.get(i);
            total += copy[i];
        }
        long longest = max.get();
        return new Latency(
                percentile(copy, total, 0.5, longest),
                percentile(copy, total, 0.99, longest),
                percentile(copy, total, 0.999, longest),
                longest);
    }

    private static long percentile(long[] counts, long total, double share, long longest) {
        long wanted = (long) Math.ceil(total * share);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted && seen > 0) {
                return Math.min(upperBound(i), longest);
            }
        }
        return 0;
    }

    // Below 2 x SUB each value has a bucket; above, the exponent picks the group and the next four bits the bucket.
    private static int bucket(long time) {
        int shift = Math.max(63 - Long.numberOfLeadingZeros(time | 1) - SUB_BITS, 0);
        return shift * SUB + (int) (time >>> shift);
    }

    private static long upperBound(int bucket) {
        int shift = Math.max(bucket / SUB - 1, 0);
        long first = bucket - (long) shift * SUB;
        return (first << shift) + (1L << shift) - 1;
    }
}
