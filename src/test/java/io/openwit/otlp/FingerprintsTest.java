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
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.Sealer;
import io.openwit.model.BatchHeader;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.AggregationTemporality;
import io.opentelemetry.proto.metrics.v1.Exemplar;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogram;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Histogram;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.Summary;
import io.opentelemetry.proto.metrics.v1.SummaryDataPoint;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What makes two rows, or two parts, the same.
class FingerprintsTest {
    /// Fields that a row's fingerprint leaves out: the protocol's comments say that they count as absent.
    private static final Set<String> NOT_KEPT = Set.of("key_strindex", "string_value_strindex");

    private static LogRecord withAttributes(String... keys) {
        LogRecord.Builder record = log();
        for (String key : keys) {
            record.addAttributes(entry(key, "v" + key));
        }
        return record.build();
    }

    private static BatchHeader header(byte[] request, String tenant, FingerprintKey key, long nameLow, boolean named)
            throws MalformedRequestException {
        Columns columns = Columns.of(Signal.LOGS);
        columns.reset(new TenantId(tenant));
        columns.beginPart(0, nameLow, named);
        byte[] body = Arrays.copyOf(request, request.length + Bytes.SLACK);
        new OtlpReader(ReaderLimits.DEFAULT, key)
                .read(Signal.LOGS, body, 0, request.length, Reading.ARRIVAL, new OneBatch(columns), new ReadResult());
        columns.endPart();
        return columns.seal(new Sealer()).header();
    }

    @Test
    void theOrderOfAttributesAndOfFieldsMakesNoDifference() throws Exception {
        byte[] record = log().addAttributes(entry("a", "1")).setSeverityText("INFO").build().toByteArray();
        byte[] other = OtlpReaderBadInputTest.concat(
                LogRecord.newBuilder().setSeverityText("INFO").build().toByteArray(),
                LogRecord.newBuilder().addAttributes(entry("a", "1")).build().toByteArray(),
                log().build().toByteArray());
        byte[] scope = OtlpReaderBadInputTest.concat(
                OtlpReaderBadInputTest.message(2, record), OtlpReaderBadInputTest.message(2, other));
        byte[] request = OtlpReaderBadInputTest.message(1, OtlpReaderBadInputTest.message(2, scope));
        List<String> fields = distinctInOwnParts(request);
        assertThat(fields.get(0)).isEqualTo(fields.get(1));

        List<String> attributes = new ArrayList<>();
        for (LogRecord one : List.of(withAttributes("a", "b", "c"), withAttributes("c", "a", "b"))) {
            attributes.addAll(new Reading(Signal.LOGS).read(logs(one)).fingerprints());
        }
        assertThat(attributes.get(0)).isEqualTo(attributes.get(1));
    }

    /// The fingerprints of a request's two log records, each sent by itself.
    private static List<String> distinctInOwnParts(byte[] request) throws Exception {
        ExportLogsServiceRequest parsed = ExportLogsServiceRequest.parseFrom(request);
        List<String> all = new ArrayList<>();
        for (LogRecord record : parsed.getResourceLogs(0).getScopeLogs(0).getLogRecordsList()) {
            all.addAll(new Reading(Signal.LOGS).read(logs(record)).fingerprints());
        }
        List<String> together = new Reading(Signal.LOGS).read(request).fingerprints();
        assertThat(together.get(0)).isNotEqualTo(together.get(1));
        return all;
    }

    @Test
    void theOrderWithinAKvlistMakesNoDifferenceAndWithinAnArrayItDoes() throws Exception {
        AnyValue one = AnyValue.newBuilder()
                .setKvlistValue(KeyValueList.newBuilder().addValues(entry("a", "1")).addValues(entry("b", number(2))))
                .build();
        AnyValue other = AnyValue.newBuilder()
                .setKvlistValue(KeyValueList.newBuilder().addValues(entry("b", number(2))).addValues(entry("a", "1")))
                .build();

        assertThat(new Reading(Signal.LOGS).read(logs(log().setBody(one).build())).fingerprints())
                .isEqualTo(new Reading(Signal.LOGS).read(logs(log().setBody(other).build())).fingerprints());
        assertThat(new Reading(Signal.LOGS).read(logs(log().setBody(array(1, 2)).build())).fingerprints())
                .isNotEqualTo(new Reading(Signal.LOGS).read(logs(log().setBody(array(2, 1)).build())).fingerprints());
    }

    private static AnyValue array(long first, long second) {
        return AnyValue.newBuilder()
                .setArrayValue(ArrayValue.newBuilder().addValues(number(first)).addValues(number(second)))
                .build();
    }

    @Test
    void tenantKeyResourceAndContentEachMakeADifference() throws Exception {
        byte[] request = logs(log().build()).toByteArray();
        byte[] otherResource = ExportLogsServiceRequest.newBuilder()
                .addResourceLogs(logs(log().build()).getResourceLogs(0).toBuilder().clearResource())
                .build()
                .toByteArray();

        List<Long> all = List.of(
                header(request, "a", Reading.KEY, 0, false).fingerprintHigh(0),
                header(request, "b", Reading.KEY, 0, false).fingerprintHigh(0),
                header(request, "a", new FingerprintKey(1, 2), 0, false).fingerprintHigh(0),
                header(otherResource, "a", Reading.KEY, 0, false).fingerprintHigh(0),
                header(logs(log().setBody(text("hellp")).build()).toByteArray(), "a", Reading.KEY, 0, false)
                        .fingerprintHigh(0));

        assertThat(all).doesNotHaveDuplicates();
        assertThat(header(request, "a", Reading.KEY, 0, false).fingerprintHigh(0)).isEqualTo(all.getFirst());
    }

    @Test
    void equalRowsOfOnePartAreToldApartTheSameWayEachTime() throws Exception {
        ExportLogsServiceRequest request = logs(log().build(), log().build(), log().build());

        List<String> first = new Reading(Signal.LOGS).read(request).fingerprints();
        List<String> twice = new Reading(Signal.LOGS).read(request).read(request).fingerprints();

        assertThat(first).doesNotHaveDuplicates();
        assertThat(twice.subList(0, 3)).isEqualTo(first);
        assertThat(twice.subList(3, 6)).isEqualTo(first);
    }

    @Test
    void onlyALogFinerThanASecondIsDatable() throws Exception {
        long second = TIME / 1_000_000_000 * 1_000_000_000;
        BatchHeader header = new Reading(Signal.LOGS)
                .read(logs(
                        log().setTimeUnixNano(second).setObservedTimeUnixNano(0).build(),
                        log().setTimeUnixNano(second).setObservedTimeUnixNano(second + 1).build(),
                        log().setTimeUnixNano(second + 1_000_000).setObservedTimeUnixNano(second).build(),
                        log().clearTimeUnixNano().clearObservedTimeUnixNano().build()))
                .seal()
                .header();

        assertThat(List.of(header.datable(0), header.datable(1), header.datable(2), header.datable(3)))
                .containsExactly(false, true, true, false);
    }

    @Test
    void aPartMatchesWhenItHasADatableRowOrAName() throws Exception {
        byte[] undatable = logs(log().clearTimeUnixNano().clearObservedTimeUnixNano().build()).toByteArray();
        byte[] datable = logs(log().clearTimeUnixNano().clearObservedTimeUnixNano().build(), log().build()).toByteArray();

        assertThat(header(undatable, "a", Reading.KEY, 0, false).partMatches(0)).isFalse();
        assertThat(header(undatable, "a", Reading.KEY, 7, true).partMatches(0)).isTrue();
        assertThat(header(datable, "a", Reading.KEY, 0, false).partMatches(0)).isTrue();
    }

    @Test
    void aPartsFingerprintTellsItsRowsTheirOrderAndTheName() throws Exception {
        byte[] one = logs(log().build()).toByteArray();
        LogRecord other = log().setBody(text("other")).build();
        byte[] two = logs(log().build(), other).toByteArray();
        byte[] turned = logs(other, log().build()).toByteArray();

        assertThat(List.of(
                        header(one, "a", Reading.KEY, 0, false).partLow(0),
                        header(one, "a", Reading.KEY, 1, true).partLow(0),
                        header(two, "a", Reading.KEY, 0, false).partLow(0),
                        header(turned, "a", Reading.KEY, 0, false).partLow(0)))
                .doesNotHaveDuplicates();
        assertThat(header(two, "a", Reading.KEY, 0, false).partLow(0))
                .isEqualTo(header(two, "a", Reading.KEY, 0, false).partLow(0));
    }

    @Test
    void everyFieldOfTheProtocolMakesADifference() throws Exception {
        Exemplar exemplar = Exemplar.newBuilder().setAsDouble(1).addFilteredAttributes(entry("a", "b")).build();
        ExponentialHistogramDataPoint.Buckets buckets =
                ExponentialHistogramDataPoint.Buckets.newBuilder().addBucketCounts(1).build();
        assertThat(changesEverything(Signal.LOGS, logs(log().addAttributes(entry("a", "b")).build())))
                .isGreaterThan(15);
        assertThat(changesEverything(
                        Signal.TRACES,
                        traces(span().addAttributes(entry("a", "b"))
                                .setStatus(Status.getDefaultInstance())
                                .addEvents(Span.Event.newBuilder().addAttributes(entry("a", "b")))
                                .addLinks(Span.Link.newBuilder().addAttributes(entry("a", "b")))
                                .build())))
                .isGreaterThan(25);
        for (Metric metric : List.of(
                Metric.newBuilder()
                        .setGauge(Gauge.newBuilder()
                                .addDataPoints(NumberDataPoint.newBuilder()
                                        .setTimeUnixNano(TIME)
                                        .setFlags(3)
                                        .addExemplars(exemplar)))
                        .build(),
                Metric.newBuilder()
                        .setHistogram(Histogram.newBuilder()
                                .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                                .addDataPoints(HistogramDataPoint.newBuilder()
                                        .setTimeUnixNano(TIME)
                                        .setFlags(3)
                                        .addBucketCounts(1)
                                        .addBucketCounts(2)
                                        .addExplicitBounds(1)))
                        .build(),
                Metric.newBuilder()
                        .setExponentialHistogram(ExponentialHistogram.newBuilder()
                                .setAggregationTemporality(AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA)
                                .addDataPoints(ExponentialHistogramDataPoint.newBuilder()
                                        .setTimeUnixNano(TIME)
                                        .setFlags(3)
                                        .setPositive(buckets)
                                        .setNegative(buckets)))
                        .build(),
                Metric.newBuilder()
                        .setSummary(Summary.newBuilder()
                                .addDataPoints(SummaryDataPoint.newBuilder()
                                        .setTimeUnixNano(TIME)
                                        .setFlags(3)
                                        .addQuantileValues(SummaryDataPoint.ValueAtQuantile.newBuilder().setQuantile(1))))
                        .build())) {
            assertThat(changesEverything(Signal.METRICS, metrics(metric))).isGreaterThan(15);
        }
    }

    /// Changes each scalar field of each message of the request in turn, and expects another fingerprint every time.
    ///
    /// @return how many fields were changed
    private static int changesEverything(Signal signal, Message request) throws Exception {
        String before = new Reading(signal).read(request).fingerprints().getFirst();
        List<Message> changed = new ArrayList<>();
        List<String> names = new ArrayList<>();
        change(request, "", changed, names);
        for (int i = 0; i < changed.size(); i++) {
            Reading reading = new Reading(signal).read(changed.get(i));
            assertThat(reading.result.rows()).as("rows after a change of %s", names.get(i)).isEqualTo(1);
            assertThat(reading.fingerprints().getFirst()).as(names.get(i)).isNotEqualTo(before);
        }
        return changed.size();
    }

    private static void change(Message message, String path, List<Message> changed, List<String> names) {
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            String name = path + "/" + field.getName();
            if (NOT_KEPT.contains(field.getName())) {
                continue;
            }
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                // Bounds have to keep their order, and what is repeated is changed by one more elsewhere.
                if (!field.isRepeated() && field.getContainingOneof() == null || field.toProto().getProto3Optional()) {
                    changed.add(changed(message, field));
                    names.add(name);
                }
                continue;
            }
            List<Message> children = new ArrayList<>();
            if (field.isRepeated()) {
                for (Object child : (List<?>) message.getField(field)) {
                    children.add((Message) child);
                }
            } else if (message.hasField(field)) {
                children.add((Message) message.getField(field));
            }
            for (int i = 0; i < children.size(); i++) {
                int from = changed.size();
                change(children.get(i), name, changed, names);
                for (int at = from; at < changed.size(); at++) {
                    Message.Builder whole = message.toBuilder();
                    if (field.isRepeated()) {
                        whole.setRepeatedField(field, i, changed.get(at));
                    } else {
                        whole.setField(field, changed.get(at));
                    }
                    changed.set(at, whole.build());
                }
            }
        }
    }

    private static Message changed(Message message, FieldDescriptor field) {
        Object value = message.getField(field);
        Object other =
                switch (field.getJavaType()) {
                    case INT -> (Integer) value + (field.getName().equals("flags") ? 4 : 1);
                    case LONG -> field.getName().contains("time") ? (Object) (TIME - 77) : (Object) ((Long) value + 1);
                    case DOUBLE -> (Double) value + 0.5;
                    case STRING -> value + "x";
                    case BYTE_STRING -> ByteString.copyFrom(new byte[] {
                        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9
                    }).substring(0, field.getName().contains("span") ? 8 : 16);
                    case BOOLEAN -> !(Boolean) value;
                    case ENUM -> field.getEnumType().findValueByNumber(
                            (((EnumValueDescriptor) value).getNumber() + 1) % 3 == 0
                                    ? 2
                                    : (((EnumValueDescriptor) value).getNumber() + 1));
                    case FLOAT, MESSAGE -> throw new AssertionError(field.getFullName());
                };
        return message.toBuilder().setField(field, other).build();
    }
}
