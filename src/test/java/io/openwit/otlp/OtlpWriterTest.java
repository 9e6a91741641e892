package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.EntityRef;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.Sum;
import io.opentelemetry.proto.metrics.v1.Summary;
import io.opentelemetry.proto.metrics.v1.SummaryDataPoint;
import io.opentelemetry.proto.resource.v1.Resource;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.LogColumns;
import io.openwit.columnar.SealedRows;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How rows are grouped, and what is refused; that each field comes back is shown by [RoundTripTest].
class OtlpWriterTest {
    private static <M extends Message> M back(Reading reading, M type) throws Exception {
        ByteSink out = new ByteSink(1 << 20);
        new OtlpWriter(SealedRows.open(reading.seal(), 1 << 20)).write(out);
        @SuppressWarnings("unchecked")
        M back = (M) type.newBuilderForType().mergeFrom(out.array(), 0, out.length()).build();
        return back;
    }

    private static ResourceLogs.Builder resourceLogs() {
        return OtlpReaderTest.logs(OtlpReaderTest.log().build()).getResourceLogs(0).toBuilder();
    }

    @Test
    void neighboursOfEqualResourceAndScopeShareThem() throws Exception {
        Reading reading = new Reading(Signal.LOGS);
        for (int i = 0; i < 3; i++) {
            reading.read(OtlpReaderTest.logs(OtlpReaderTest.log().build(), OtlpReaderTest.log().build()));
        }

        ExportLogsServiceRequest back = back(reading, ExportLogsServiceRequest.getDefaultInstance());

        assertThat(back.getResourceLogsList()).hasSize(1);
        assertThat(back.getResourceLogs(0).getScopeLogsList()).hasSize(1);
        assertThat(back.getResourceLogs(0).getScopeLogs(0).getLogRecordsList()).hasSize(6);
    }

    @Test
    void resourcesThatDifferInOneThingStandApart() throws Exception {
        Resource resource = OtlpReaderTest.resource();
        List<ResourceLogs> differing = List.of(
                resourceLogs().setSchemaUrl("https://other").build(),
                resourceLogs().clearResource().build(),
                resourceLogs().setResource(Resource.getDefaultInstance()).build(),
                resourceLogs().setResource(resource.toBuilder().setDroppedAttributesCount(4)).build(),
                resourceLogs().setResource(resource.toBuilder().addAttributes(OtlpReaderTest.entry("z", "z"))).build(),
                // The same text, of another type.
                resourceLogs().setResource(resource.toBuilder().setAttributes(2, OtlpReaderTest.entry("cpus", "4"))).build(),
                resourceLogs().setResource(resource.toBuilder().addEntityRefs(EntityRef.getDefaultInstance())).build());

        for (ResourceLogs other : differing) {
            ExportLogsServiceRequest request = ExportLogsServiceRequest.newBuilder()
                    .addResourceLogs(resourceLogs())
                    .addResourceLogs(other)
                    .addResourceLogs(resourceLogs())
                    .build();

            ExportLogsServiceRequest back =
                    back(new Reading(Signal.LOGS).read(request), ExportLogsServiceRequest.getDefaultInstance());

            assertThat(CanonicalOtlp.split(Signal.LOGS, back)).isEqualTo(CanonicalOtlp.rows(Signal.LOGS, request));
            assertThat(back.getResourceLogsList()).hasSize(3);
        }
    }

    @Test
    void scopesThatDifferInOneThingStandApart() throws Exception {
        InstrumentationScope scope = OtlpReaderTest.scope();
        ScopeLogs first = resourceLogs().getScopeLogs(0);
        List<ScopeLogs> differing = List.of(
                first.toBuilder().setSchemaUrl("https://other").build(),
                first.toBuilder().clearScope().build(),
                first.toBuilder().setScope(scope.toBuilder().setName("other")).build(),
                first.toBuilder().setScope(scope.toBuilder().setVersion("2")).build(),
                first.toBuilder().setScope(scope.toBuilder().setDroppedAttributesCount(6)).build(),
                first.toBuilder().setScope(scope.toBuilder().addAttributes(OtlpReaderTest.entry("z", "4"))).build(),
                first.toBuilder()
                        .setScope(scope.toBuilder().addAttributes(OtlpReaderTest.entry("z", OtlpReaderTest.number(4))))
                        .build());

        ResourceLogs.Builder all = resourceLogs();
        differing.forEach(other -> all.addScopeLogs(other).addScopeLogs(first));
        ExportLogsServiceRequest request =
                ExportLogsServiceRequest.newBuilder().addResourceLogs(all).build();
        ExportLogsServiceRequest back =
                back(new Reading(Signal.LOGS).read(request), ExportLogsServiceRequest.getDefaultInstance());

        assertThat(CanonicalOtlp.split(Signal.LOGS, back)).isEqualTo(CanonicalOtlp.rows(Signal.LOGS, request));
        assertThat(back.getResourceLogsList()).hasSize(1);
        assertThat(back.getResourceLogs(0).getScopeLogsList()).hasSize(1 + 2 * differing.size());
    }

    @Test
    void metricsThatDifferInOneThingStandApart() throws Exception {
        NumberDataPoint point =
                NumberDataPoint.newBuilder().setTimeUnixNano(OtlpReaderTest.TIME).setAsInt(1).build();
        Sum sum = Sum.newBuilder().addDataPoints(point).setAggregationTemporalityValue(1).build();
        Metric first = Metric.newBuilder()
                .setName("m")
                .setSum(sum)
                .addMetadata(OtlpReaderTest.entry("a", "1"))
                .build();
        HistogramDataPoint counted =
                HistogramDataPoint.newBuilder().setTimeUnixNano(OtlpReaderTest.TIME).build();
        SummaryDataPoint summary =
                SummaryDataPoint.newBuilder().setTimeUnixNano(OtlpReaderTest.TIME).build();
        List<Metric> differing = List.of(
                first.toBuilder().setName("n").build(),
                first.toBuilder().setUnit("u").build(),
                first.toBuilder().setDescription("d").build(),
                first.toBuilder().setSum(sum.toBuilder().setIsMonotonic(true)).build(),
                first.toBuilder().setSum(sum.toBuilder().setAggregationTemporalityValue(2)).build(),
                first.toBuilder().setGauge(Gauge.newBuilder().addDataPoints(point)).build(),
                first.toBuilder()
                        .setHistogram(Histogram.newBuilder().addDataPoints(counted).setAggregationTemporalityValue(1))
                        .build(),
                first.toBuilder().setMetadata(0, OtlpReaderTest.entry("a", "2")).build(),
                // The same text, of another type.
                first.toBuilder().setMetadata(0, OtlpReaderTest.entry("a", OtlpReaderTest.number(1))).build());
        List<Metric> metrics = new ArrayList<>(List.of(first, first));
        differing.forEach(other -> metrics.addAll(List.of(other, first)));
        // Only their types tell these two apart.
        metrics.add(first.toBuilder().setGauge(Gauge.newBuilder().addDataPoints(point)).build());
        metrics.add(first.toBuilder().setSummary(Summary.newBuilder().addDataPoints(summary)).build());
        ExportMetricsServiceRequest request = OtlpReaderTest.metrics(metrics.toArray(Metric[]::new));

        ExportMetricsServiceRequest back =
                back(new Reading(Signal.METRICS).read(request), ExportMetricsServiceRequest.getDefaultInstance());

        assertThat(CanonicalOtlp.split(Signal.METRICS, back)).isEqualTo(CanonicalOtlp.rows(Signal.METRICS, request));
        assertThat(back.getResourceMetrics(0).getScopeMetrics(0).getMetricsList()).hasSize(metrics.size() - 1);
    }

    @Test
    void someOfTheRowsAreARequestOfTheirOwn() throws Exception {
        Reading reading = new Reading(Signal.LOGS);
        for (int i = 0; i < 5; i++) {
            reading.read(OtlpReaderTest.logs(
                    OtlpReaderTest.log().setBody(OtlpReaderTest.text("row " + i)).build()));
        }
        OtlpWriter writer = new OtlpWriter(SealedRows.open(reading.seal(), 1 << 20));
        ByteSink out = new ByteSink(1 << 20);

        writer.write(1, 3, out);

        ExportLogsServiceRequest back = ExportLogsServiceRequest.newBuilder()
                .mergeFrom(out.array(), 0, out.length())
                .build();
        assertThat(back.getResourceLogs(0).getScopeLogs(0).getLogRecordsList())
                .extracting(record -> record.getBody().getStringValue())
                .containsExactly("row 1", "row 2");
        assertThatThrownBy(() -> writer.write(3, 6, out)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void moreThanTheSinkTakesIsRefused() throws Exception {
        OtlpWriter writer = new OtlpWriter(SealedRows.open(
                new Reading(Signal.LOGS).read(OtlpReaderTest.logs(OtlpReaderTest.log().build())).seal(), 1 << 20));

        assertThatThrownBy(() -> writer.write(new ByteSink(50)))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("more than 50 bytes");
    }

    /// Our own reader writes none of these.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    i | 4x          | no integer: 4x
                    d | one         | no double: one
                    b | yes         | no bool: yes
                    x | ?           | no base64
                    q | a           | a value of type q
                    S | a           | a repeated key has no number
                    n2| a           | attributes has 1 entries and 2 types
                    a | {}          | no value of type a
                    k | [1]         | no value of type k
                    a | [1          | malformed JSON
                    a | [1] 2       | something stands behind the end
                    k | {"$what":1} | a key of an object begins with $: $what
                    k | {"$bytes":"?"} | no base64
                    """)
    void valuesThatContradictTheirTypesAreRefused(String types, String value, String message) throws Exception {
        Reading reading = new Reading(Signal.LOGS).read(OtlpReaderTest.logs(OtlpReaderTest.log().build()));
        LogColumns columns = (LogColumns) reading.columns;
        columns.beginPart(0, 0, false);
        appendRow(columns, types, value);
        columns.endPart();
        OtlpWriter writer = new OtlpWriter(SealedRows.open(reading.seal(), 1 << 20));

        assertThatThrownBy(() -> writer.write(new ByteSink(1 << 20)))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining(message);
    }

    @Test
    void valuesNestedTooDeepAreRefused() throws Exception {
        Reading reading = new Reading(Signal.LOGS).read(OtlpReaderTest.logs(OtlpReaderTest.log().build()));
        LogColumns columns = (LogColumns) reading.columns;
        columns.beginPart(0, 0, false);
        appendRow(columns, "a", "[".repeat(100_000));
        columns.endPart();
        OtlpWriter writer = new OtlpWriter(SealedRows.open(reading.seal(), 1 << 20));

        assertThatThrownBy(() -> writer.write(new ByteSink(1 << 20)))
                .hasMessageContaining("nested deeper than 256");
    }

    /// A row with one attribute and little else.
    private static void appendRow(LogColumns columns, String types, String value) {
        columns.envelope().repeat();
        columns.time.appendNull();
        columns.observedTime.appendTime(1);
        columns.severity.append(0);
        columns.severityText.appendNull();
        columns.body.appendNull();
        columns.bodyType.appendNull();
        columns.traceId.appendNull();
        columns.spanId.appendNull();
        columns.flags.append(0);
        columns.eventName.appendNull();
        columns.droppedAttributes.append(0);
        columns.attributes.key(slack("key"), 0, 3);
        columns.attributes.value(slack(value), 0, value.length());
        columns.attributes.append();
        columns.attributesTypes.append(slack(types), 0, types.length());
        columns.endRow(1, 1, true, 1, 1, 0);
    }

    private static byte[] slack(String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        return Arrays.copyOf(bytes, bytes.length + Bytes.SLACK);
    }
}
