package io.openwit.pipeline;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.logs.export.SimpleLogRecordProcessor;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The OpenTelemetry Java SDK's own exporters as clients: what they send is found by SQL, field by field.
class SdkFieldsTest {
    private static final Instant EVENT = Instant.parse("2026-03-01T12:34:56.123456789Z");

    private static NodeProcess node;

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        node = NodeProcess.start(directory, "standalone", settings);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    @ParameterizedTest
    @CsvSource({"grpc, none", "grpc, gzip", "http, none", "http, gzip"})
    void everyFieldOfALogIsFound(String protocol, String compression) throws Exception {
        String service = "sdk-logs-" + protocol + "-" + compression;
        LogRecordExporter exporter = protocol.equals("grpc")
                ? OtlpGrpcLogRecordExporter.builder()
                        .setEndpoint(node.url("grpc", "").toString())
                        .setCompression(compression)
                        .build()
                : OtlpHttpLogRecordExporter.builder()
                        .setEndpoint(node.url("http", "/v1/logs").toString())
                        .setCompression(compression)
                        .build();
        SpanContext parent = SpanContext.create(
                "0102030405060708090a0b0c0d0e0f10", "0102030405060708", TraceFlags.getSampled(), TraceState.getDefault());
        try (SdkLoggerProvider provider = SdkLoggerProvider.builder()
                .setResource(resource(service))
                .addLogRecordProcessor(SimpleLogRecordProcessor.create(exporter))
                .build()) {
            var logger = provider.loggerBuilder("scope.a")
                    .setInstrumentationVersion("1.2.3")
                    .setSchemaUrl("https://example.org/schema")
                    .build();
            logger.logRecordBuilder()
                    .setTimestamp(EVENT)
                    .setObservedTimestamp(EVENT.plusNanos(1))
                    .setContext(Context.root().with(Span.wrap(parent)))
                    .setSeverity(Severity.WARN2)
                    .setSeverityText("WARNING")
                    .setEventName("order.placed")
                    .setBody("order of 3 items")
                    .setAllAttributes(everyType())
                    .emit();
            logger.logRecordBuilder()
                    .setTimestamp(EVENT.plusNanos(2))
                    .setBody(Value.of(List.of(
                            Value.of("a"), Value.of(7), Value.of(new byte[] {1, 2}), Value.of(KeyValue.of("k", Value.of(true))))))
                    .emit();
            provider.forceFlush().join(30, SECONDS);
        }

        List<JsonNode> rows = stored("select * from logs where service_name = '" + service + "' order by time", 2);
        JsonNode log = rows.getFirst();
        assertThat(log.get("tenant").asText()).isEqualTo("default");
        assertThat(log.get("time").asText()).isEqualTo("2026-03-01T12:34:56.123456789Z");
        assertThat(log.get("observed_time").asText()).isEqualTo("2026-03-01T12:34:56.123456790Z");
        assertThat(log.get("event_time").asText()).isEqualTo("2026-03-01T12:34:56.123456789Z");
        assertThat(log.get("severity").asInt()).isEqualTo(Severity.WARN2.getSeverityNumber());
        assertThat(log.get("severity_text").asText()).isEqualTo("WARNING");
        assertThat(log.get("event_name").asText()).isEqualTo("order.placed");
        assertThat(log.get("body").asText()).isEqualTo("order of 3 items");
        assertThat(log.get("body_type").isNull()).isTrue();
        assertThat(log.get("trace_id").asText()).isEqualTo("0102030405060708090a0b0c0d0e0f10");
        assertThat(log.get("span_id").asText()).isEqualTo("0102030405060708");
        assertThat(log.get("flags").asInt()).isEqualTo(1);
        assertEveryType(log);
        assertScopeAndResource(log, service);
        assertThat(log.get("batch_id").asText()).startsWith("n1-");

        assertThat(rows.get(1).get("body").asText()).isEqualTo("[\"a\",7,{\"$bytes\":\"AQI=\"},{\"k\":true}]");
        assertThat(rows.get(1).get("body_type").asText()).isEqualTo("a");
        assertThat(rows.get(1).get("trace_id").isNull()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"grpc, none", "grpc, gzip", "http, none", "http, gzip"})
    void everyFieldOfASpanIsFound(String protocol, String compression) throws Exception {
        String service = "sdk-traces-" + protocol + "-" + compression;
        SpanExporter exporter = protocol.equals("grpc")
                ? OtlpGrpcSpanExporter.builder()
                        .setEndpoint(node.url("grpc", "").toString())
                        .setCompression(compression)
                        .build()
                : OtlpHttpSpanExporter.builder()
                        .setEndpoint(node.url("http", "/v1/traces").toString())
                        .setCompression(compression)
                        .build();
        SpanContext parent = SpanContext.createFromRemoteParent(
                "0102030405060708090a0b0c0d0e0f10",
                "0102030405060708",
                TraceFlags.getSampled(),
                TraceState.builder().put("vendor", "x1").build());
        SpanContext linked = SpanContext.create(
                "ffeeddccbbaa99887766554433221100", "ffeeddccbbaa9988", TraceFlags.getSampled(), TraceState.getDefault());
        Span span;
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(resource(service))
                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                .build()) {
            Tracer tracer = provider.tracerBuilder("scope.a")
                    .setInstrumentationVersion("1.2.3")
                    .setSchemaUrl("https://example.org/schema")
                    .build();
            span = tracer.spanBuilder("GET /orders/{id}")
                    .setParent(Context.root().with(Span.wrap(parent)))
                    .setSpanKind(SpanKind.SERVER)
                    .setStartTimestamp(EVENT)
                    .setAllAttributes(everyType())
                    .addLink(linked, Attributes.of(AttributeKey.longKey("weight"), 5L))
                    .startSpan();
            span.addEvent("retry", Attributes.of(AttributeKey.stringKey("why"), "timeout"), EVENT.plusMillis(1));
            span.setStatus(StatusCode.ERROR, "too slow");
            span.end(EVENT.plusMillis(5));
            provider.forceFlush().join(30, SECONDS);
        }

        JsonNode row = stored("select * from traces where service_name = '" + service + "'", 1).getFirst();
        assertThat(row.get("trace_id").asText()).isEqualTo("0102030405060708090a0b0c0d0e0f10");
        assertThat(row.get("span_id").asText()).isEqualTo(span.getSpanContext().getSpanId());
        assertThat(row.get("parent_span_id").asText()).isEqualTo("0102030405060708");
        assertThat(row.get("trace_state").asText()).isEqualTo("vendor=x1");
        assertThat(row.get("flags").asInt() & 1).isEqualTo(1);
        assertThat(row.get("name").asText()).isEqualTo("GET /orders/{id}");
        assertThat(row.get("kind").asInt()).isEqualTo(2);
        assertThat(row.get("start_time").asText()).isEqualTo("2026-03-01T12:34:56.123456789Z");
        assertThat(row.get("end_time").asText()).isEqualTo("2026-03-01T12:34:56.128456789Z");
        assertThat(row.get("status_code").asInt()).isEqualTo(2);
        assertThat(row.get("status_message").asText()).isEqualTo("too slow");
        JsonNode event = row.get("events").get(0);
        assertThat(event.get("time").asText()).isEqualTo("2026-03-01T12:34:56.124456789Z");
        assertThat(event.get("name").asText()).isEqualTo("retry");
        assertThat(event.get("attributes").get("why").asText()).isEqualTo("timeout");
        JsonNode link = row.get("links").get(0);
        assertThat(link.get("trace_id").asText()).isEqualTo("ffeeddccbbaa99887766554433221100");
        assertThat(link.get("span_id").asText()).isEqualTo("ffeeddccbbaa9988");
        assertThat(link.get("attributes").get("weight").asText()).isEqualTo("5");
        assertEveryType(row);
        assertScopeAndResource(row, service);
    }

    @ParameterizedTest
    @CsvSource({"grpc, none", "grpc, gzip", "http, none", "http, gzip"})
    void everyFieldOfAMetricIsFound(String protocol, String compression) throws Exception {
        String service = "sdk-metrics-" + protocol + "-" + compression;
        MetricExporter exporter = protocol.equals("grpc")
                ? OtlpGrpcMetricExporter.builder()
                        .setEndpoint(node.url("grpc", "").toString())
                        .setCompression(compression)
                        .build()
                : OtlpHttpMetricExporter.builder()
                        .setEndpoint(node.url("http", "/v1/metrics").toString())
                        .setCompression(compression)
                        .build();
        try (SdkMeterProvider provider = SdkMeterProvider.builder()
                .setResource(resource(service))
                .registerView(
                        InstrumentSelector.builder().setName("payload").build(),
                        View.builder()
                                .setAggregation(Aggregation.base2ExponentialBucketHistogram(20, 5))
                                .build())
                .registerMetricReader(PeriodicMetricReader.builder(exporter)
                        .setInterval(Duration.ofHours(1))
                        .build())
                .build()) {
            Meter meter = provider.meterBuilder("scope.a")
                    .setInstrumentationVersion("1.2.3")
                    .setSchemaUrl("https://example.org/schema")
                    .build();
            LongCounter counter = meter.counterBuilder("orders")
                    .setUnit("{order}")
                    .setDescription("orders placed")
                    .build();
            counter.add(3, everyType());
            meter.gaugeBuilder("temperature").setUnit("Cel").buildWithCallback(gauge -> gauge.record(21.5));
            DoubleHistogram latency = meter.histogramBuilder("latency")
                    .setUnit("ms")
                    .setExplicitBucketBoundariesAdvice(List.of(10.0, 100.0))
                    .build();
            latency.record(5);
            latency.record(50);
            latency.record(500);
            DoubleHistogram payload = meter.histogramBuilder("payload").build();
            payload.record(0);
            payload.record(4);
            provider.forceFlush().join(30, SECONDS);
        }

        // The SDK collects again when it is shut down, and then tells about itself as well: the first collection counts.
        String mine = "from metrics where service_name = '" + service + "'";
        List<JsonNode> rows = stored("select * " + mine + " and time = (select min(time) " + mine + ") order by name", 4);
        JsonNode latency = rows.get(0);
        assertThat(latency.get("name").asText()).isEqualTo("latency");
        assertThat(latency.get("type").asText()).isEqualTo("histogram");
        assertThat(latency.get("unit").asText()).isEqualTo("ms");
        assertThat(latency.get("temporality").asInt()).isEqualTo(2);
        assertThat(latency.get("count").asLong()).isEqualTo(3);
        assertThat(latency.get("sum").asDouble()).isEqualTo(555);
        assertThat(latency.get("min").asDouble()).isEqualTo(5);
        assertThat(latency.get("max").asDouble()).isEqualTo(500);
        assertThat(latency.get("bucket_counts").toString()).isEqualTo("[1,1,1]");
        assertThat(latency.get("explicit_bounds").toString()).isEqualTo("[10.0,100.0]");

        JsonNode orders = rows.get(1);
        assertThat(orders.get("name").asText()).isEqualTo("orders");
        assertThat(orders.get("type").asText()).isEqualTo("sum");
        assertThat(orders.get("monotonic").asBoolean()).isTrue();
        assertThat(orders.get("description").asText()).isEqualTo("orders placed");
        assertThat(orders.get("value_int").asLong()).isEqualTo(3);
        assertThat(orders.get("start_time").asText()).endsWith("Z");
        assertThat(orders.get("time").asText()).endsWith("Z");
        assertEveryType(orders);
        assertScopeAndResource(orders, service);

        JsonNode payload = rows.get(2);
        assertThat(payload.get("type").asText()).isEqualTo("exponential_histogram");
        assertThat(payload.get("zero_count").asLong()).isEqualTo(1);
        assertThat(payload.get("count").asLong()).isEqualTo(2);
        assertThat(payload.get("scale").isNull()).isFalse();
        assertThat(payload.get("positive").toString()).contains("1");

        JsonNode temperature = rows.get(3);
        assertThat(temperature.get("type").asText()).isEqualTo("gauge");
        assertThat(temperature.get("value").asDouble()).isEqualTo(21.5);
        assertThat(temperature.get("value_int").isNull()).isTrue();
    }

    private static Resource resource(String service) {
        return Resource.create(
                Attributes.builder()
                        .put("service.name", service)
                        .put("host.cpus", 2)
                        .build(),
                "https://example.org/resource");
    }

    private static Attributes everyType() {
        return Attributes.builder()
                .put("text", "grüß dich")
                .put("yes", true)
                .put("int", -42L)
                .put("double", 2.5)
                .put("texts", "a", "b")
                .put("ints", 1L, 2L)
                .put("doubles", 1.0, 0.5)
                .put("bools", true, false)
                .build();
    }

    private static void assertEveryType(JsonNode row) {
        JsonNode attributes = row.get("attributes");
        assertThat(attributes.get("text").asText()).isEqualTo("grüß dich");
        assertThat(attributes.get("yes").asText()).isEqualTo("true");
        assertThat(attributes.get("int").asText()).isEqualTo("-42");
        assertThat(attributes.get("double").asText()).isEqualTo("2.5");
        assertThat(attributes.get("texts").asText()).isEqualTo("[\"a\",\"b\"]");
        assertThat(attributes.get("ints").asText()).isEqualTo("[1,2]");
        assertThat(attributes.get("doubles").asText()).isEqualTo("[1.0,0.5]");
        assertThat(attributes.get("bools").asText()).isEqualTo("[true,false]");
        // One letter each, in the order of the keys: bools, double, doubles, int, ints, text, texts, yes.
        assertThat(row.get("attributes_types").asText()).isEqualTo("adaiasab");
    }

    private static void assertScopeAndResource(JsonNode row, String service) {
        assertThat(row.get("scope_name").asText()).isEqualTo("scope.a");
        assertThat(row.get("scope_version").asText()).isEqualTo("1.2.3");
        assertThat(row.get("scope_schema_url").asText()).isEqualTo("https://example.org/schema");
        assertThat(row.get("resource_schema_url").asText()).isEqualTo("https://example.org/resource");
        assertThat(row.get("resource").get("service.name").asText()).isEqualTo(service);
        assertThat(row.get("resource").get("host.cpus").asText()).isEqualTo("2");
        assertThat(row.get("resource_types").asText()).isEqualTo("is");
    }

    /// Waits until storage has as many rows, and no more of them.
    private static List<JsonNode> stored(String sql, int rows) {
        return await().atMost(Duration.ofSeconds(30))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> Sql.of(node).rows(sql), found -> found.size() == rows);
    }
}
