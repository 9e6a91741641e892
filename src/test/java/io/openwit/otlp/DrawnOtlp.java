package io.openwit.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.openwit.model.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// Export requests drawn at random by walking protobuf's descriptors, so that a field which a later release adds is drawn
/// too. Most rows are valid; ids, times, counts and temporalities get what the reader rejects or mends now and then.
public final class DrawnOtlp {
    private static final List<String> TEXTS = List.of(
            "", "a", "GET", "true", "17", "-0.5", "null", "[]", "{\"a\":1}", "naïve ☃", "😀\uD83D\uDE80", "\"\\/\b\f\n\r\t\u0000\u001f\u007f");
    private static final List<String> KEYS = List.of(
            "a", "a", "a#2", "a#3", "a#x", "b", "b#", "#", "#2", "$bytes", "$kv", "$", "é", "\uD83D\uDE80", "\uffee", "service.name", "service.name", "");
    private static final long[] LONGS = {0, 1, -1, 42, 9007199254740993L, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final double[] DOUBLES = {
        0, -0.0, 1, -1.5, 0.1, 1e23, 123456789012345678.0, 1e-7, Double.MAX_VALUE, Double.MIN_VALUE, Double.NaN,
        Double.longBitsToDouble(0x7ff8_0000_0000_beefL), Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    private static final int MAX_DEPTH = 4;
    private static final long DAY_NANOS = 86_400_000_000_000L;

    private final RandomGenerator random;

    public DrawnOtlp(RandomGenerator random) {
        this.random = random;
    }

    public static Message.Builder request(Signal signal) {
        return switch (signal) {
            case LOGS -> ExportLogsServiceRequest.newBuilder();
            case TRACES -> ExportTraceServiceRequest.newBuilder();
            case METRICS -> ExportMetricsServiceRequest.newBuilder();
        };
    }

    public Message draw(Signal signal) {
        return fill(request(signal), 0).build();
    }

    private <M extends Message.Builder> M fill(M message, int depth) {
        for (OneofDescriptor oneof : message.getDescriptorForType().getRealOneofs()) {
            List<FieldDescriptor> members = new ArrayList<>(oneof.getFields());
            members.removeIf(member -> depth >= MAX_DEPTH && member.getJavaType() == FieldDescriptor.JavaType.MESSAGE);
            if (!oneIn(10)) {
                FieldDescriptor member = members.get(random.nextInt(members.size()));
                message.setField(member, value(message, member, depth));
            }
        }
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (field.getRealContainingOneof() != null) {
                continue;
            }
            if (field.isRepeated()) {
                for (int left = count(field); left > 0; left--) {
                    message.addRepeatedField(field, value(message, field, depth));
                }
            } else if (!oneIn(field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? 10 : 4)) {
                message.setField(field, value(message, field, depth));
            }
        }
        if (!oneIn(12)) {
            switch (message) {
                case HistogramDataPoint.Builder point -> agree(point);
                case ExponentialHistogramDataPoint.Builder point -> agree(point);
                default -> {}
            }
        }
        return message;
    }

    /// Lists that hold rows are seldom empty.
    private int count(FieldDescriptor field) {
        return switch (field.getName()) {
            case "resource_logs", "resource_spans", "resource_metrics" -> 1 + random.nextInt(2);
            case "scope_logs", "scope_spans", "scope_metrics" -> 1 + random.nextInt(2);
            case "log_records", "spans", "metrics", "data_points" -> oneIn(20) ? 0 : 1 + random.nextInt(3);
            default -> oneIn(40) ? 30 : random.nextInt(4);
        };
    }

    private Object value(Message.Builder message, FieldDescriptor field, int depth) {
        return switch (field.getName()) {
            case "trace_id" -> id(16);
            case "span_id", "parent_span_id" -> id(8);
            case "time_unix_nano", "observed_time_unix_nano", "start_time_unix_nano", "end_time_unix_nano" -> time();
            case "key" -> oneIn(20) ? "k" + random.nextInt(1000) : KEYS.get(random.nextInt(KEYS.size()));
            case "aggregation_temporality" -> enumValue(field, oneIn(30) ? random.nextInt(9) : 1 + random.nextInt(2));
            case "scale" -> oneIn(30) ? random.nextInt() : random.nextInt(-10, 21);
            case "offset" -> oneIn(30) ? random.nextInt() : random.nextInt(-3, 4);
            default -> any(message, field, depth);
        };
    }

    private Object any(Message.Builder message, FieldDescriptor field, int depth) {
        return switch (field.getJavaType()) {
            case STRING -> oneIn(30) ? "long ".repeat(random.nextInt(200)) : TEXTS.get(random.nextInt(TEXTS.size()));
            case BYTE_STRING -> bytes(random.nextInt(20));
            case BOOLEAN -> random.nextBoolean();
            case INT -> random.nextBoolean() ? random.nextInt() : random.nextInt(4);
            case LONG -> oneIn(3) ? random.nextLong() : LONGS[random.nextInt(LONGS.length)];
            case DOUBLE -> oneIn(3) ? random.nextGaussian() * 1e9 : DOUBLES[random.nextInt(DOUBLES.length)];
            case FLOAT -> throw new AssertionError("OTLP has no floats");
            case ENUM -> enumValue(field, oneIn(10) ? random.nextInt() : random.nextInt(25));
            case MESSAGE -> {
                Message.Builder inner = message.newBuilderForField(field);
                yield fill(inner, inner instanceof AnyValue.Builder ? depth + 1 : depth).build();
            }
        };
    }

    private static Object enumValue(FieldDescriptor field, int number) {
        return field.getEnumType().findValueByNumberCreatingIfUnknown(number);
    }

    private ByteString id(int length) {
        return switch (random.nextInt(60)) {
            case 0 -> bytes(random.nextInt(20));
            case 1 -> ByteString.copyFrom(new byte[length]);
            default -> bytes(length);
        };
    }

    private ByteString bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return ByteString.copyFrom(bytes);
    }

    private long time() {
        return switch (random.nextInt(80)) {
            case 0 -> -1 - random.nextLong(1000);
            case 1 -> Reading.ARRIVAL + random.nextLong(6, 9) * DAY_NANOS;
            case 2 -> Reading.ARRIVAL - random.nextLong(3650, 3657) * DAY_NANOS;
            case 3 -> 0;
            default -> Reading.ARRIVAL - random.nextLong(3_600_000_000_000L);
        };
    }

    /// Makes bounds rise and counts add up.
    private void agree(HistogramDataPoint.Builder point) {
        double[] bounds =
                random.doubles(point.getExplicitBoundsCount(), -1e6, 1e6).sorted().distinct().toArray();
        if (bounds.length > 1 && oneIn(5)) {
            bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        }
        point.clearExplicitBounds();
        point.clearBucketCounts();
        if (bounds.length > 0 || random.nextBoolean()) {
            Arrays.stream(bounds).forEach(point::addExplicitBounds);
            long[] counts = random.longs(bounds.length + 1, 0, 1000).toArray();
            Arrays.stream(counts).forEach(point::addBucketCounts);
            point.setCount(Arrays.stream(counts).sum());
        }
    }

    private void agree(ExponentialHistogramDataPoint.Builder point) {
        long total = point.getZeroCount();
        for (long count : point.getPositive().getBucketCountsList()) {
            total += count;
        }
        for (long count : point.getNegative().getBucketCountsList()) {
            total += count;
        }
        point.setCount(total);
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }
}
