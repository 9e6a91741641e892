package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.Log;
import io.openwit.ingest.wal.LogConfig;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.ingest.wal.LogVerifier.Damage;
import io.openwit.ingest.wal.ManualClocks;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.otlp.Reading;
import io.openwit.telemetry.Telemetry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalDumpTest {
    private static final long SEGMENT_BYTES = 256 << 10;
    private static final long TIME = 1_789_999_999_000_000_001L;
    private static final int BLOCK = 4096;
    private static final int GROUP_HEADER = 72;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final WalDump.Selection ALL = selection(Optional.empty(), Long.MAX_VALUE, false);

    @TempDir
    Path directory;

    private final ManualClocks clocks = new ManualClocks();
    private final Random random = new Random(7);
    private final List<Log> opened = new ArrayList<>();
    private final List<Damage> damages = new ArrayList<>();
    private Log log;

    @AfterEach
    void letGo() throws IOException {
        for (Log each : opened) {
            each.close();
        }
    }

    private void open(Path data) throws IOException {
        LogConfig config = new LogConfig(
                data.resolve("wal"), new NodeId("n1"), SEGMENT_BYTES, 8 * SEGMENT_BYTES, 0, true,
                Duration.ofSeconds(300));
        log = Log.open(
                config, new FileDisk(), clocks, random, new Telemetry(clocks, OpenTelemetry.noop()), () -> 0);
        opened.add(log);
    }

    private void append(Log.Entry... entries) throws IOException {
        clocks.pass(1_000_000);
        log.append(log.stamp(), List.of(entries));
        log.force();
    }

    private static Log.Entry entry(Batch batch) {
        return entry(batch, 0L);
    }

    private static Log.Entry entry(Batch batch, long mask) {
        return new Log.Entry(
                batch.header(), mask == 0 ? new long[0] : new long[] {mask}, Long.bitCount(mask), batch.rows());
    }

    private static Batch sealed(Signal signal, MessageLite request) throws Exception {
        return new Reading(signal).read(request).seal();
    }

    private static Batch logs(String... bodies) throws Exception {
        ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
        var scope = request.addResourceLogsBuilder().addScopeLogsBuilder();
        for (String body : bodies) {
            scope.addLogRecords(LogRecord.newBuilder()
                    .setTimeUnixNano(TIME)
                    .setBody(AnyValue.newBuilder().setStringValue(body)));
        }
        return sealed(Signal.LOGS, request.build());
    }

    private static Batch spans(String... names) throws Exception {
        ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
        var scope = request.addResourceSpansBuilder().addScopeSpansBuilder();
        for (String name : names) {
            scope.addSpans(Span.newBuilder()
                    .setTraceId(ByteString.copyFromUtf8("0123456789abcdef"))
                    .setSpanId(ByteString.copyFromUtf8("01234567"))
                    .setName(name)
                    .setStartTimeUnixNano(TIME)
                    .setEndTimeUnixNano(TIME + 1));
        }
        return sealed(Signal.TRACES, request.build());
    }

    private static Batch points(int... values) throws Exception {
        Gauge.Builder gauge = Gauge.newBuilder();
        for (int value : values) {
            gauge.addDataPoints(NumberDataPoint.newBuilder().setTimeUnixNano(TIME).setAsInt(value));
        }
        ExportMetricsServiceRequest.Builder request = ExportMetricsServiceRequest.newBuilder();
        request.addResourceMetricsBuilder().addScopeMetricsBuilder()
                .addMetrics(Metric.newBuilder().setName("depth").setGauge(gauge));
        return sealed(Signal.METRICS, request.build());
    }

    private static WalDump.Selection selection(Optional<BatchId> batch, long limit, boolean duplicates) {
        return new WalDump.Selection(Optional.empty(), Optional.empty(), batch, limit, duplicates);
    }

    private List<JsonNode> dump(Path data, long from, long to, WalDump.Selection selection) throws IOException {
        damages.clear();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        WalDump dump = new WalDump(selection, out, damages::add);
        new LogVerifier(new FileDisk(), data).read(new WalPosition(from), new WalPosition(to), dump);
        assertThat(dump.whole()).isEqualTo(damages.isEmpty());
        List<JsonNode> lines = new ArrayList<>();
        for (String line : out.toString(UTF_8).split("\n", -1)) {
            if (!line.isEmpty()) {
                lines.add(JSON.readTree(line));
            }
        }
        return lines;
    }

    private List<String> bodies(List<JsonNode> lines) {
        return lines.stream()
                .map(line -> line.at("/otlp/resourceLogs/0/scopeLogs/0/logRecords/0/body/stringValue").asText())
                .toList();
    }

    private List<String> bodies(Path data) throws IOException {
        return bodies(dump(data, 0, Long.MAX_VALUE, ALL));
    }

    /// The folder of a node that was killed at this moment.
    private Path copyOf(Path data, String name) throws IOException {
        Path copy = directory.resolve(name);
        Files.createDirectories(copy.resolve("wal"));
        try (Stream<Path> files = Files.list(data.resolve("wal"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve("wal").resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static void flip(Path file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at] ^= 0x10;
        Files.write(file, bytes);
    }

    private static Path segment(Path data, int number) {
        return data.resolve(String.format("wal/%06d.wal", number));
    }

    // --- what a line says

    @Test
    void aLineSaysWhereTheRowStandsAndWhatItIs() throws Exception {
        open(directory);
        append(entry(logs("grüße\n\u0001", "b")));

        List<JsonNode> lines = dump(directory, 0, Long.MAX_VALUE, ALL);

        assertThat(lines).hasSize(2);
        JsonNode line = lines.getFirst();
        assertThat(line.fieldNames()).toIterable().containsExactly(
                "batch_id", "position", "tenant", "signal", "arrival", "row", "duplicate", "otlp");
        assertThat(line.get("batch_id").asText()).isEqualTo(String.format("n1-%08x-1-1", log.incarnation()));
        assertThat(line.get("position").asLong()).isEqualTo(BLOCK + GROUP_HEADER);
        assertThat(line.get("tenant").asText()).isEqualTo("acme");
        assertThat(line.get("signal").asText()).isEqualTo("logs");
        assertThat(line.get("arrival").asText()).isEqualTo("2027-01-15T08:00:00.001000000Z");
        assertThat(line.get("row").asInt()).isZero();
        assertThat(line.get("duplicate").asBoolean()).isFalse();
        assertThat(bodies(lines)).containsExactly("grüße\n\u0001", "b");
        assertThat(lines.get(1).get("row").asInt()).isEqualTo(1);
    }

    @Test
    void rowsOfEverySignalAreRequestsThatCanBePostedAgain() throws Exception {
        open(directory);
        append(entry(logs("a")), entry(spans("s1", "s2")), entry(points(5, 6, 7)));

        List<JsonNode> lines = dump(directory, 0, Long.MAX_VALUE, ALL);

        assertThat(lines.stream().map(line -> line.get("signal").asText()))
                .containsExactly("logs", "traces", "traces", "metrics", "metrics", "metrics");
        assertThat(lines.get(2).get("otlp").toString())
                .isEqualTo("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{"
                        + "\"traceId\":\"30313233343536373839616263646566\",\"spanId\":\"3031323334353637\",\"name\":\"s2\","
                        + "\"startTimeUnixNano\":\"1789999999000000001\",\"endTimeUnixNano\":\"1789999999000000002\"}]}]}]}");
        assertThat(lines.get(5).at("/otlp/resourceMetrics/0/scopeMetrics/0/metrics/0/gauge/dataPoints"))
                .hasToString("[{\"timeUnixNano\":\"1789999999000000001\",\"asInt\":\"7\"}]");
    }

    // --- which rows

    @Test
    void duplicatesAreLeftOutUnlessTheyAreAskedFor() throws Exception {
        open(directory);
        append(entry(logs("a", "b", "c"), 0b010));
        append(entry(logs("b", "c"), 0b11));

        List<JsonNode> delivered = dump(directory, 0, Long.MAX_VALUE, ALL);
        List<JsonNode> all = dump(directory, 0, Long.MAX_VALUE, selection(Optional.empty(), Long.MAX_VALUE, true));

        assertThat(bodies(delivered)).containsExactly("a", "c");
        assertThat(delivered.get(1).get("row").asInt()).isEqualTo(2);
        assertThat(all.stream().map(line -> line.get("duplicate").asBoolean()))
                .containsExactly(false, true, false, true, true);
        assertThat(bodies(all.subList(0, 3))).containsExactly("a", "b", "c");
        assertThat(all.subList(3, 5)).allMatch(line -> line.get("otlp").isNull());
    }

    @Test
    void rowsAreChosenByTenantSignalBatchPositionAndNumber() throws Exception {
        open(directory);
        append(entry(logs("a")), entry(spans("s")));
        append(entry(logs("b", "c")));
        Batch d = logs("d");
        BatchHeader globex = new BatchHeader.Writer(Signal.LOGS, new TenantId("globex"), 1, 1, List.of())
                .row(1, 2, true)
                .part(3, 4, 1, true)
                .finish();
        append(new Log.Entry(globex, new long[0], 0, d.rows()));

        List<JsonNode> all = dump(directory, 0, Long.MAX_VALUE, ALL);
        long second = all.get(2).get("position").asLong();
        long third = all.get(4).get("position").asLong();
        BatchId id = BatchId.parse(all.get(2).get("batch_id").asText());

        assertThat(all).hasSize(5);
        assertThat(bodies(dump(directory, 0, Long.MAX_VALUE, new WalDump.Selection(
                        Optional.of(new TenantId("globex")), Optional.empty(), Optional.empty(), 9, false))))
                .containsExactly("d");
        assertThat(dump(directory, 0, Long.MAX_VALUE, new WalDump.Selection(
                        Optional.empty(), Optional.of(Signal.TRACES), Optional.empty(), 9, false)))
                .containsExactly(all.get(1));
        assertThat(bodies(dump(directory, 0, Long.MAX_VALUE, selection(Optional.of(id), 9, false))))
                .containsExactly("b", "c");
        assertThat(bodies(dump(directory, second, third, ALL))).containsExactly("b", "c");
        assertThat(bodies(dump(directory, second + 1, Long.MAX_VALUE, ALL))).containsExactly("d");
        assertThat(dump(directory, 0, Long.MAX_VALUE, selection(Optional.empty(), 3, false)))
                .isEqualTo(all.subList(0, 3));
    }

    @Test
    void aRangeOfPositionsIsFoundInAnySegment() throws Exception {
        open(directory);
        String noise = Stream.generate(() -> String.valueOf((char) ('!' + random.nextInt(90))))
                .limit(60_000)
                .reduce("", String::concat);
        for (int i = 0; i < 12; i++) {
            append(entry(logs(i + noise.substring(i))));
        }
        List<JsonNode> all = dump(directory, 0, Long.MAX_VALUE, ALL);
        assertThat(all).hasSize(12);
        assertThat(segment(directory, 3)).exists();

        for (int from = 0; from < 12; from++) {
            for (int to = from; to < 12; to++) {
                assertThat(dump(directory, all.get(from).get("position").asLong(),
                                all.get(to).get("position").asLong(), ALL))
                        .isEqualTo(all.subList(from, to));
            }
        }
    }

    @Test
    void aBatchThatWasCopiedAtAStartIsWrittenOnce() throws Exception {
        open(directory);
        append(entry(logs("a")));
        append(entry(logs("b")), entry(logs("c")));
        Path killed = copyOf(directory, "killed");
        open(killed);
        Path killedAgain = copyOf(killed, "killed-again");
        open(killedAgain);
        append(entry(logs("d")));

        assertThat(bodies(killed)).containsExactly("a", "b", "c");
        assertThat(bodies(killedAgain)).containsExactly("a", "b", "c", "d");
    }

    @Test
    void theCopyIsWrittenWhereItsOriginalIsDamaged() throws Exception {
        open(directory);
        append(entry(logs("a")));
        append(entry(logs("b")), entry(logs("c")));
        Path killed = copyOf(directory, "killed");
        open(killed);
        long ofB = dump(killed, 0, Long.MAX_VALUE, ALL).get(1).get("position").asLong();
        flip(segment(killed, 1), ofB + 80);

        assertThat(bodies(killed)).containsExactly("a", "b", "c");
        assertThat(damages).hasSize(1);
    }

    // --- damage

    @Test
    void damagedRowsAreToldAndTheRestIsWritten() throws Exception {
        open(directory);
        append(entry(logs("a")));
        append(entry(logs("b", "B")), entry(logs("c")));
        append(entry(logs("d")));
        Path copy = copyOf(directory, "damaged");
        List<JsonNode> all = dump(copy, 0, Long.MAX_VALUE, ALL);
        long ofC = all.get(3).get("position").asLong();
        flip(segment(copy, 1), ofC - 100);

        assertThat(bodies(copy)).containsExactly("a", "c", "d");
        assertThat(damages).hasSize(1);
        assertThat(damages.getFirst().file()).isEqualTo("000001.wal");
        assertThat(damages.getFirst().offset()).isEqualTo(all.get(1).get("position").asLong());
        assertThat(damages.getFirst().position()).isEqualTo(all.get(1).get("position").asLong());
        assertThat(damages.getFirst().rows()).isEqualTo(2);
        assertThat(damages.getFirst().exact()).isTrue();
    }

    @Test
    void aGroupThatWasNeverFinishedIsNeitherWrittenNorDamage() throws Exception {
        open(directory);
        append(entry(logs("a")));
        append(entry(logs("b")), entry(logs("c")));
        Path copy = copyOf(directory, "torn");
        long ofC = dump(copy, 0, Long.MAX_VALUE, ALL).get(2).get("position").asLong();
        flip(segment(copy, 1), ofC + 200);

        assertThat(bodies(copy)).containsExactly("a");
        assertThat(damages).isEmpty();
    }

    @Test
    void rowsThatAreNoRowsAreToldAndTheRestIsWritten() throws Exception {
        open(directory);
        Batch a = logs("a");
        append(new Log.Entry(a.header(), new long[0], 0, ByteBuffer.wrap("no rows at all".getBytes(UTF_8))));
        append(entry(logs("b")));

        assertThat(bodies(directory)).containsExactly("b");
        assertThat(damages).hasSize(1);
        assertThat(damages.getFirst().what()).contains("n1-").contains("cannot be opened");
    }

    @Test
    void readingEndsWhenNobodyTakesTheRows() throws Exception {
        open(directory);
        append(entry(logs("a", "b")));
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        WalDump dump = new WalDump(ALL, closed, damages::add);

        new LogVerifier(new FileDisk(), directory).read(WalPosition.BEGINNING, new WalPosition(Long.MAX_VALUE), dump);

        assertThat(dump.enough()).isTrue();
        assertThat(dump.outFailure()).get().extracting(IOException::getMessage).isEqualTo("Broken pipe");
    }
}
