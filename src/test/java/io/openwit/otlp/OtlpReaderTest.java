package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.EntityRef;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.Exemplar;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogram;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.metrics.v1.Sum;
import io.opentelemetry.proto.metrics.v1.Summary;
import io.opentelemetry.proto.metrics.v1.SummaryDataPoint;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.openwit.columnar.Columns;
import io.openwit.columnar.OpenedRows;
import io.openwit.columnar.Sealer;
import io.openwit.model.BatchHeader;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Every field of every signal, built by protobuf-java and found again by Arrow's stock reader.
class OtlpReaderTest {
    static final long TIME = Reading.ARRIVAL - 1_000_000_007L;
    static final byte[] TRACE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static final byte[] SPAN = {21, 22, 23, 24, 25, 26, 27, 28};

    static AnyValue text(String value) {
        return AnyValue.newBuilder().setStringValue(value).build();
    }

    static AnyValue number(long value) {
        return AnyValue.newBuilder().setIntValue(value).build();
    }

    static KeyValue entry(String key, AnyValue value) {
        return KeyValue.newBuilder().setKey(key).setValue(value).build();
    }

    static KeyValue entry(String key, String value) {
        return entry(key, text(value));
    }

    static Resource resource() {
        return Resource.newBuilder()
                .addAttributes(entry("service.name", "shop"))
                .addAttributes(entry("host", "h1"))
                .addAttributes(entry("cpus", number(4)))
                .setDroppedAttributesCount(3)
                .addEntityRefs(EntityRef.newBuilder()
                        .setType("service")
                        .addIdKeys("service.name")
                        .addIdKeys("host")
                        .addDescriptionKeys("cpus"))
                .build();
    }

    static InstrumentationScope scope() {
        return InstrumentationScope.newBuilder()
                .setName("io.shop")
                .setVersion("1.2")
                .addAttributes(entry("lib", "x"))
                .setDroppedAttributesCount(5)
                .build();
    }

    static ExportLogsServiceRequest logs(LogRecord... records) {
        return ExportLogsServiceRequest.newBuilder()
                .addResourceLogs(ResourceLogs.newBuilder()
                        .setResource(resource())
                        .setSchemaUrl("https://r")
                        .addScopeLogs(ScopeLogs.newBuilder()
                                .setScope(scope())
                                .setSchemaUrl("https://s")
                                .addAllLogRecords(Arrays.asList(records))))
                .build();
    }

    static ExportTraceServiceRequest traces(Span... spans) {
        return ExportTraceServiceRequest.newBuilder()
                .addResourceSpans(ResourceSpans.newBuilder()
                        .setResource(resource())
                        .setSchemaUrl("https://r")
                        .addScopeSpans(ScopeSpans.newBuilder()
                                .setScope(scope())
                                .setSchemaUrl("https://s")
                                .addAllSpans(Arrays.asList(spans))))
                .build();
    }

    static ExportMetricsServiceRequest metrics(Metric... metrics) {
        return ExportMetricsServiceRequest.newBuilder()
                .addResourceMetrics(ResourceMetrics.newBuilder()
                        .setResource(resource())
                        .setSchemaUrl("https://r")
                        .addScopeMetrics(ScopeMetrics.newBuilder()
                                .setScope(scope())
                                .setSchemaUrl("https://s")
                                .addAllMetrics(Arrays.asList(metrics))))
                .build();
    }

    static LogRecord.Builder log() {
        return LogRecord.newBuilder()
                .setTimeUnixNano(TIME)
                .setObservedTimeUnixNano(TIME + 1)
                .setBody(text("hello"));
    }

    static Span.Builder span() {
        return Span.newBuilder()
                .setTraceId(ByteString.copyFrom(TRACE))
                .setSpanId(ByteString.copyFrom(SPAN))
                .setName("GET /")
                .setStartTimeUnixNano(TIME)
                .setEndTimeUnixNano(TIME + 10);
    }

    private static String hex(byte[] id) {
        return HexFormat.of().formatHex(id);
    }

    /// Values that a test expects; a null may stand among them.
    static Map<String, Object> expected(Object... keysAndValues) {
        Map<String, Object> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return values;
    }

    private static void assertEnvelope(Map<String, Object> row) {
        assertThat(row)
                .containsEntry("tenant", "acme")
                .containsEntry("service_name", "shop")
                .containsEntry("resource", Map.of("cpus", "4", "host", "h1", "service.name", "shop"))
                .containsEntry("resource_types", "iss")
                .containsEntry("resource_dropped", 3)
                .containsEntry("scope", Map.of("lib", "x"))
                .containsEntry("scope_types", null)
                .containsEntry("scope_dropped", 5)
                .containsEntry("scope_name", "io.shop")
                .containsEntry("scope_version", "1.2")
                .containsEntry("resource_schema_url", "https://r")
                .containsEntry("scope_schema_url", "https://s")
                .containsEntry(
                        "resource_entity_refs",
                        "[{\"type\":\"service\",\"idKeys\":[\"service.name\",\"host\"],\"descriptionKeys\":[\"cpus\"]}]");
        assertThat(((Map<?, ?>) row.get("resource")).keySet())
                .map(Object::toString)
                .containsExactly("cpus", "host", "service.name");
    }

    @Test
    void everyFieldOfALogRecordIsFoundAgain() throws Exception {
        LogRecord record = log().setSeverityNumber(SeverityNumber.SEVERITY_NUMBER_ERROR)
                .setSeverityText("ERROR")
                .setDroppedAttributesCount(7)
                .setFlags(0x80000101)
                .setTraceId(ByteString.copyFrom(TRACE))
                .setSpanId(ByteString.copyFrom(SPAN))
                .setEventName("boom")
                .addAttributes(entry("z", "last"))
                .addAttributes(entry("a", AnyValue.newBuilder().setBoolValue(true).build()))
                .build();

        Reading reading = new Reading(Signal.LOGS).read(logs(record, log().build()));
        List<Map<String, Object>> rows = reading.rows();

        assertThat(rows.get(0))
                .containsEntry("time", TIME)
                .containsEntry("observed_time", TIME + 1)
                .containsEntry("severity", 17)
                .containsEntry("severity_text", "ERROR")
                .containsEntry("body", "hello")
                .containsEntry("body_type", null)
                .containsEntry("trace_id", hex(TRACE))
                .containsEntry("span_id", hex(SPAN))
                .containsEntry("flags", 0x80000101)
                .containsEntry("event_name", "boom")
                .containsEntry("dropped_attributes", 7)
                .containsEntry("attributes", Map.of("a", "true", "z", "last"))
                .containsEntry("attributes_types", "bs");
        assertThat(rows.get(1))
                .containsEntry("severity", 0)
                .containsEntry("severity_text", null)
                .containsEntry("trace_id", null)
                .containsEntry("attributes", Map.of())
                .containsEntry("attributes_types", null);
        rows.forEach(OtlpReaderTest::assertEnvelope);
        assertThat(rows.getFirst()).hasSize(26);
        assertThat(reading.result.rows()).isEqualTo(2);
        assertThat(reading.result.rejected()).isZero();
        assertThat(reading.result.firstReason()).isEmpty();
    }

    @Test
    void everyFieldOfASpanIsFoundAgain() throws Exception {
        byte[] parent = {31, 32, 33, 34, 35, 36, 37, 38};
        Span span = span().setParentSpanId(ByteString.copyFrom(parent))
                .setTraceState("a=b")
                .setFlags(0x301)
                .setKind(Span.SpanKind.SPAN_KIND_CLIENT)
                .addAttributes(entry("http.method", "GET"))
                .setDroppedAttributesCount(1)
                .setDroppedEventsCount(2)
                .setDroppedLinksCount(3)
                .setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR).setMessage("no"))
                .addEvents(Span.Event.newBuilder()
                        .setTimeUnixNano(TIME + 2)
                        .setName("retry")
                        .addAttributes(entry("n", number(2)))
                        .setDroppedAttributesCount(4))
                .addEvents(Span.Event.newBuilder().setName("done"))
                .addLinks(Span.Link.newBuilder()
                        .setTraceId(ByteString.copyFrom(TRACE))
                        .setSpanId(ByteString.copyFrom(parent))
                        .setTraceState("c=d")
                        .setFlags(9)
                        .addAttributes(entry("why", "batch"))
                        .setDroppedAttributesCount(6))
                .build();

        List<Map<String, Object>> rows =
                new Reading(Signal.TRACES).read(traces(span, span().build())).rows();

        Map<String, Object> row = rows.getFirst();
        assertEnvelope(row);
        assertThat(row)
                .containsEntry("trace_id", hex(TRACE))
                .containsEntry("span_id", hex(SPAN))
                .containsEntry("parent_span_id", hex(parent))
                .containsEntry("trace_state", "a=b")
                .containsEntry("flags", 0x301)
                .containsEntry("name", "GET /")
                .containsEntry("kind", 3)
                .containsEntry("start_time", TIME)
                .containsEntry("end_time", TIME + 10)
                .containsEntry("status_code", 2)
                .containsEntry("status_message", "no")
                .containsEntry("dropped_attributes", 1)
                .containsEntry("dropped_events", 2)
                .containsEntry("dropped_links", 3)
                .containsEntry("attributes", Map.of("http.method", "GET"))
                .containsEntry("attributes_types", null)
                .containsEntry(
                        "events",
                        List.of(
                                expected(
                                        "time", TIME + 2, "name", "retry", "attributes", Map.of("n", "2"), "types", "i",
                                        "dropped", 4),
                                expected(
                                        "time", null, "name", "done", "attributes", Map.of(), "types", null, "dropped",
                                        0)));
        Map<?, ?> link = (Map<?, ?>) ((List<?>) row.get("links")).getFirst();
        assertThat(link.get("trace_id")).isEqualTo(hex(TRACE));
        assertThat(link.get("span_id")).isEqualTo(hex(parent));
        assertThat(link.get("trace_state")).isEqualTo("c=d");
        assertThat(link.get("flags")).isEqualTo(9);
        assertThat(link.get("attributes")).isEqualTo(Map.of("why", "batch"));
        assertThat(link.get("types")).isNull();
        assertThat(link.get("dropped")).isEqualTo(6);
        assertThat(rows.get(1))
                .containsEntry("status_code", null)
                .containsEntry("parent_span_id", null)
                .containsEntry("events", List.of())
                .containsEntry("links", List.of());
    }

    @Test
    void everyKindOfMetricIsFoundAgain() throws Exception {
        Exemplar exemplar = Exemplar.newBuilder()
                .setTimeUnixNano(TIME)
                .setAsInt(-5)
                .setTraceId(ByteString.copyFrom(TRACE))
                .setSpanId(ByteString.copyFrom(SPAN))
                .addFilteredAttributes(entry("user", "u1"))
                .build();
        Metric gauge = Metric.newBuilder()
                .setName("temp")
                .setUnit("C")
                .setDescription("how warm")
                .addMetadata(entry("origin", "prometheus"))
                .setGauge(Gauge.newBuilder()
                        .addDataPoints(point().setAsDouble(21.5).addExemplars(exemplar).setFlags(2))
                        .addDataPoints(point().setAsInt(-3)))
                .build();
        Metric sum = Metric.newBuilder()
                .setName("calls")
                .setSum(Sum.newBuilder()
                        .setIsMonotonic(true)
                        .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE)
                        .addDataPoints(point().setAsInt(9).setStartTimeUnixNano(TIME - 9)))
                .build();
        Metric histogram = Metric.newBuilder()
                .setName("latency")
                .setHistogram(Histogram.newBuilder()
                        .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                        .addDataPoints(HistogramDataPoint.newBuilder()
                                .setTimeUnixNano(TIME)
                                .setCount(6)
                                .setSum(12.5)
                                .setMin(0.5)
                                .setMax(7)
                                .addAllBucketCounts(List.of(1L, 2L, 3L))
                                .addAllExplicitBounds(List.of(1.0, 5.0))
                                .addAttributes(entry("route", "/"))))
                .build();
        Metric exponential = Metric.newBuilder()
                .setName("sizes")
                .setExponentialHistogram(ExponentialHistogram.newBuilder()
                        .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                        .addDataPoints(ExponentialHistogramDataPoint.newBuilder()
                                .setTimeUnixNano(TIME)
                                .setCount(7)
                                .setScale(-2)
                                .setZeroCount(1)
                                .setZeroThreshold(0.001)
                                .setPositive(ExponentialHistogramDataPoint.Buckets.newBuilder()
                                        .setOffset(-4)
                                        .addAllBucketCounts(List.of(1L, 5L)))))
                .build();
        Metric summary = Metric.newBuilder()
                .setName("rpc")
                .setSummary(Summary.newBuilder()
                        .addDataPoints(SummaryDataPoint.newBuilder()
                                .setTimeUnixNano(TIME)
                                .setCount(3)
                                .setSum(4.5)
                                .addQuantileValues(SummaryDataPoint.ValueAtQuantile.newBuilder()
                                        .setQuantile(0.99)
                                        .setValue(2.5))))
                .build();
        Metric empty = Metric.newBuilder().setName("nothing").setGauge(Gauge.newBuilder()).build();

        List<Map<String, Object>> rows = new Reading(Signal.METRICS)
                .read(metrics(gauge, empty, sum, histogram, exponential, summary))
                .rows();

        assertThat(rows).hasSize(6);
        rows.forEach(OtlpReaderTest::assertEnvelope);
        assertThat(rows).extracting(row -> row.get("name"))
                .containsExactly("temp", "temp", "calls", "latency", "sizes", "rpc");
        assertThat(rows).extracting(row -> row.get("type"))
                .containsExactly("gauge", "gauge", "sum", "histogram", "exponential_histogram", "summary");
        assertThat(rows.get(0))
                .containsEntry("unit", "C")
                .containsEntry("description", "how warm")
                .containsEntry("metadata", Map.of("origin", "prometheus"))
                .containsEntry("metadata_types", null)
                .containsEntry("metadata_dropped", 0)
                .containsEntry("temporality", null)
                .containsEntry("monotonic", null)
                .containsEntry("time", TIME)
                .containsEntry("start_time", null)
                .containsEntry("value", 21.5)
                .containsEntry("value_int", null)
                .containsEntry("flags", 2)
                .containsEntry("count", null)
                .containsEntry("bucket_counts", null)
                .containsEntry("quantiles", null);
        Map<?, ?> found = (Map<?, ?>) ((List<?>) rows.get(0).get("exemplars")).getFirst();
        assertThat(found.get("time")).isEqualTo(TIME);
        assertThat(found.get("value")).isNull();
        assertThat(found.get("value_int")).isEqualTo(-5L);
        assertThat(found.get("trace_id")).isEqualTo(hex(TRACE));
        assertThat(found.get("span_id")).isEqualTo(hex(SPAN));
        assertThat(found.get("attributes")).isEqualTo(Map.of("user", "u1"));
        assertThat(rows.get(1))
                .containsEntry("value", null)
                .containsEntry("value_int", -3L)
                .containsEntry("metadata", Map.of("origin", "prometheus"))
                .containsEntry("exemplars", List.of());
        assertThat(rows.get(2))
                .containsEntry("temporality", 2)
                .containsEntry("monotonic", true)
                .containsEntry("start_time", TIME - 9)
                .containsEntry("metadata", Map.of());
        assertThat(rows.get(3))
                .containsEntry("temporality", 1)
                .containsEntry("monotonic", null)
                .containsEntry("count", 6L)
                .containsEntry("sum", 12.5)
                .containsEntry("min", 0.5)
                .containsEntry("max", 7.0)
                .containsEntry("bucket_counts", List.of(1L, 2L, 3L))
                .containsEntry("explicit_bounds", List.of(1.0, 5.0))
                .containsEntry("attributes", Map.of("route", "/"))
                .containsEntry("scale", null);
        assertThat(rows.get(4))
                .containsEntry("count", 7L)
                .containsEntry("sum", null)
                .containsEntry("scale", -2)
                .containsEntry("zero_count", 1L)
                .containsEntry("zero_threshold", 0.001)
                .containsEntry("positive_offset", -4)
                .containsEntry("positive", List.of(1L, 5L))
                .containsEntry("negative_offset", null)
                .containsEntry("negative", null);
        assertThat(rows.get(5))
                .containsEntry("count", 3L)
                .containsEntry("sum", 4.5)
                .containsEntry("quantiles", List.of(Map.of("quantile", 0.99, "value", 2.5)));
    }

    private static NumberDataPoint.Builder point() {
        return NumberDataPoint.newBuilder().setTimeUnixNano(TIME);
    }

    @Test
    void valuesBecomeTextWithATypeLetterEach() throws Exception {
        KeyValueList nested = KeyValueList.newBuilder()
                .addValues(entry("z", AnyValue.newBuilder().setDoubleValue(1e21).build()))
                .addValues(entry("b", AnyValue.newBuilder()
                        .setBytesValue(ByteString.copyFromUtf8("hey!"))
                        .build()))
                .addValues(entry("c", "q\"\\\n\u0001é"))
                .addValues(entry("n", AnyValue.getDefaultInstance()))
                .build();
        ArrayValue array = ArrayValue.newBuilder()
                .addValues(number(Long.MIN_VALUE))
                .addValues(AnyValue.newBuilder().setDoubleValue(3))
                .addValues(AnyValue.newBuilder().setDoubleValue(Double.NEGATIVE_INFINITY))
                .addValues(AnyValue.newBuilder().setBoolValue(false))
                .addValues(AnyValue.newBuilder()
                        .setKvlistValue(KeyValueList.newBuilder()
                                .addValues(entry("k", number(2)))
                                .addValues(entry("k", number(1)))))
                .addValues(AnyValue.newBuilder()
                        .setKvlistValue(KeyValueList.newBuilder().addValues(entry("$x", "y"))))
                .build();
        LogRecord record = log().setBody(AnyValue.newBuilder().setKvlistValue(nested))
                .addAttributes(entry("s", "text"))
                .addAttributes(entry("i", number(-10)))
                .addAttributes(entry("d", AnyValue.newBuilder().setDoubleValue(-0.0).build()))
                .addAttributes(entry("b", AnyValue.newBuilder().setBoolValue(false).build()))
                .addAttributes(entry("x", AnyValue.newBuilder()
                        .setBytesValue(ByteString.copyFrom(new byte[] {-1, -2}))
                        .build()))
                .addAttributes(entry("n", AnyValue.getDefaultInstance()))
                .addAttributes(entry("a", AnyValue.newBuilder().setArrayValue(array).build()))
                .addAttributes(entry("k", AnyValue.newBuilder().setKvlistValue(nested).build()))
                .build();

        Map<String, Object> row = new Reading(Signal.LOGS).read(logs(record)).row();

        String kvlist = "{\"b\":{\"$bytes\":\"aGV5IQ==\"},\"c\":\"q\\\"\\\\\\n\\u0001é\",\"n\":null,\"z\":1.0E21}";
        assertThat(row).containsEntry("body", kvlist).containsEntry("body_type", "k");
        assertThat(row).containsEntry("attributes_types", "abdiknsx");
        assertThat(row.get("attributes"))
                .isEqualTo(expected(
                        "s", "text", "i", "-10", "d", "-0.0", "b", "false", "x", "//4=", "n", null, "k", kvlist, "a",
                        "[-9223372036854775808,3.0,{\"$double\":\"-Infinity\"},false,"
                                + "{\"$kv\":[[\"k\",2],[\"k\",1]]},{\"$kv\":[[\"$x\",\"y\"]]}]"));
    }

    @Test
    void aBodyKeepsItsTypeAndAnAbsentOneIsNotAnEmptyOne() throws Exception {
        List<Map<String, Object>> rows = new Reading(Signal.LOGS)
                .read(logs(
                        log().setBody(number(12)).build(),
                        log().setBody(text("")).build(),
                        log().setBody(AnyValue.getDefaultInstance()).build(),
                        log().clearBody().build()))
                .rows();

        assertThat(rows).extracting(row -> row.get("body")).containsExactly("12", "", null, null);
        assertThat(rows).extracting(row -> row.get("body_type")).containsExactly("i", null, "n", null);
    }

    @Test
    void repeatedKeysAreKeptUnderNamesThatNoOtherKeyHas() throws Exception {
        LogRecord record = log().addAttributes(entry("k", "1"))
                .addAttributes(entry("k#2", "own"))
                .addAttributes(entry("k", number(2)))
                .addAttributes(entry("k", "3"))
                .build();

        Reading reading = new Reading(Signal.LOGS).read(logs(record));

        Map<String, Object> row = reading.row();
        assertThat(row.get("attributes")).isEqualTo(Map.of("k", "1", "k#2", "own", "k#3", "2", "k#4", "3"));
        assertThat(row).containsEntry("attributes_types", "sISs");
        assertThat(reading.result.mended(MendReason.DUPLICATE_KEY)).isEqualTo(1);
    }

    @Test
    void rowsCarryTheResourceAndScopeThatTheyCameUnder() throws Exception {
        ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
        for (int r = 0; r < 3; r++) {
            ResourceLogs.Builder resource = ResourceLogs.newBuilder();
            if (r < 2) {
                resource.setResource(Resource.newBuilder().addAttributes(entry("service.name", "s" + r)));
            }
            for (int s = 0; s < 2; s++) {
                resource.addScopeLogs(ScopeLogs.newBuilder()
                        .setScope(InstrumentationScope.newBuilder().setName("scope" + s))
                        .addLogRecords(log().setBody(text("first")))
                        .addLogRecords(log().setBody(text("second"))));
            }
            request.addResourceLogs(resource);
        }

        List<Map<String, Object>> rows =
                new Reading(Signal.LOGS).read(request.build()).rows();

        assertThat(rows)
                .extracting(row -> row.get("service_name") + "/" + row.get("scope_name") + "/" + row.get("body"))
                .containsExactly(
                        "s0/scope0/first", "s0/scope0/second", "s0/scope1/first", "s0/scope1/second",
                        "s1/scope0/first", "s1/scope0/second", "s1/scope1/first", "s1/scope1/second",
                        "null/scope0/first", "null/scope0/second", "null/scope1/first", "null/scope1/second");
        assertThat(rows).extracting(row -> row.get("resource_dropped"))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, null, null, null, null);
    }

    @Test
    void aRequestWithoutRowsAsksForNoColumns() throws Exception {
        ReadResult result = new ReadResult();
        PartTarget none = new PartTarget() {
            @Override
            public Columns columnsFor(long resourceHash) {
                throw new AssertionError("there is no row");
            }

            @Override
            public Columns nextPiece(Columns full, long resourceHash) {
                throw new AssertionError("there is no row");
            }
        };
        OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, Reading.KEY);

        for (byte[] request : List.of(
                new byte[0],
                logs().toByteArray(),
                metrics(Metric.newBuilder().setName("m").addMetadata(entry("a", "b")).build())
                        .toByteArray())) {
            reader.read(
                    Signal.METRICS,
                    Arrays.copyOf(request, request.length + 8),
                    0,
                    request.length,
                    Reading.ARRIVAL,
                    none,
                    result);
        }

        assertThat(result.rows()).isZero();
        assertThat(result.rejected()).isZero();
    }

    @Test
    void theHeaderTellsTenantTimesBytesAndParts() throws Exception {
        ExportLogsServiceRequest first = logs(log().build(), log().setTimeUnixNano(TIME + 50).build());
        ExportLogsServiceRequest second = logs(log().setTimeUnixNano(0).setObservedTimeUnixNano(TIME - 50).build());

        Reading reading = new Reading(Signal.LOGS).read(first).read(second);
        BatchHeader header = reading.seal().header();

        assertThat(header.tenant().value()).isEqualTo("acme");
        assertThat(header.signal()).isEqualTo(Signal.LOGS);
        assertThat(header.rows()).isEqualTo(3);
        assertThat(header.parts()).isEqualTo(2);
        assertThat(header.partRows(0)).isEqualTo(2);
        assertThat(header.partRows(1)).isEqualTo(1);
        assertThat(header.minTime()).isEqualTo(TIME - 50);
        assertThat(header.maxTime()).isEqualTo(TIME + 50);
        // What stands behind the last row of a request, here two schema URLs, belongs to none.
        assertThat(header.sourceBytes())
                .isBetween((long) (first.getSerializedSize() + second.getSerializedSize() - 60),
                        (long) (first.getSerializedSize() + second.getSerializedSize()));
    }

    @Test
    void aPartIsCutWhereItIsFullAndAtTheSamePlaceEachTime() throws Exception {
        LogRecord[] records = new LogRecord[100];
        Arrays.setAll(records, i -> log().setBody(text("row " + i)).build());
        byte[] request = logs(records).toByteArray();

        List<Integer> once = pieces(request, "one");
        List<Integer> again = pieces(request, "another");

        assertThat(once).hasSizeGreaterThan(3).isEqualTo(again);
        assertThat(once.stream().mapToInt(Integer::intValue).sum()).isEqualTo(100);
    }

    private static List<Integer> pieces(byte[] request, String tenant) throws Exception {
        ReaderLimits limits = new ReaderLimits(64, 1024, true, Long.MAX_VALUE, Long.MAX_VALUE, 5000, 64);
        List<Columns> used = new ArrayList<>();
        PartTarget target = new PartTarget() {
            @Override
            public Columns columnsFor(long resourceHash) {
                Columns columns = Columns.of(Signal.LOGS);
                columns.reset(new TenantId(tenant));
                columns.beginPart(0, 0, false);
                used.add(columns);
                return columns;
            }

            @Override
            public Columns nextPiece(Columns full, long resourceHash) {
                assertThat(full.partBytes()).isGreaterThanOrEqualTo(5000);
                return columnsFor(resourceHash);
            }
        };
        new OtlpReader(limits, Reading.KEY)
                .read(
                        Signal.LOGS,
                        Arrays.copyOf(request, request.length + 8),
                        0,
                        request.length,
                        Reading.ARRIVAL,
                        target,
                        new ReadResult());
        List<Integer> rows = new ArrayList<>();
        int seen = 0;
        for (Columns columns : used) {
            columns.endPart();
            rows.add(columns.rows());
            List<Map<String, Object>> opened = OpenedRows.of(
                    Signal.LOGS, columns.seal(new Sealer()).rows());
            for (Map<String, Object> row : opened) {
                assertThat(row).containsEntry("body", "row " + seen++).containsEntry("service_name", "shop");
            }
        }
        return rows;
    }

    @Test
    void invalidUtf8IsMendedWhereverItStands() throws Exception {
        byte[] bad = {'a', (byte) 0xff, 'b'};
        ByteString broken = ByteString.copyFrom(bad);
        byte[] marker = "@@@".getBytes(UTF_8);
        LogRecord record = log().setBody(text("@@@"))
                .setSeverityText("@@@")
                .addAttributes(entry("@@@", "@@@"))
                .addAttributes(entry("j", AnyValue.newBuilder()
                        .setArrayValue(ArrayValue.newBuilder().addValues(text("@@@")))
                        .build()))
                .build();
        byte[] request = replaced(logs(record, log().build()).toByteArray(), marker, broken.toByteArray());

        Reading reading = new Reading(Signal.LOGS).read(request);

        List<Map<String, Object>> rows = reading.rows();
        assertThat(rows.getFirst())
                .containsEntry("body", "a\ufffdb")
                .containsEntry("severity_text", "a\ufffdb")
                .containsEntry("attributes", Map.of("a\ufffdb", "a\ufffdb", "j", "[\"a\ufffdb\"]"));
        assertThat(rows.get(1)).containsEntry("body", "hello");
        assertThat(reading.result.mended(MendReason.UTF8)).isEqualTo(1);
    }

    static byte[] replaced(byte[] bytes, byte[] what, byte[] by) {
        byte[] copy = bytes.clone();
        for (int at = 0; at + what.length <= copy.length; at++) {
            if (Arrays.equals(copy, at, at + what.length, what, 0, what.length)) {
                System.arraycopy(by, 0, copy, at, what.length);
            }
        }
        return copy;
    }
}
