package io.openwit.load;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HttpSenderTest {
    private static final long WALL = SECONDS.toNanos(Instant.parse("2026-11-05T10:00:00Z").getEpochSecond());

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1|1",
        " 30 |30",
        "0|0",
        "999999999999999999|1000000000",
        "Thu, 5 Nov 2026 10:00:07 GMT|7",
        "Thu, 05 Nov 2026 09:00:00 GMT|0",
    })
    void retryAfterIsSecondsOrADate(String header, long seconds) {
        assertThat(HttpSender.retryAfterNanos(header, WALL)).isEqualTo(SECONDS.toNanos(seconds));
    }

    @ParameterizedTest
    @CsvSource({"''", "soon", "-1", "1.5", "9999999999999999999"})
    void anotherRetryAfterSaysNothing(String header) {
        assertThat(HttpSender.retryAfterNanos(header, WALL)).isEqualTo(Answer.Again.NO_DELAY);
    }
}
