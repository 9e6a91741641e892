package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.openwit.model.Signal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A map with a key twice cannot be written to Parquet: keys have to differ also after they were mended.
class MendedKeysTest {
    /// The request with other bytes in the place of a marker: protobuf-java writes no text that is not UTF-8.
    private static byte[] replaced(byte[] request, String marker, String latin1) {
        return OtlpReaderTest.replaced(request, marker.getBytes(UTF_8), latin1.getBytes(ISO_8859_1));
    }

    @Test
    void keysThatAreMendedToTheSameTextAreToldApart() throws Exception {
        LogRecord record = OtlpReaderTest.log()
                .addAttributes(OtlpReaderTest.entry("@@1", "one"))
                .addAttributes(OtlpReaderTest.entry("@@2", "two"))
                .addAttributes(OtlpReaderTest.entry("a\ufffdb", "three"))
                .addAttributes(OtlpReaderTest.entry("a\ufffdb#2", "four"))
                .addAttributes(OtlpReaderTest.entry("plain", "five"))
                .build();
        byte[] request = OtlpReaderTest.logs(record, record).toByteArray();
        request = replaced(replaced(request, "@@1", "a\u00ffb"), "@@2", "a\u00feb");

        Reading reading = new Reading(Signal.LOGS).read(request);

        Map<String, String> expected = Map.of(
                "a\ufffdb", "three", "a\ufffdb#2", "four", "a\ufffdb#3", "two", "a\ufffdb#4", "one", "plain", "five");
        assertThat(reading.rows()).allSatisfy(row -> assertThat(row)
                .containsEntry("attributes", expected)
                .containsEntry("attributes_types", "ssSSs"));
        assertThat(reading.result.mended(MendReason.UTF8)).isEqualTo(2);
        assertThat(reading.result.mended(MendReason.DUPLICATE_KEY)).isEqualTo(2);
    }

    @Test
    void theNextListIsReadAsEver() throws Exception {
        LogRecord invalid = OtlpReaderTest.log()
                .addAttributes(OtlpReaderTest.entry("@@1", "one"))
                .build();
        LogRecord valid = OtlpReaderTest.log()
                .addAttributes(OtlpReaderTest.entry("k", "one"))
                .addAttributes(OtlpReaderTest.entry("k", "two"))
                .build();
        byte[] request = replaced(OtlpReaderTest.logs(invalid, valid).toByteArray(), "@@1", "a\u00ffb");

        Reading reading = new Reading(Signal.LOGS).read(request);

        assertThat(reading.rows()).extracting(row -> row.get("attributes"))
                .isEqualTo(List.of(Map.of("a\ufffdb", "one"), Map.of("k", "one", "k#2", "two")));
        assertThat(reading.result.mended(MendReason.UTF8)).isEqualTo(1);
    }

    @Test
    void nestedKeysThatAreMendedToTheSameTextStandAsPairs() throws Exception {
        KeyValueList nested = KeyValueList.newBuilder()
                .addValues(OtlpReaderTest.entry("@@1", "one"))
                .addValues(OtlpReaderTest.entry("@@2", "two"))
                .build();
        LogRecord record = OtlpReaderTest.log()
                .setBody(AnyValue.newBuilder().setKvlistValue(nested))
                .build();
        byte[] request = OtlpReaderTest.logs(record).toByteArray();
        request = replaced(replaced(request, "@@1", "a\u00ffb"), "@@2", "a\u00feb");

        Reading reading = new Reading(Signal.LOGS).read(request);

        assertThat(reading.row()).containsEntry("body", "{\"$kv\":[[\"a\ufffdb\",\"two\"],[\"a\ufffdb\",\"one\"]]}");
    }
}
