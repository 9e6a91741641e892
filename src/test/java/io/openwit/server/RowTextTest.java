package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.storage.RowSink.Timestamp;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowTextTest {
    @ParameterizedTest
    @CsvSource({
        "0, 1970-01-01T00:00:00.000000000Z",
        "1, 1970-01-01T00:00:00.000000001Z",
        "-1, 1969-12-31T23:59:59.999999999Z",
        "1767225600123456789, 2026-01-01T00:00:00.123456789Z",
        "9223372036854775807, infinity",
        "-9223372036854775807, -infinity",
        "-9223372036854775808, -infinity",
    })
    void timesHaveNineDigitsAndAZone(long nanos, String text) {
        assertThat(RowText.of(new Timestamp(nanos))).isEqualTo(text);
    }

    @Test
    void nestedValuesAreTurnedToo() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("b", new Timestamp(0));
        map.put("a", Arrays.asList(LocalDate.of(2026, 1, 2), null, 1L));

        assertThat(RowText.of(map)).hasToString("{b=1970-01-01T00:00:00.000000000Z, a=[2026-01-02, null, 1]}");
        assertThat(RowText.of(List.of("x", 1.5))).isEqualTo(List.of("x", 1.5));
    }
}
