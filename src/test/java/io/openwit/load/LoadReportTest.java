package io.openwit.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.openwit.model.Signal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LoadReportTest {
    private static final LoadCounts LOGS =
            new LoadCounts(10, 7, 1, 2, 3, 4, 5, 1_000, 690, 10, 100, 200, 500, 351_000, 900_000);
    private static final LoadCounts TRACES =
            new LoadCounts(1, 1, 0, 0, 0, 0, 0, 100, 100, 0, 0, 0, 0, 46_900, 46_900);

    private static LoadReport report(String refusal) {
        Map<Signal, LoadReport.SignalReport> signals = new LinkedHashMap<>();
        signals.put(Signal.LOGS, new LoadReport.SignalReport(
                LOGS,
                List.of(new RowRange(0, 299), new RowRange(400, 699)),
                List.of(new RowRange(300, 399)),
                List.of(new RowRange(700, 799)),
                List.of(new RowRange(800, 999))));
        signals.put(Signal.TRACES, new LoadReport.SignalReport(
                TRACES, List.of(new RowRange(0, 99)), List.of(), List.of(), List.of()));
        return new LoadReport(
                "run-1",
                "grpc://127.0.0.1:4317",
                LoadOptions.Protocol.GRPC,
                true,
                Instant.parse("2026-11-05T10:00:00.123456789Z"),
                Duration.ofMillis(2_000),
                Duration.ofMillis(1_250),
                new Latency(1_500_000, 9_000_000, 12_345_678, 20_000_000),
                signals,
                refusal,
                "");
    }

    private static JsonNode json(LoadReport report) throws IOException {
        StringBuilder out = new StringBuilder();
        report.writeJson(out);
        return new ObjectMapper().readTree(out.toString());
    }

    @Test
    void theJsonSaysWhichRowsWereAcknowledged() throws Exception {
        JsonNode json = json(report(""));

        JsonNode logs = json.get("signals").get("logs");
        assertThat(logs.get("acknowledged").toString()).isEqualTo("[[0,299],[400,699]]");
        assertThat(logs.get("partly_acknowledged").toString()).isEqualTo("[[300,399]]");
        assertThat(logs.get("refused").toString()).isEqualTo("[[700,799]]");
        assertThat(logs.get("unacknowledged").toString()).isEqualTo("[[800,999]]");
        assertThat(json.get("signals").get("traces").get("refused").toString()).isEqualTo("[]");
        assertThat(json.get("signals").size()).isEqualTo(2);
    }

    @Test
    void theJsonHasEveryCountPerSignalAndInSum() throws Exception {
        JsonNode json = json(report(""));

        JsonNode logs = json.get("signals").get("logs");
        assertThat(logs.get("requests_sent").asLong()).isEqualTo(10);
        assertThat(logs.get("requests_acknowledged").asLong()).isEqualTo(7);
        assertThat(logs.get("requests_refused").asLong()).isEqualTo(1);
        assertThat(logs.get("requests_unacknowledged").asLong()).isEqualTo(2);
        assertThat(logs.get("requests_throttled").asLong()).isEqualTo(3);
        assertThat(logs.get("requests_retried").asLong()).isEqualTo(4);
        assertThat(logs.get("duplicate_requests").asLong()).isEqualTo(5);
        assertThat(logs.get("rows_sent").asLong()).isEqualTo(1_000);
        assertThat(logs.get("rows_acknowledged").asLong()).isEqualTo(690);
        assertThat(logs.get("rows_rejected").asLong()).isEqualTo(10);
        assertThat(logs.get("rows_refused").asLong()).isEqualTo(100);
        assertThat(logs.get("rows_unacknowledged").asLong()).isEqualTo(200);
        assertThat(logs.get("duplicate_rows").asLong()).isEqualTo(500);
        assertThat(logs.get("bytes_acknowledged").asLong()).isEqualTo(351_000);
        assertThat(logs.get("bytes_sent").asLong()).isEqualTo(900_000);
        assertThat(json.get("total").get("rows_acknowledged").asLong()).isEqualTo(790);
        assertThat(json.get("total").get("bytes_sent").asLong()).isEqualTo(946_900);
    }

    @Test
    void theJsonHasTimesInTheUnitsOfTheirNames() throws Exception {
        JsonNode json = json(report(""));

        assertThat(json.get("run").asText()).isEqualTo("run-1");
        assertThat(json.get("finished").asBoolean()).isTrue();
        assertThat(json.get("started").asText()).isEqualTo("2026-11-05T10:00:00.123456789Z");
        assertThat(json.get("seconds").asDouble()).isEqualTo(2.0);
        assertThat(json.get("cpu_seconds").asDouble()).isEqualTo(1.25);
        assertThat(json.get("rows_per_second").asDouble()).isEqualTo(395.0);
        assertThat(json.get("latency_ms").get("p50").asDouble()).isEqualTo(1.5);
        assertThat(json.get("latency_ms").get("p99").asDouble()).isEqualTo(9.0);
        assertThat(json.get("latency_ms").get("p99_9").asDouble()).isEqualTo(12.346);
        assertThat(json.get("latency_ms").get("max").asDouble()).isEqualTo(20.0);
    }

    @Test
    void whateverTheServerSaidIsValidJson() throws Exception {
        String refusal = "400: \"bad\" \\ row\n\tß 推 \uD83D\uDE00 \uD800 \u0001";

        assertThat(json(report(refusal)).get("first_refusal").asText()).isEqualTo(refusal);
    }

    @Test
    void theTextSaysWhatPeopleAskFirst() {
        String text = report("logs refused: 400").text();

        assertThat(text)
                .contains("run-1 to grpc://127.0.0.1:4317 over grpc, 2.0 s\n")
                .contains("rows      acknowledged 790 (395/s), refused 100, rejected 10, unacknowledged 200, "
                        + "sent twice 500\n")
                .contains("  traces  acknowledged 100, refused 0")
                .contains("sent again 4 (asked to wait 3)")
                .contains("p50 1.50 ms, p99 9.00 ms, p99.9 12.35 ms")
                .contains("cpu       1.25 s")
                .contains("refusal   logs refused: 400")
                .doesNotContain("trouble")
                .endsWith("\n");
    }
}
