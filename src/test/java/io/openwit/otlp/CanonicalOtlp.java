package io.openwit.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.metrics.v1.Exemplar;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.metrics.v1.SummaryDataPoint;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.model.Signal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/// What must come back of a request: the rules of what is not kept, mended or rejected, on protobuf's own messages and
/// written without a look at the reader.
///
/// Requests are compared row by row, each as a request of its own with its resource, scope and metric. So how rows are
/// grouped does not matter, and a metric without points, a scope or a resource without rows leave nothing. The payload
/// bits of a NaN do not matter either, as protobuf compares doubles without them.
public final class CanonicalOtlp {
    private static final long DAY_NANOS = 86_400_000_000_000L;
    private static final Comparator<KeyValue> BY_KEY_BYTES =
            Comparator.comparing(KeyValue::getKeyBytes, ByteString.unsignedLexicographicalComparator());

    private CanonicalOtlp() {}

    /// The rows of a request that came in, as they must come out.
    public static List<Message> rows(Signal signal, Message request) {
        List<Message> rows = new ArrayList<>();
        for (Message row : split(signal, request)) {
            if (accepted(row)) {
                rows.add(mended(row.toBuilder()).build());
            }
        }
        return rows;
    }

    /// Each row as a request of its own, and nothing else changed.
    public static List<Message> split(Signal signal, Message request) {
        return switch (signal) {
            case LOGS -> splitLogs((ExportLogsServiceRequest) request);
            case TRACES -> splitSpans((ExportTraceServiceRequest) request);
            case METRICS -> splitPoints((ExportMetricsServiceRequest) request);
        };
    }

    private static List<Message> splitLogs(ExportLogsServiceRequest request) {
        List<Message> rows = new ArrayList<>();
        for (ResourceLogs resource : request.getResourceLogsList()) {
            for (ScopeLogs scope : resource.getScopeLogsList()) {
                for (LogRecord record : scope.getLogRecordsList()) {
                    ScopeLogs one = scope.toBuilder().clearLogRecords().addLogRecords(record).build();
                    rows.add(ExportLogsServiceRequest.newBuilder()
                            .addResourceLogs(resource.toBuilder().clearScopeLogs().addScopeLogs(one))
                            .build());
                }
            }
        }
        return rows;
    }

    private static List<Message> splitSpans(ExportTraceServiceRequest request) {
        List<Message> rows = new ArrayList<>();
        for (ResourceSpans resource : request.getResourceSpansList()) {
            for (ScopeSpans scope : resource.getScopeSpansList()) {
                for (Span span : scope.getSpansList()) {
                    ScopeSpans one = scope.toBuilder().clearSpans().addSpans(span).build();
                    rows.add(ExportTraceServiceRequest.newBuilder()
                            .addResourceSpans(resource.toBuilder().clearScopeSpans().addScopeSpans(one))
                            .build());
                }
            }
        }
        return rows;
    }

    private static List<Message> splitPoints(ExportMetricsServiceRequest request) {
        List<Message> rows = new ArrayList<>();
        for (ResourceMetrics resource : request.getResourceMetricsList()) {
            for (ScopeMetrics scope : resource.getScopeMetricsList()) {
                for (Metric metric : scope.getMetricsList()) {
                    for (Metric point : splitPoints(metric)) {
                        ScopeMetrics one = scope.toBuilder().clearMetrics().addMetrics(point).build();
                        rows.add(ExportMetricsServiceRequest.newBuilder()
                                .addResourceMetrics(resource.toBuilder().clearScopeMetrics().addScopeMetrics(one))
                                .build());
                    }
                }
            }
        }
        return rows;
    }

    private static List<Metric> splitPoints(Metric metric) {
        FieldDescriptor dataField = metric.getOneofFieldDescriptor(Metric.getDescriptor().getOneofs().getFirst());
        List<Metric> rows = new ArrayList<>();
        if (dataField != null) {
            Message data = (Message) metric.getField(dataField);
            FieldDescriptor points = data.getDescriptorForType().findFieldByName("data_points");
            for (Object point : (List<?>) data.getField(points)) {
                Message one = data.toBuilder().clearField(points).addRepeatedField(points, point).build();
                rows.add(metric.toBuilder().setField(dataField, one).build());
            }
        }
        return rows;
    }

    // --- what is rejected ---

    private static boolean accepted(Message row) {
        return switch (row) {
            case ExportLogsServiceRequest logs ->
                accepted(logs.getResourceLogs(0).getScopeLogs(0).getLogRecords(0));
            case ExportTraceServiceRequest spans ->
                accepted(spans.getResourceSpans(0).getScopeSpans(0).getSpans(0));
            case ExportMetricsServiceRequest metrics ->
                accepted(metrics.getResourceMetrics(0).getScopeMetrics(0).getMetrics(0));
            default -> throw new AssertionError(row);
        };
    }

    private static boolean accepted(LogRecord record) {
        return inRange(record.getTimeUnixNano()) && inRange(record.getObservedTimeUnixNano());
    }

    private static boolean accepted(Span span) {
        return isId(span.getTraceId(), 16)
                && isId(span.getSpanId(), 8)
                && inRange(span.getStartTimeUnixNano())
                && inRange(span.getEndTimeUnixNano())
                && span.getEventsList().stream().allMatch(event -> event.getTimeUnixNano() >= 0);
    }

    private static boolean accepted(Metric metric) {
        return switch (metric.getDataCase()) {
            case GAUGE -> accepted(metric.getGauge().getDataPoints(0));
            case SUM ->
                metric.getSum().getAggregationTemporalityValue() != 0
                        && accepted(metric.getSum().getDataPoints(0));
            case HISTOGRAM ->
                metric.getHistogram().getAggregationTemporalityValue() != 0
                        && accepted(metric.getHistogram().getDataPoints(0));
            case EXPONENTIAL_HISTOGRAM ->
                metric.getExponentialHistogram().getAggregationTemporalityValue() != 0
                        && accepted(metric.getExponentialHistogram().getDataPoints(0));
            case SUMMARY -> accepted(metric.getSummary().getDataPoints(0));
            case DATA_NOT_SET -> throw new AssertionError(metric);
        };
    }

    private static boolean accepted(NumberDataPoint point) {
        boolean valued = point.getValueCase() != NumberDataPoint.ValueCase.VALUE_NOT_SET;
        return datable(point.getStartTimeUnixNano(), point.getTimeUnixNano())
                && accepted(point.getExemplarsList())
                && (valued || noRecordedValue(point.getFlags()));
    }

    private static boolean accepted(HistogramDataPoint point) {
        List<Double> bounds = point.getExplicitBoundsList();
        int counts = point.getBucketCountsCount();
        boolean rising = bounds.stream().noneMatch(bound -> Double.isNaN(bound));
        for (int i = 1; i < bounds.size(); i++) {
            rising &= bounds.get(i - 1) < bounds.get(i);
        }
        long total = point.getBucketCountsList().stream().mapToLong(count -> count).sum();
        return datable(point.getStartTimeUnixNano(), point.getTimeUnixNano())
                && accepted(point.getExemplarsList())
                && rising
                && (counts == 0 ? bounds.isEmpty() : counts == bounds.size() + 1)
                && (counts == 0 || total == point.getCount() || noRecordedValue(point.getFlags()));
    }

    private static boolean accepted(ExponentialHistogramDataPoint point) {
        long total = point.getZeroCount();
        for (long count : point.getPositive().getBucketCountsList()) {
            total += count;
        }
        for (long count : point.getNegative().getBucketCountsList()) {
            total += count;
        }
        boolean buckets = point.getPositive().getBucketCountsCount() + point.getNegative().getBucketCountsCount() > 0;
        return datable(point.getStartTimeUnixNano(), point.getTimeUnixNano())
                && accepted(point.getExemplarsList())
                && point.getScale() >= -10
                && point.getScale() <= 20
                && representable(point.getScale(), point.getPositive())
                && representable(point.getScale(), point.getNegative())
                && (!buckets || total == point.getCount() || noRecordedValue(point.getFlags()));
    }

    private static boolean accepted(SummaryDataPoint point) {
        return datable(point.getStartTimeUnixNano(), point.getTimeUnixNano());
    }

    private static boolean accepted(List<Exemplar> exemplars) {
        return exemplars.stream().allMatch(exemplar -> exemplar.getTimeUnixNano() >= 0);
    }

    /// Base two to the power of first and last bound's exponent is within what doubles can be.
    private static boolean representable(int scale, ExponentialHistogramDataPoint.Buckets buckets) {
        double perBucket = Math.pow(2, -scale);
        double last = (double) buckets.getOffset() + Math.max(0, buckets.getBucketCountsCount() - 1);
        return buckets.getOffset() * perBucket >= -1076 && last * perBucket <= 1024;
    }

    private static boolean datable(long start, long time) {
        return time != 0 && inRange(start) && inRange(time);
    }

    /// Ten years back, seven days ahead; 0 is no time.
    private static boolean inRange(long nanos) {
        return nanos == 0
                || nanos >= Reading.ARRIVAL - 3653 * DAY_NANOS && nanos <= Reading.ARRIVAL + 7 * DAY_NANOS;
    }

    private static boolean noRecordedValue(int flags) {
        return (flags & 1) != 0;
    }

    private static boolean isId(ByteString id, int length) {
        return id.size() == length && !id.equals(ByteString.copyFrom(new byte[length]));
    }

    // --- what is mended, and what is not kept ---

    private static <M extends Message.Builder> M mended(M message) {
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            FieldDescriptor field = entry.getKey();
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                continue;
            }
            if (field.isRepeated()) {
                for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
                    Message element = (Message) message.getRepeatedField(field, i);
                    message.setRepeatedField(field, i, mended(element.toBuilder()).build());
                }
                if (field.getMessageType().equals(KeyValue.getDescriptor())) {
                    inCanonicalOrder(message, field);
                }
            } else {
                message.setField(field, mended(((Message) entry.getValue()).toBuilder()).build());
            }
        }
        switch (message) {
            case KeyValue.Builder attribute -> mend(attribute);
            case AnyValue.Builder value -> mend(value);
            case LogRecord.Builder record -> mend(record);
            case Span.Builder span -> clearUnless(isId(span.getParentSpanId(), 8), span, "parent_span_id");
            case Span.Link.Builder link -> {
                clearUnless(isId(link.getTraceId(), 16), link, "trace_id");
                clearUnless(isId(link.getSpanId(), 8), link, "span_id");
            }
            case Exemplar.Builder exemplar -> {
                clearUnless(isId(exemplar.getTraceId(), 16), exemplar, "trace_id");
                clearUnless(isId(exemplar.getSpanId(), 8), exemplar, "span_id");
            }
            default -> {}
        }
        return message;
    }

    /// Attributes, and the entries of a kvlist, come back in the order of their keys' unsigned bytes, equal ones as they
    /// came. An attribute without a key is dropped; within a kvlist it is not.
    private static void inCanonicalOrder(Message.Builder message, FieldDescriptor field) {
        List<KeyValue> entries = new ArrayList<>();
        for (Object entry : (List<?>) message.getField(field)) {
            entries.add((KeyValue) entry);
        }
        if (!(message instanceof KeyValueList.Builder)) {
            entries.removeIf(entry -> entry.getKey().isEmpty());
        }
        entries.sort(BY_KEY_BYTES);
        message.setField(field, entries);
    }

    /// An index into a table of strings is not kept: receivers shall treat it as absent. A key without a value and a key
    /// with an empty one are the same.
    private static void mend(KeyValue.Builder attribute) {
        attribute.clearKeyStrindex();
        if (!attribute.hasValue()) {
            attribute.setValue(AnyValue.getDefaultInstance());
        }
    }

    /// As for keys: an index in the place of a string is not kept, the value is empty.
    private static void mend(AnyValue.Builder value) {
        if (value.hasStringValueStrindex()) {
            value.clear();
        }
    }

    /// An observed time of 0 is filled with the arrival. Ids that are none are cleared.
    private static void mend(LogRecord.Builder record) {
        if (record.getObservedTimeUnixNano() == 0) {
            record.setObservedTimeUnixNano(Reading.ARRIVAL);
        }
        clearUnless(isId(record.getTraceId(), 16), record, "trace_id");
        clearUnless(isId(record.getSpanId(), 8), record, "span_id");
    }

    private static void clearUnless(boolean isId, Message.Builder message, String field) {
        if (!isId) {
            message.clearField(message.getDescriptorForType().findFieldByName(field));
        }
    }
}
