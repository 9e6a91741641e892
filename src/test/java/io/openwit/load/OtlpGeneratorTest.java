package io.openwit.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.InvalidProtocolBufferException;
import io.openwit.model.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class OtlpGeneratorTest {
    private static final long START = 1_790_000_000_123_456_789L;
    private static final long NANOS_PER_ROW = 1_000;
    private static final int ROWS = 1_000;

    private final OtlpGenerator generator = generator("run-7f3a", 42);

    private static OtlpGenerator generator(String run, long seed) {
        return new OtlpGenerator(run, seed, START, NANOS_PER_ROW);
    }

    private byte[] request(Signal signal, long firstRow, int rows) {
        return request(generator, signal, firstRow, rows);
    }

    private static byte[] request(OtlpGenerator from, Signal signal, long firstRow, int rows) {
        from.write(signal, firstRow, rows);
        return Arrays.copyOfRange(from.array(), from.offset(), from.offset() + from.length());
    }

    @ParameterizedTest
    @CsvSource({"LOGS, 513", "TRACES, 469", "METRICS, 326"})
    void rowsHaveTheSizesThatAreSaid(Signal signal, int bytesPerRow) {
        generator.write(signal, 5_000, ROWS);

        assertThat(generator.length() / (double) ROWS).isCloseTo(bytesPerRow, within(bytesPerRow * 0.1));
    }

    @ParameterizedTest
    @EnumSource(Signal.class)
    void eachRowCarriesItsRunItsNumberAndTheAttributesOfItsSignal(Signal signal) throws Exception {
        int expected = switch (signal) {
            case LOGS -> 8;
            case TRACES -> 10;
            case METRICS -> 6;
        };

        List<List<KeyValue>> rows = attributes(signal, request(signal, 3_000_000_007L, 257));

        assertThat(rows).allSatisfy(row -> assertThat(row.stream().map(KeyValue::getKey).distinct()).hasSize(expected));
        assertThat(rows.stream().map(row -> value(row, "load.run").getValue().getStringValue()))
                .hasSize(257)
                .containsOnly("run-7f3a");
        assertThat(rows.stream().map(row -> value(row, "load.seq").getValue().getIntValue()))
                .containsExactlyElementsOf(
                        LongStream.range(3_000_000_007L, 3_000_000_007L + 257).boxed().toList());
    }

    @ParameterizedTest
    @EnumSource(Signal.class)
    void theSameRowsOfTheSameRunAreTheSameBytesWhateverWasWrittenBefore(Signal signal) {
        byte[] first = request(signal, 12_000, 100);
        request(Signal.TRACES, 0, 3_000);
        byte[] again = request(signal, 12_000, 100);

        assertThat(again).isEqualTo(first);
        assertThat(request(generator("run-7f3a", 42), signal, 12_000, 100)).isEqualTo(first);
        assertThat(request(generator("run-7f3a", 43), signal, 12_000, 100)).isNotEqualTo(first);
        assertThat(request(generator("run-7f3b", 42), signal, 12_000, 100)).isNotEqualTo(first);
        assertThat(request(signal, 12_100, 100)).isNotEqualTo(first);
    }

    /// The encoder of protobuf-java writes fields by number and lengths as short as can be: ours does as well.
    @Test
    void logsAndSpansAreByteForByteWhatProtobufWouldWrite() throws Exception {
        byte[] logs = request(Signal.LOGS, 0, 500);
        byte[] spans = request(Signal.TRACES, 0, 500);

        assertThat(ExportLogsServiceRequest.parseFrom(logs).toByteArray()).isEqualTo(logs);
        assertThat(ExportTraceServiceRequest.parseFrom(spans).toByteArray()).isEqualTo(spans);
    }

    @Test
    void logsHaveTimesInOrderAndPlausibleFields() throws Exception {
        List<LogRecord> records = logs(request(Signal.LOGS, 0, ROWS));

        for (int i = 0; i < ROWS; i++) {
            LogRecord record = records.get(i);
            assertThat(record.getTimeUnixNano()).isBetween(START + i * NANOS_PER_ROW, START + (i + 1) * NANOS_PER_ROW);
            assertThat(record.getObservedTimeUnixNano()).isGreaterThan(record.getTimeUnixNano());
            assertThat(record.getBody().getStringValue()).hasSizeGreaterThan(60);
            assertThat(record.getTraceId().size()).isIn(0, 16);
            assertThat(value(record.getAttributesList(), "user.id").getValue().getStringValue())
                    .matches("[0-9a-f]{16}");
            assertThat(value(record.getAttributesList(), "client.address").getValue().getStringValue())
                    .matches("10\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
        }
        assertThat(records.stream().map(LogRecord::getSeverityText).collect(Collectors.toSet()))
                .containsExactlyInAnyOrder("DEBUG", "INFO", "WARN", "ERROR");
        assertThat(unknownFields(ExportLogsServiceRequest.parseFrom(request(Signal.LOGS, 0, ROWS)).toString()))
                .isFalse();
    }

    @Test
    void valuesAreOfLowAndOfHighCardinality() throws Exception {
        List<List<KeyValue>> rows = attributes(Signal.LOGS, request(Signal.LOGS, 0, ROWS));

        assertThat(distinct(rows, "http.request.method")).isBetween(3L, 8L);
        assertThat(distinct(rows, "http.status_code")).isEqualTo(8);
        assertThat(distinct(rows, "user.id")).isGreaterThan(900);
        assertThat(distinct(rows, "client.address")).isGreaterThan(900);
    }

    @Test
    void aRequestHoldsSeveralResourcesAndASmallOneHoldsOne() throws Exception {
        ExportLogsServiceRequest large = ExportLogsServiceRequest.parseFrom(request(Signal.LOGS, 0, ROWS));
        ExportLogsServiceRequest small = ExportLogsServiceRequest.parseFrom(request(Signal.LOGS, 0, 3));

        assertThat(large.getResourceLogsCount()).isEqualTo(4);
        assertThat(small.getResourceLogsCount()).isEqualTo(1);
        assertThat(large.getResourceLogsList()).allSatisfy(resource -> assertThat(
                        resource.getResource().getAttributesList().stream().map(KeyValue::getKey))
                .contains("service.name", "service.instance.id", "host.name"));
        Set<String> services = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            services.add(value(ExportLogsServiceRequest.parseFrom(request(Signal.LOGS, i * 10L, 10))
                            .getResourceLogs(0).getResource().getAttributesList(), "service.name")
                    .getValue().getStringValue());
        }
        assertThat(services).hasSizeGreaterThan(5);
    }

    @Test
    void spansFormTracesWithUniqueIds() throws Exception {
        List<Span> spans = spans(request(Signal.TRACES, 800, ROWS));

        assertThat(spans.stream().map(Span::getSpanId).distinct()).hasSize(ROWS);
        assertThat(spans.stream().map(Span::getTraceId).distinct()).hasSize(ROWS / 8);
        for (int i = 0; i < ROWS; i++) {
            Span span = spans.get(i);
            Span root = spans.get(i - i % 8);
            assertThat(span.getTraceId()).isEqualTo(root.getTraceId());
            assertThat(span.getTraceId().size()).isEqualTo(16);
            assertThat(span.getSpanId().size()).isEqualTo(8);
            assertThat(span.getParentSpanId().isEmpty()).isEqualTo(span == root);
            if (span != root) {
                assertThat(span.getParentSpanId()).isEqualTo(root.getSpanId());
            }
            assertThat(span.getEndTimeUnixNano()).isGreaterThan(span.getStartTimeUnixNano());
        }
        assertThat(spans.stream().filter(span -> span.getEventsCount() == 1 && span.getStatus().getCodeValue() == 2))
                .isNotEmpty();
        assertThat(unknownFields(ExportTraceServiceRequest.parseFrom(request(Signal.TRACES, 0, ROWS)).toString()))
                .isFalse();
    }

    @Test
    void metricsAreOfAllFiveKindsAndValid() throws Exception {
        byte[] request = request(Signal.METRICS, 17, ROWS);
        Map<Metric.DataCase, List<Metric>> kinds =
                metrics(request).stream().collect(Collectors.groupingBy(Metric::getDataCase));

        assertThat(kinds.keySet()).containsExactlyInAnyOrder(
                Metric.DataCase.GAUGE, Metric.DataCase.SUM, Metric.DataCase.HISTOGRAM,
                Metric.DataCase.EXPONENTIAL_HISTOGRAM, Metric.DataCase.SUMMARY);
        assertThat(kinds.get(Metric.DataCase.SUM)).allSatisfy(metric -> {
            assertThat(metric.getSum().getIsMonotonic()).isTrue();
            assertThat(metric.getSum().getAggregationTemporality())
                    .isEqualTo(AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE);
            assertThat(metric.getName()).isNotEmpty();
            assertThat(metric.getUnit()).isEqualTo("ms");
            assertThat(metric.getDescription()).isNotEmpty();
        });
        for (Metric metric : kinds.get(Metric.DataCase.HISTOGRAM)) {
            assertThat(metric.getHistogram().getAggregationTemporalityValue()).isPositive();
            for (HistogramDataPoint point : metric.getHistogram().getDataPointsList()) {
                assertThat(point.getBucketCountsList()).hasSize(point.getExplicitBoundsCount() + 1);
                assertThat(point.getExplicitBoundsList()).isSorted();
                assertThat(point.getBucketCountsList().stream().mapToLong(count -> count).sum())
                        .isEqualTo(point.getCount());
                assertThat(point.getMin()).isLessThan(point.getMax());
            }
        }
        for (Metric metric : kinds.get(Metric.DataCase.EXPONENTIAL_HISTOGRAM)) {
            assertThat(metric.getExponentialHistogram().getAggregationTemporalityValue()).isPositive();
            for (ExponentialHistogramDataPoint point : metric.getExponentialHistogram().getDataPointsList()) {
                long sum = point.getPositive().getBucketCountsList().stream().mapToLong(count -> count).sum();
                assertThat(sum + point.getZeroCount()).isEqualTo(point.getCount());
                assertThat(point.getScale()).isEqualTo(3);
                assertThat(point.getPositive().getOffset()).isBetween(-20, 19);
            }
        }
        assertThat(kinds.get(Metric.DataCase.SUMMARY)).allSatisfy(metric -> assertThat(
                        metric.getSummary().getDataPoints(0).getQuantileValuesList())
                .extracting(quantile -> quantile.getQuantile())
                .containsExactly(0.5, 0.9, 0.99));
        assertThat(unknownFields(ExportMetricsServiceRequest.parseFrom(request).toString())).isFalse();
    }

    @Test
    void aMetricThatTwoRequestsShareIsCutBetweenThem() throws Exception {
        List<Metric> first = metrics(request(Signal.METRICS, 0, 3));
        List<Metric> second = metrics(request(Signal.METRICS, 3, 5));

        assertThat(first).singleElement().satisfies(m -> assertThat(m.getGauge().getDataPointsCount()).isEqualTo(3));
        assertThat(second).hasSize(2);
        assertThat(second.get(0).getGauge().getDataPointsCount()).isEqualTo(2);
        assertThat(second.get(1).getSum().getDataPointsCount()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(Signal.class)
    void theLargestRequestAndTheLongestRunIdAreTaken(Signal signal) throws Exception {
        OtlpGenerator large = generator("x".repeat(64), -1);

        byte[] request = request(large, signal, Long.MAX_VALUE / (4 * NANOS_PER_ROW), 20_000);

        assertThat(attributes(signal, request)).hasSize(20_000);
    }

    private static boolean unknownFields(String text) {
        // Protobuf prints a field that it does not know by its number.
        return IntStream.range(1, 30)
                .anyMatch(number -> text.contains("\n" + number + ": ") || text.contains(" " + number + ": "));
    }

    private static List<LogRecord> logs(byte[] request) throws InvalidProtocolBufferException {
        return ExportLogsServiceRequest.parseFrom(request).getResourceLogsList().stream()
                .flatMap(resource -> resource.getScopeLogsList().stream())
                .flatMap(scope -> scope.getLogRecordsList().stream())
                .toList();
    }

    private static List<Span> spans(byte[] request) throws InvalidProtocolBufferException {
        return ExportTraceServiceRequest.parseFrom(request).getResourceSpansList().stream()
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .toList();
    }

    private static List<Metric> metrics(byte[] request) throws InvalidProtocolBufferException {
        return ExportMetricsServiceRequest.parseFrom(request).getResourceMetricsList().stream()
                .flatMap(resource -> resource.getScopeMetricsList().stream())
                .flatMap(scope -> scope.getMetricsList().stream())
                .toList();
    }

    static List<List<KeyValue>> attributes(Signal signal, byte[] request) throws InvalidProtocolBufferException {
        return switch (signal) {
            case LOGS -> logs(request).stream().map(LogRecord::getAttributesList).toList();
            case TRACES -> spans(request).stream().map(Span::getAttributesList).toList();
            case METRICS -> {
                List<List<KeyValue>> rows = new ArrayList<>();
                for (Metric metric : metrics(request)) {
                    switch (metric.getDataCase()) {
                        case GAUGE ->
                            metric.getGauge().getDataPointsList().forEach(p -> rows.add(p.getAttributesList()));
                        case SUM -> metric.getSum().getDataPointsList().forEach(p -> rows.add(p.getAttributesList()));
                        case HISTOGRAM ->
                            metric.getHistogram().getDataPointsList().forEach(p -> rows.add(p.getAttributesList()));
                        case EXPONENTIAL_HISTOGRAM -> metric.getExponentialHistogram()
                                .getDataPointsList().forEach(p -> rows.add(p.getAttributesList()));
                        case SUMMARY ->
                            metric.getSummary().getDataPointsList().forEach(p -> rows.add(p.getAttributesList()));
                        case DATA_NOT_SET -> throw new AssertionError("a metric without data");
                    }
                }
                yield rows;
            }
        };
    }

    static KeyValue value(List<KeyValue> row, String key) {
        return row.stream().filter(attribute -> attribute.getKey().equals(key)).findFirst().orElseThrow();
    }

    private static long distinct(List<List<KeyValue>> rows, String key) {
        return rows.stream().map(row -> value(row, key).getValue()).distinct().count();
    }
}
