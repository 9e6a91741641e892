package io.openwit.columnar;

import io.openwit.model.FingerprintKey;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What the fingerprint of a log row takes by itself: times and numbers, a body of 232 bytes, two ids and eight values of
/// attributes, five of them texts; the keys were hashed with an earlier row. Nanoseconds a row.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FingerprintBenchmark {
    private static final int ROWS = 1_000;
    private static final int BODY_BYTES = 232;
    private static final int[] VALUE_BYTES = {4, 13, 14, 16, 9};
    private static final int ROW_BYTES = BODY_BYTES + 16 + 8 + 4 + 13 + 14 + 16 + 9;

    private final Fingerprint fingerprint = new Fingerprint(new FingerprintKey(1, 2));
    private final byte[] rows = new byte[ROWS * ROW_BYTES + Bytes.SLACK];

    public FingerprintBenchmark() {
        SplittableRandom random = new SplittableRandom(1);
        random.nextBytes(rows);
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public long logRow() {
        long all = 0;
        for (int row = 0; row < ROWS; row++) {
            int at = row * ROW_BYTES;
            fingerprint.resume(1, 2);
            fingerprint.add(row, 3L * row);
            fingerprint.add(9L << 32 | 1, 0);
            fingerprint.add(1, rows, at, 4);
            fingerprint.add(2, rows, at, 16);
            fingerprint.add(3, rows, at + 16, 8);
            fingerprint.add(4, rows, at, 0);
            at += 24;
            fingerprint.add(1, 's');
            fingerprint.add(5, rows, at, BODY_BYTES);
            at += BODY_BYTES;
            fingerprint.add(6L << 32 | 8, 7);
            fingerprint.add(8, 0);
            for (int length : VALUE_BYTES) {
                fingerprint.add(9, rows, at, length);
                at += length;
            }
            fingerprint.add(10L << 32, row);
            fingerprint.add(11L << 32, 200);
            fingerprint.add(12L << 32, 5L * row);
            all ^= fingerprint.high() + fingerprint.low();
        }
        return all;
    }
}
