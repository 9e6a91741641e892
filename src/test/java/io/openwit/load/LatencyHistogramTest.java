package io.openwit.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LatencyHistogramTest {
    private final LatencyHistogram histogram = new LatencyHistogram();

    @Test
    void nothingRecordedIsZero() {
        assertThat(histogram.snapshot()).isEqualTo(new Latency(0, 0, 0, 0));
    }

    @Test
    void percentilesAreAtMostASixteenthAboveTheTruth() {
        for (long time = 1; time <= 100_000; time++) {
            histogram.record(time * 1_000);
        }

        Latency latency = histogram.snapshot();
        assertThat(latency.p50Nanos()).isBetween(50_000_000L, 50_000_000L * 17 / 16);
        assertThat(latency.p99Nanos()).isBetween(99_000_000L, 100_000_000L);
        assertThat(latency.p999Nanos()).isBetween(99_900_000L, 100_000_000L);
        assertThat(latency.maxNanos()).isEqualTo(100_000_000L);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 15, 16, 31, 32, 33, 1_023, 1_024, 1_000_000_007, Long.MAX_VALUE})
    void oneTimeIsEachOfItsPercentiles(long time) {
        histogram.record(time);

        assertThat(histogram.snapshot()).isEqualTo(new Latency(time, time, time, time));
    }

    @Test
    void aTimeBelowZeroCountsAsZero() {
        histogram.record(-5);
        histogram.record(7);

        assertThat(histogram.snapshot()).isEqualTo(new Latency(0, 7, 7, 7));
    }
}
