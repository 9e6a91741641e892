package io.openwit.otlp;

import static io.openwit.otlp.OtlpReaderTest.TIME;
import static io.openwit.otlp.OtlpReaderTest.entry;
import static io.openwit.otlp.OtlpReaderTest.log;
import static io.openwit.otlp.OtlpReaderTest.logs;
import static io.openwit.otlp.OtlpReaderTest.metrics;
import static io.openwit.otlp.OtlpReaderTest.number;
import static io.openwit.otlp.OtlpReaderTest.span;
import static io.openwit.otlp.OtlpReaderTest.text;
import static io.openwit.otlp.OtlpReaderTest.traces;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.openwit.columnar.Sealer;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogram;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.Sum;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What reliability.md §5 says of content that is not as it should be.
class OtlpReaderBadInputTest {
    private static final ReaderLimits SMALL = new ReaderLimits(3, 10, true, Long.MAX_VALUE, Long.MAX_VALUE, 1 << 20, 64);
    private static final ReaderLimits STRICT =
            new ReaderLimits(3, 10, false, Long.MAX_VALUE, Long.MAX_VALUE, 1 << 20, 64);

    private static ByteString zeros(int length) {
        return ByteString.copyFrom(new byte[length]);
    }

    private static void assertRejected(Reading reading, RejectReason reason, long rows) {
        assertThat(reading.result.rejected(reason)).isEqualTo(rows);
        assertThat(reading.result.rejected()).isEqualTo(rows);
        assertThat(reading.result.firstReason()).isEqualTo(reason.text());
    }

    @Test
    void aSpanWithoutValidIdsIsRejectedAndTheOthersStay() throws Exception {
        Reading reading = new Reading(Signal.TRACES)
                .read(traces(
                        span().setName("one").build(),
                        span().setTraceId(zeros(16)).build(),
                        span().setTraceId(ByteString.copyFrom(new byte[] {1, 2, 3})).addEvents(Span.Event.newBuilder().setName("lost")).build(),
                        span().setSpanId(zeros(8)).build(),
                        span().clearSpanId().addAttributes(entry("only", "here")).build(),
                        span().setName("two").addEvents(Span.Event.newBuilder().setName("kept")).build()));

        assertRejected(reading, RejectReason.SPAN_IDS_INVALID, 4);
        assertThat(reading.result.rows()).isEqualTo(2);
        List<Map<String, Object>> rows = reading.rows();
        assertThat(rows).extracting(row -> row.get("name")).containsExactly("one", "two");
        assertThat(((List<?>) rows.get(1).get("events"))).hasSize(1);
        assertThat(rows.get(1)).containsEntry("service_name", "shop").containsEntry("attributes", Map.of());
    }

    @Test
    void whatARejectedRowLeftInTheDictionariesGoesWithIt() throws Exception {
        Span good = span().build();
        Span bad = span().clearTraceId().setName("secret").addAttributes(entry("secret", "secret")).build();

        byte[] withBad = uncompressed(new Reading(Signal.TRACES).read(traces(good, bad)));

        assertThat(new String(withBad, ISO_8859_1)).doesNotContain("secret");
    }

    private static byte[] uncompressed(Reading reading) {
        return reading.columns.seal(new Sealer(Sealer.Codec.NONE)).rows().array();
    }

    @Test
    void aLogsInvalidIdsAreClearedAndCounted() throws Exception {
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(log().setTraceId(zeros(16)).setSpanId(ByteString.copyFrom(new byte[] {1})).build()));

        assertThat(reading.result.mended(MendReason.IDS)).isEqualTo(1);
        assertThat(reading.row()).containsEntry("trace_id", null).containsEntry("span_id", null);
    }

    @Test
    void aParentIdOfSevenBytesIsClearedAndCounted() throws Exception {
        Reading reading = new Reading(Signal.TRACES)
                .read(traces(span().setParentSpanId(ByteString.copyFrom(new byte[] {1, 2, 3, 4, 5, 6, 7})).build()));

        assertThat(reading.result.mended(MendReason.PARENT_ID)).isEqualTo(1);
        assertThat(reading.row()).containsEntry("parent_span_id", null);
    }

    @Test
    void aLogWithoutTimesKeepsANullAndIsObservedAtItsArrival() throws Exception {
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(log().clearTimeUnixNano().clearObservedTimeUnixNano().build()));

        assertThat(reading.result.mended(MendReason.OBSERVED_TIME)).isEqualTo(1);
        assertThat(reading.row()).containsEntry("time", null).containsEntry("observed_time", Reading.ARRIVAL);
    }

    @Test
    void timesFarFromTheArrivalAreRejected() throws Exception {
        long day = 86_400_000_000_000L;
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(
                        log().setTimeUnixNano(-1).build(),
                        log().setTimeUnixNano(Reading.ARRIVAL + 8 * day).build(),
                        log().setObservedTimeUnixNano(Reading.ARRIVAL - 4000 * day).build(),
                        log().setTimeUnixNano(Reading.ARRIVAL + 6 * day).build(),
                        log().setTimeUnixNano(Reading.ARRIVAL - 3600 * day).build()));

        assertRejected(reading, RejectReason.TIME_OUT_OF_RANGE, 3);
        assertThat(reading.seal().header().maxTime()).isEqualTo(Reading.ARRIVAL + 6 * day);
    }

    @Test
    void aSpanThatEndsBeforeItStartsIsKeptAndCounted() throws Exception {
        Reading reading = new Reading(Signal.TRACES).read(traces(span().setEndTimeUnixNano(TIME - 1).build()));

        assertThat(reading.result.mended(MendReason.END_BEFORE_START)).isEqualTo(1);
        assertThat(reading.row()).containsEntry("end_time", TIME - 1);
    }

    private static NumberDataPoint.Builder point() {
        return NumberDataPoint.newBuilder().setTimeUnixNano(TIME).setAsInt(1);
    }

    private static Metric gauge(NumberDataPoint.Builder... points) {
        Gauge.Builder gauge = Gauge.newBuilder();
        Arrays.stream(points).forEach(gauge::addDataPoints);
        return Metric.newBuilder().setName("g").setGauge(gauge).build();
    }

    @Test
    void pointsWithoutTimeOrValueAreRejectedUnlessTheySayThatNoneWasRecorded() throws Exception {
        Reading times = new Reading(Signal.METRICS).read(metrics(gauge(point(), point().clearTimeUnixNano())));
        assertRejected(times, RejectReason.POINT_TIME_MISSING, 1);

        Reading values = new Reading(Signal.METRICS)
                .read(metrics(gauge(point().clearValue(), point().clearValue().setFlags(1), point())));
        assertRejected(values, RejectReason.VALUE_MISSING, 1);
        List<Map<String, Object>> rows = values.rows();
        assertThat(rows).extracting(row -> row.get("value_int")).containsExactly(null, 1L);
        assertThat(rows).extracting(row -> row.get("name")).containsExactly("g", "g");
    }

    @Test
    void aMetricOfUnspecifiedTemporalityLosesAllItsPoints() throws Exception {
        Reading reading = new Reading(Signal.METRICS)
                .read(metrics(
                        Metric.newBuilder()
                                .setName("s")
                                .setSum(Sum.newBuilder().addDataPoints(point()).addDataPoints(point()))
                                .build(),
                        gauge(point())));

        assertRejected(reading, RejectReason.TEMPORALITY_UNSPECIFIED, 2);
        assertThat(reading.row()).containsEntry("name", "g").containsEntry("type", "gauge");
    }

    private static HistogramDataPoint.Builder histogram(List<Long> counts, List<Double> bounds, long count) {
        return HistogramDataPoint.newBuilder()
                .setTimeUnixNano(TIME)
                .setCount(count)
                .addAllBucketCounts(counts)
                .addAllExplicitBounds(bounds);
    }

    @Test
    void histogramsThatContradictThemselvesAreRejected() throws Exception {
        Histogram histograms = Histogram.newBuilder()
                .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                .addDataPoints(histogram(List.of(1L, 2L), List.of(1.0, 2.0), 3))
                .addDataPoints(histogram(List.of(), List.of(1.0), 0))
                .addDataPoints(histogram(List.of(1L, 2L, 3L), List.of(2.0, 1.0), 6))
                .addDataPoints(histogram(List.of(1L, 2L, 3L), List.of(1.0, 1.0), 6))
                .addDataPoints(histogram(List.of(1L, 2L), List.of(Double.NaN), 3))
                .addDataPoints(histogram(List.of(1L, 2L), List.of(1.0), 4))
                .addDataPoints(histogram(List.of(1L, 2L), List.of(1.0), 3))
                .addDataPoints(histogram(List.of(), List.of(), 3))
                .build();

        Reading reading = new Reading(Signal.METRICS)
                .read(metrics(Metric.newBuilder().setName("h").setHistogram(histograms).build()));

        assertRejected(reading, RejectReason.BUCKETS_INVALID, 6);
        assertThat(reading.rows()).hasSize(2);
    }

    private static ExponentialHistogramDataPoint.Builder exponential(int scale, int offset) {
        return ExponentialHistogramDataPoint.newBuilder()
                .setTimeUnixNano(TIME)
                .setCount(1)
                .setScale(scale)
                .setPositive(Buckets.newBuilder().setOffset(offset).addBucketCounts(1));
    }

    @Test
    void exponentialHistogramsBeyondWhatADoubleHoldsAreRejected() throws Exception {
        ExponentialHistogram histograms = ExponentialHistogram.newBuilder()
                .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                .addDataPoints(exponential(21, 0))
                .addDataPoints(exponential(-11, 0))
                .addDataPoints(exponential(Integer.MAX_VALUE, 0))
                .addDataPoints(exponential(0, Integer.MAX_VALUE))
                .addDataPoints(exponential(0, Integer.MIN_VALUE))
                .addDataPoints(exponential(20, 1 << 30))
                .addDataPoints(exponential(3, -8000))
                .build();

        Reading reading = new Reading(Signal.METRICS)
                .read(metrics(Metric.newBuilder().setName("e").setExponentialHistogram(histograms).build()));

        assertRejected(reading, RejectReason.SCALE_INVALID, 5);
        assertThat(reading.rows()).extracting(row -> row.get("scale")).containsExactly(20, 3);
    }

    @Test
    void anExponentialHistogramWhoseCountsDoNotAddUpIsRejected() throws Exception {
        Reading reading = new Reading(Signal.METRICS)
                .read(metrics(Metric.newBuilder()
                        .setName("e")
                        .setExponentialHistogram(ExponentialHistogram.newBuilder()
                                .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                                .addDataPoints(exponential(0, 0).setCount(5))
                                .addDataPoints(exponential(0, 0).setCount(5).setZeroCount(4)))
                        .build()));

        assertRejected(reading, RejectReason.BUCKETS_INVALID, 1);
    }

    @Test
    void nonFiniteNumbersAreKept() throws Exception {
        Reading reading = new Reading(Signal.METRICS)
                .read(metrics(gauge(
                        point().setAsDouble(Double.NaN),
                        point().setAsDouble(Double.POSITIVE_INFINITY),
                        point().setAsDouble(-0.0))));

        assertThat(reading.rows()).extracting(row -> row.get("value"))
                .containsExactly(Double.NaN, Double.POSITIVE_INFINITY, -0.0);
    }

    /// NaN has many bit patterns: a resend that went through other hands is a repeat all the same.
    @Test
    void everyNanHasTheSameFingerprint() throws Exception {
        double other = Double.longBitsToDouble(0xfff8_0000_0000_1234L);

        assertThat(new Reading(Signal.METRICS).read(metrics(gauge(point().setAsDouble(other)))).fingerprints())
                .isEqualTo(new Reading(Signal.METRICS)
                        .read(metrics(gauge(point().setAsDouble(Double.NaN))))
                        .fingerprints());
        assertThat(new Reading(Signal.METRICS).read(metrics(gauge(point().setAsDouble(0)))).fingerprints())
                .isNotEqualTo(new Reading(Signal.METRICS)
                        .read(metrics(gauge(point().setAsDouble(Double.POSITIVE_INFINITY))))
                        .fingerprints());
    }

    @Test
    void anEmptyValueIsAccepted() throws Exception {
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(log().setBody(AnyValue.getDefaultInstance())
                        .addAttributes(entry("a", AnyValue.getDefaultInstance()))
                        .build()));

        assertThat(reading.row()).containsEntry("body_type", "n").containsEntry("attributes_types", "n");
    }

    @Test
    void aValueOfTenMegabytesIsCutToOne() throws Exception {
        String large = "x".repeat(10 << 20);
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(log().setBody(text(large)).addAttributes(entry("a", large)).build()));

        Map<String, Object> row = reading.row();
        assertThat((String) row.get("body")).hasSize(1 << 20);
        assertThat((String) ((Map<?, ?>) row.get("attributes")).get("a")).hasSize(1 << 20);
        assertThat(reading.result.mended(MendReason.TRUNCATED)).isEqualTo(1);
    }

    @Test
    void anUnknownEnumNumberIsKept() throws Exception {
        Reading reading = new Reading(Signal.TRACES)
                .read(traces(span().setKindValue(77).setStatus(Status.newBuilder().setCodeValue(-5)).build()));

        assertThat(reading.row()).containsEntry("kind", 77).containsEntry("status_code", -5);
    }

    @Test
    void anAttributeWithoutAKeyIsLeftOutAndCounted() throws Exception {
        Reading reading = new Reading(Signal.LOGS)
                .read(logs(log().addAttributes(entry("", "x")).addAttributes(entry("a", "y")).build()));

        assertThat(reading.result.mended(MendReason.EMPTY_KEY)).isEqualTo(1);
        assertThat(reading.row()).containsEntry("attributes", Map.of("a", "y"));
    }

    private static LogRecord large() {
        return log().setBody(text("0123456789abc"))
                .addAttributes(entry("a", "123456789\u00e9"))
                .addAttributes(entry("b", AnyValue.newBuilder()
                        .setArrayValue(ArrayValue.newBuilder().addValues(text("0123456789")))
                        .build()))
                .addAttributes(entry("c", "1"))
                .addAttributes(entry("d", "2"))
                .addAttributes(entry("e", "3"))
                .setDroppedAttributesCount(1)
                .build();
    }

    @Test
    void whatIsTooLargeIsCutAndTheDroppedCountRaised() throws Exception {
        Reading reading = new Reading(Signal.LOGS, SMALL).read(logs(large(), log().build()));

        List<Map<String, Object>> rows = reading.rows();
        assertThat(rows.getFirst())
                .containsEntry("body", "0123456789")
                .containsEntry("attributes", Map.of("a", "123456789", "c", "1", "d", "2"))
                .containsEntry("dropped_attributes", 3);
        assertThat(reading.result.mended(MendReason.TRUNCATED)).isEqualTo(1);
    }

    @Test
    void whatIsTooLargeIsRejectedWhereItMayNotBeCut() throws Exception {
        Reading reading = new Reading(Signal.LOGS, STRICT).read(logs(large(), log().build()));

        assertRejected(reading, RejectReason.LIMIT_EXCEEDED, 1);
        assertThat(reading.row()).containsEntry("body", "hello").containsEntry("service_name", "shop");
    }

    @Test
    void aNestedBodyCannotBeCut() throws Exception {
        AnyValue body = AnyValue.newBuilder()
                .setArrayValue(ArrayValue.newBuilder().addValues(text("0123456789")))
                .build();

        Reading reading = new Reading(Signal.LOGS, SMALL).read(logs(log().setBody(body).build()));

        assertRejected(reading, RejectReason.LIMIT_EXCEEDED, 1);
    }

    @Test
    void aHundredThousandAttributesTakeNoMoreThanTheirTime() throws Exception {
        LogRecord.Builder record = log();
        for (int i = 0; i < 100_000; i++) {
            record.addAttributes(entry("k" + i % 3, number(i)));
        }

        Reading reading = new Reading(Signal.LOGS).read(logs(record.build()));

        Map<String, Object> row = reading.row();
        assertThat((Map<?, ?>) row.get("attributes")).hasSize(1024);
        assertThat(row).containsEntry("dropped_attributes", 100_000 - 1024);
    }

    private static AnyValue nested(int depth, boolean kvlist) {
        AnyValue value = number(1);
        for (int i = 1; i < depth; i++) {
            AnyValue.Builder outer = AnyValue.newBuilder();
            value = kvlist
                    ? outer.setKvlistValue(KeyValueList.newBuilder().addValues(entry("k", value))).build()
                    : outer.setArrayValue(ArrayValue.newBuilder().addValues(value)).build();
        }
        return value;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void valuesNestTo64AndNotTo65(boolean kvlist) throws Exception {
        assertThat(new Reading(Signal.LOGS)
                        .read(logs(log().setBody(nested(64, kvlist)).build()))
                        .row())
                .containsEntry("body_type", kvlist ? "k" : "a");
        assertThat(new Reading(Signal.LOGS)
                        .read(logs(log().addAttributes(entry("a", nested(64, kvlist))).build()))
                        .rows())
                .hasSize(1);
        assertThatThrownBy(() -> new Reading(Signal.LOGS)
                        .read(logs(log().setBody(nested(65, kvlist)).build())))
                .isInstanceOf(MalformedRequestException.class);
        assertThatThrownBy(() -> new Reading(Signal.LOGS)
                        .read(logs(log().addAttributes(entry("a", nested(65, kvlist))).build())))
                .isInstanceOf(MalformedRequestException.class);
        byte[] deep = number(1).toByteArray();
        for (int i = 0; i < 10_000; i++) {
            deep = kvlist ? message(6, message(1, message(2, deep))) : message(5, message(1, deep));
        }
        byte[] request = message(1, message(2, message(2, message(5, deep))));
        assertThatThrownBy(() -> new Reading(Signal.LOGS).read(request))
                .isInstanceOf(MalformedRequestException.class)
                .hasMessageContaining("deeper than 64");
    }

    @Test
    void tenThousandNestedGroupsAreRefusedAndAFewAreSkipped() throws Exception {
        assertThat(new Reading(Signal.LOGS).read(withGroups(64)).rows()).hasSize(1);
        assertThatThrownBy(() -> new Reading(Signal.LOGS).read(withGroups(65)))
                .isInstanceOf(MalformedRequestException.class);
        assertThatThrownBy(() -> new Reading(Signal.LOGS).read(withGroups(10_000)))
                .isInstanceOf(MalformedRequestException.class);
    }

    private static byte[] withGroups(int depth) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CodedOutputStream coded = CodedOutputStream.newInstance(out);
        for (int i = 0; i < depth; i++) {
            coded.writeTag(99, 3);
        }
        for (int i = 0; i < depth; i++) {
            coded.writeTag(99, 4);
        }
        coded.flush();
        out.writeBytes(logs(log().build()).toByteArray());
        return out.toByteArray();
    }

    @Test
    void splitSubmessagesAreMergedAsProtobufSays() throws Exception {
        LogRecord head = LogRecord.newBuilder()
                .setBody(AnyValue.newBuilder()
                        .setArrayValue(ArrayValue.newBuilder().addValues(text("one"))))
                .build();
        LogRecord tail = LogRecord.newBuilder()
                .setTimeUnixNano(TIME)
                .setBody(AnyValue.newBuilder()
                        .setArrayValue(ArrayValue.newBuilder().addValues(text("two"))))
                .build();
        byte[] record = concat(head.toByteArray(), tail.toByteArray());
        byte[] scopeLogs = message(2, record);
        byte[] firstResource =
                message(1, Resource.newBuilder().addAttributes(entry("service.name", "s")).build().toByteArray());
        byte[] secondResource =
                message(1, Resource.newBuilder().addAttributes(entry("host", "h")).build().toByteArray());
        byte[] request = message(1, concat(firstResource, message(2, scopeLogs), secondResource));

        Map<String, Object> row = new Reading(Signal.LOGS).read(request).row();

        assertThat(row)
                .containsEntry("service_name", "s")
                .containsEntry("resource", Map.of("service.name", "s", "host", "h"))
                .containsEntry("body", "[\"one\",\"two\"]");
    }

    @Test
    void theLastMemberOfAOneofStandsAndAMetricsPointsAreMerged() throws Exception {
        byte[] name = Metric.newBuilder().setName("m").build().toByteArray();
        byte[] gauge = Metric.newBuilder().setGauge(Gauge.newBuilder().addDataPoints(point().setAsInt(1))).build().toByteArray();
        byte[] sum = sum(AggregationTemporality.AGGREGATION_TEMPORALITY_UNSPECIFIED, 2);
        byte[] more = sum(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA, 3);
        byte[] request = message(1, message(2, message(2, concat(gauge, sum, name, more))));

        Reading reading = new Reading(Signal.METRICS).read(request);

        List<Map<String, Object>> rows = reading.rows();
        assertThat(rows).extracting(row -> row.get("value_int")).containsExactly(2L, 3L);
        assertThat(rows).extracting(row -> row.get("type")).containsOnly("sum");
        assertThat(rows).extracting(row -> row.get("temporality")).containsOnly(1);
        assertThat(rows).extracting(row -> row.get("name")).containsOnly("m");
    }

    private static byte[] sum(AggregationTemporality temporality, int value) {
        return Metric.newBuilder()
                .setSum(Sum.newBuilder().setAggregationTemporality(temporality).addDataPoints(point().setAsInt(value)))
                .build()
                .toByteArray();
    }

    @Test
    void aSubmessageSplitAThousandTimesIsReadAndAMillionTimesIsRefusedInTime() throws Exception {
        byte[] piece = message(5, AnyValue.newBuilder()
                .setArrayValue(ArrayValue.newBuilder().addValues(number(1)))
                .build()
                .toByteArray());

        assertThat(new Reading(Signal.LOGS)
                        .read(message(1, message(2, message(2, repeated(piece, 1000)))))
                        .result
                        .rows())
                .isEqualTo(1);
        // Two submessages in turn are copied anew each time, so the bound on what is copied must stop it.
        byte[] inTurn = repeated(concat(piece, message(6, keyOfTwoValues())), 100_000);
        try {
            new Reading(Signal.LOGS).read(message(1, message(2, message(2, inTurn))));
        } catch (MalformedRequestException e) {
            assertThat(e).hasMessageContaining("split too often");
        }
    }

    private static byte[] keyOfTwoValues() {
        byte[] value = message(2, number(1).toByteArray());
        return concat(value, value);
    }

    @Test
    void packedAndUnpackedNumbersAreBothRead() throws Exception {
        ByteArrayOutputStream point = new ByteArrayOutputStream();
        CodedOutputStream coded = CodedOutputStream.newInstance(point);
        coded.writeFixed64(3, TIME);
        coded.writeFixed64(4, 6);
        coded.writeFixed64(6, 1);
        coded.writeByteArray(6, new byte[] {2, 0, 0, 0, 0, 0, 0, 0});
        coded.writeFixed64(6, 3);
        coded.writeDouble(7, 1);
        coded.writeDouble(7, 2);
        coded.flush();
        ByteArrayOutputStream histogram = new ByteArrayOutputStream();
        coded = CodedOutputStream.newInstance(histogram);
        coded.writeByteArray(1, point.toByteArray());
        coded.writeEnum(2, 1);
        coded.flush();

        Map<String, Object> row = new Reading(Signal.METRICS)
                .read(message(1, message(2, message(2, message(9, histogram.toByteArray())))))
                .row();

        assertThat(row)
                .containsEntry("bucket_counts", List.of(1L, 2L, 3L))
                .containsEntry("explicit_bounds", List.of(1.0, 2.0));
    }

    @Test
    void unknownFieldsAndFieldsOfAnotherWireTypeAreIgnored() throws Exception {
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        CodedOutputStream coded = CodedOutputStream.newInstance(record);
        coded.writeString(1, "a time is no text");
        coded.writeFixed32(5, 7);
        coded.writeUInt64(500, -1);
        coded.writeString(3, "INFO");
        coded.writeFixed64(501, 1);
        coded.flush();

        Map<String, Object> row =
                new Reading(Signal.LOGS).read(message(1, message(2, message(2, record.toByteArray())))).row();

        assertThat(row).containsEntry("severity_text", "INFO").containsEntry("body", null).containsEntry("time", null);
    }

    @Test
    void aMalformedRequestLeavesTheRowsBeforeItAsTheyWere() throws Exception {
        byte[] good = traces(span().setName("before").build()).toByteArray();
        byte[] bad = concat(
                traces(span().setName("lost").addAttributes(entry("lost", "lost")).build()).toByteArray(),
                new byte[] {10, 5, 18});
        Reading reading = new Reading(Signal.TRACES).read(good);
        Reading alone = new Reading(Signal.TRACES).read(good);

        assertThatThrownBy(() -> reading.read(bad)).isInstanceOf(MalformedRequestException.class);

        assertThat(uncompressed(reading)).isEqualTo(uncompressed(alone));
        assertThat(reading.seal().header().encoded()).isEqualTo(alone.seal().header().encoded());
    }

    @Test
    void mutatedBytesAreAcceptedAndRefusedAsProtobufDoes() throws Exception {
        long seed = 20261124;
        Random random = new Random(seed);
        int accepted = 0;
        int refused = 0;
        for (Signal signal : Signal.values()) {
            byte[] original = example(signal).toByteArray();
            Reading reading = new Reading(signal);
            for (int i = 0; i < 4000; i++) {
                byte[] mutated = mutate(original, random);
                boolean expected = ProtobufTarget.protobufAccepts(signal, mutated);
                boolean actual = true;
                try {
                    reading.columns.reset(TenantId.DEFAULT);
                    reading.read(mutated);
                } catch (MalformedRequestException e) {
                    actual = false;
                }
                assertThat(actual)
                        .as("seed %s, %s, mutation %s: %s", seed, signal, i, Arrays.toString(mutated))
                        .isEqualTo(expected);
                accepted += actual ? 1 : 0;
                refused += actual ? 0 : 1;
            }
        }
        assertThat(accepted).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(1000);
    }

    private static Message example(Signal signal) {
        KeyValue deep = entry("deep", nested(4, true));
        return switch (signal) {
            case LOGS -> logs(
                    log().setBody(nested(3, false)).addAttributes(deep).addAttributes(entry("a", "b")).build(),
                    log().setSeverityText("INFO").build());
            case TRACES -> traces(span().addEvents(Span.Event.newBuilder().setName("e").addAttributes(deep))
                    .addLinks(Span.Link.newBuilder().addAttributes(entry("x", number(3))))
                    .setStatus(Status.newBuilder().setMessage("m"))
                    .build());
            case METRICS -> metrics(
                    gauge(point().addAttributes(deep)),
                    Metric.newBuilder()
                            .setName("h")
                            .setHistogram(Histogram.newBuilder()
                                    .setAggregationTemporality(
                                            AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                                    .addDataPoints(histogram(List.of(1L, 2L), List.of(1.0), 3)))
                            .addMetadata(deep)
                            .build(),
                    Metric.newBuilder()
                            .setExponentialHistogram(
                                    ExponentialHistogram.newBuilder().addDataPoints(exponential(1, 2)))
                            .build());
        };
    }

    private static byte[] mutate(byte[] original, Random random) {
        byte[] bytes = original.clone();
        for (int n = random.nextInt(3) + 1; n > 0; n--) {
            switch (random.nextInt(4)) {
                case 0 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                case 1 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                case 2 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1);
                default -> {
                    int from = random.nextInt(bytes.length);
                    int length = random.nextInt(bytes.length - from);
                    int to = random.nextInt(bytes.length - length);
                    System.arraycopy(bytes.clone(), from, bytes, to, length);
                }
            }
        }
        return bytes;
    }

    static byte[] message(int field, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            CodedOutputStream coded = CodedOutputStream.newInstance(out);
            coded.writeByteArray(field, content);
            coded.flush();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static byte[] repeated(byte[] bytes, int times) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            out.writeBytes(bytes);
        }
        return out.toByteArray();
    }
}
