package io.openwit.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.openwit.model.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/// Lists of keys that take turns, as the log statements of a program do.
class KnownKeysTest {
    private static LogRecord record(String... keysAndValues) {
        LogRecord.Builder record = OtlpReaderTest.log();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            record.addAttributes(OtlpReaderTest.entry(keysAndValues[i], keysAndValues[i + 1]));
        }
        return record.build();
    }

    private static LogRecord rejected(LogRecord record) {
        return record.toBuilder().setTimeUnixNano(Long.MAX_VALUE).build();
    }

    private static List<@Nullable Object> attributes(Reading reading) throws Exception {
        List<@Nullable Object> all = new ArrayList<>();
        reading.rows().forEach(row -> all.add(row.get("attributes")));
        return all;
    }

    @Test
    void listsThatTakeTurnsKeepTheirKeysAndValues() throws Exception {
        Reading reading = new Reading(Signal.LOGS);
        List<Map<String, String>> expected = new ArrayList<>();
        for (int request = 0; request < 3; request++) {
            List<LogRecord> records = new ArrayList<>();
            for (int row = 0; row < 200; row++) {
                String value = "v" + request + "-" + row;
                switch (row % 4) {
                    case 0 -> {
                        records.add(record("b", value, "a", "same"));
                        expected.add(Map.of("a", "same", "b", value));
                    }
                    case 1 -> {
                        records.add(record("a", value, "b", "same"));
                        expected.add(Map.of("a", value, "b", "same"));
                    }
                    case 2 -> {
                        records.add(record("a", value, "b", "same", "c", value));
                        expected.add(Map.of("a", value, "b", "same", "c", value));
                    }
                    default -> {
                        records.add(record());
                        expected.add(Map.of());
                    }
                }
            }
            reading.read(OtlpReaderTest.logs(records.toArray(LogRecord[]::new)));
        }

        assertThat(attributes(reading)).isEqualTo(expected);
    }

    @Test
    void keysThatARejectedRowBroughtAreEnteredAnewByTheNextOne() throws Exception {
        Reading reading = new Reading(Signal.LOGS)
                .read(OtlpReaderTest.logs(
                        record("a", "1"),
                        rejected(record("new", "2", "newer", "3")),
                        record("other", "4"),
                        record("new", "5", "newer", "6"),
                        record("a", "7")));

        assertThat(reading.result.rejected()).isEqualTo(1);
        assertThat(attributes(reading))
                .isEqualTo(List.of(
                        Map.of("a", "1"), Map.of("other", "4"), Map.of("new", "5", "newer", "6"), Map.of("a", "7")));
    }

    @Test
    void theSameKeysInAnotherOrderHaveTheSameFingerprint() throws Exception {
        Reading one = new Reading(Signal.LOGS).read(OtlpReaderTest.logs(record("a", "1", "b", "2"), record("x", "y")));
        Reading other = new Reading(Signal.LOGS).read(OtlpReaderTest.logs(record("b", "2", "a", "1"), record("x", "z")));

        assertThat(one.fingerprints().getFirst()).isEqualTo(other.fingerprints().getFirst());
        assertThat(one.fingerprints().getLast()).isNotEqualTo(other.fingerprints().getLast());
    }

    @Test
    void aValueThatComesAgainAfterManyNewOnesIsStillRight() throws Exception {
        List<LogRecord> records = new ArrayList<>();
        List<Map<String, String>> expected = new ArrayList<>();
        for (int row = 0; row < 1000; row++) {
            String value = row % 10 == 9 ? "again" : "new-" + row;
            records.add(record("id", value));
            expected.add(Map.of("id", value));
        }

        Reading reading = new Reading(Signal.LOGS).read(OtlpReaderTest.logs(records.toArray(LogRecord[]::new)));

        assertThat(attributes(reading)).isEqualTo(expected);
    }

    @Test
    void typesFollowTheValuesWhereTheKeysStay() throws Exception {
        AnyValue text = AnyValue.newBuilder().setStringValue("1").build();
        AnyValue number = AnyValue.newBuilder().setIntValue(1).build();
        AnyValue flag = AnyValue.newBuilder().setBoolValue(true).build();

        Reading reading = new Reading(Signal.LOGS)
                .read(OtlpReaderTest.logs(
                        typed(number, text),
                        typed(number, text),
                        typed(text, text),
                        typed(number, text),
                        rejected(typed(flag, number)),
                        typed(flag, number),
                        typed(text, number)));

        List<@Nullable Object> types = new ArrayList<>();
        reading.rows().forEach(row -> types.add(row.get("attributes_types")));
        assertThat(types).isEqualTo(Arrays.asList("is", "is", null, "is", "bi", "si"));
    }

    private static LogRecord typed(AnyValue a, AnyValue b) {
        return OtlpReaderTest.log()
                .addAttributes(KeyValue.newBuilder().setKey("a").setValue(a))
                .addAttributes(KeyValue.newBuilder().setKey("b").setValue(b))
                .build();
    }
}
