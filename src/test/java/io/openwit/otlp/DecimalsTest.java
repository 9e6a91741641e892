package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.columnar.Bytes;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalsTest {
    private final Decimals decimals = new Decimals();
    private final Bytes text = new Bytes(64);

    @ParameterizedTest
    @ValueSource(
            doubles = {
                0.0, -0.0, 1.0, -1.5, 0.1, 0.001, 0.0009999999999999999, 0.001001, 1e-6, 1234567.891011, 9999999.999999,
                9999999.9999999, 1e7, 123456789.0, 2.2250738585072014E-308, 4.9E-324, 1.7976931348623157E308, 0.3,
                0.30000000000000004, 100.0, 1000000.0, 0.000001, 12.340000000000002, Double.NaN,
                Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
            })
    void aDoubleIsWrittenAsJavaWritesIt(double value) {
        assertThat(written(value)).isEqualTo(Double.toString(value));
    }

    @Test
    void randomDoublesAreWrittenAsJavaWritesThem() {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 200_000; i++) {
            double any = Double.longBitsToDouble(random.nextLong());
            double short1 = random.nextLong(-10_000_000_000_000L, 10_000_000_000_000L) / 1e6;
            double short2 = random.nextInt() / 1e3;
            double near = Math.nextUp(short1);
            for (double value : new double[] {any, short1, short2, near, random.nextDouble()}) {
                assertThat(written(value)).isEqualTo(Double.toString(value));
            }
        }
    }

    @Test
    void integersOfEveryLengthAreWrittenAsJavaWritesThem() {
        SplittableRandom random = new SplittableRandom(12);
        for (int i = 0; i < 200_000; i++) {
            long value = random.nextLong() >> random.nextInt(64);
            assertThat(written(value)).isEqualTo(Long.toString(value));
        }
        for (long value : new long[] {0, 9, 10, 99, 100, Integer.MAX_VALUE, 1L << 31, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertThat(written(value)).isEqualTo(Long.toString(value));
        }
    }

    private String written(double value) {
        text.truncate(0);
        decimals.put(value, text);
        return new String(text.array(), 0, text.size(), US_ASCII);
    }

    private String written(long value) {
        text.truncate(0);
        decimals.put(value, text);
        return new String(text.array(), 0, text.size(), US_ASCII);
    }
}
