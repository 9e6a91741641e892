package io.openwit.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.FieldDescriptor.Type;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// OTLP messages drawn at random, and as the JSON that the specification asks for, by way of protobuf's own descriptors.
final class OtlpJson {
    private static final List<String> STRINGS =
            List.of("", "a", "service.name", "naïve ☃", "😀 \uD83D\uDE80", "\"\\/\b\f\n\r\t\u0000\u001f", "x".repeat(300));
    private static final long[] LONGS = {0, 1, -1, 9007199254740993L, Long.MAX_VALUE, Long.MIN_VALUE, 1_700_000_000L};
    private static final double[] DOUBLES = {
        0, -0.0, 1, -1.5, 0.1, 1e308, Double.MIN_VALUE, 123456789012345678.0, 1e-7, Double.NaN, Double.NEGATIVE_INFINITY
    };

    private final RandomGenerator random;
    private final boolean plain;

    OtlpJson(RandomGenerator random) {
        this(random, false);
    }

    private OtlpJson(RandomGenerator random, boolean plain) {
        this.random = random;
        this.plain = plain;
    }

    /// Prints as clients do: 64-bit integers as strings, no white space, and only the escapes that have to be.
    static OtlpJson plain() {
        return new OtlpJson(new SplittableRandom(0), true);
    }

    /// Sets about half of the fields of `builder`, one member of each oneof at most.
    <M extends Message.Builder> M fill(M builder, int depth) {
        for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
            OneofDescriptor oneof = field.getRealContainingOneof();
            boolean taken = oneof != null && builder.hasOneof(oneof);
            if (random.nextBoolean() || taken || (depth == 0 && field.getJavaType() == JavaType.MESSAGE)) {
                continue;
            }
            if (field.isRepeated()) {
                for (int i = random.nextInt(4); i > 0; i--) {
                    builder.addRepeatedField(field, value(builder, field, depth));
                }
            } else {
                builder.setField(field, value(builder, field, depth));
            }
        }
        return builder;
    }

    private Object value(Message.Builder builder, FieldDescriptor field, int depth) {
        return switch (field.getJavaType()) {
            case STRING -> STRINGS.get(random.nextInt(STRINGS.size()));
            case BYTE_STRING -> {
                byte[] bytes = new byte[random.nextInt(20)];
                random.nextBytes(bytes);
                yield ByteString.copyFrom(bytes);
            }
            case BOOLEAN -> random.nextBoolean();
            case INT -> random.nextBoolean() ? random.nextInt() : random.nextInt(100);
            case LONG -> LONGS[random.nextInt(LONGS.length)];
            case DOUBLE -> random.nextBoolean() ? DOUBLES[random.nextInt(DOUBLES.length)] : random.nextGaussian() * 1e9;
            case FLOAT -> throw new AssertionError("OTLP has no floats");
            case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(random.nextInt(30));
            case MESSAGE -> fill(builder.newBuilderForField(field), depth - 1).build();
        };
    }

    /// The message as JSON: numbers and white space written in one of the ways that are allowed.
    String print(Message message) {
        StringBuilder out = new StringBuilder("{").append(space());
        String comma = "";
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            FieldDescriptor field = entry.getKey();
            out.append(comma).append(space());
            comma = ",";
            out.append('"').append(field.getJsonName()).append('"').append(space()).append(':');
            if (field.isRepeated()) {
                String separator = "[";
                for (Object element : (List<?>) entry.getValue()) {
                    out.append(separator).append(space()).append(print(field, element));
                    separator = ",";
                }
                out.append(']');
            } else {
                out.append(space()).append(print(field, entry.getValue()));
            }
        }
        return out.append(space()).append('}').toString();
    }

    private String print(FieldDescriptor field, Object value) {
        return switch (field.getJavaType()) {
            case STRING -> quoted((String) value);
            case BYTE_STRING -> '"' + bytes(field, ((ByteString) value).toByteArray()) + '"';
            case BOOLEAN -> value.toString();
            case INT -> {
                boolean unsigned = field.getType() == Type.UINT32 || field.getType() == Type.FIXED32;
                String digits = unsigned ? Integer.toUnsignedString((Integer) value) : value.toString();
                yield plain ? digits : number(digits);
            }
            case LONG -> {
                boolean unsigned = field.getType() == Type.UINT64 || field.getType() == Type.FIXED64;
                yield number(unsigned ? Long.toUnsignedString((Long) value) : value.toString());
            }
            case DOUBLE -> {
                double number = (Double) value;
                if (!Double.isFinite(number)) {
                    yield '"' + value.toString() + '"';
                }
                yield plain ? value.toString() : number(value.toString());
            }
            case FLOAT -> throw new AssertionError("OTLP has no floats");
            case ENUM -> Integer.toString(((EnumValueDescriptor) value).getNumber());
            case MESSAGE -> print((Message) value);
        };
    }

    private String bytes(FieldDescriptor field, byte[] value) {
        if (!List.of("trace_id", "span_id", "parent_span_id").contains(field.getName())) {
            return Base64.getEncoder().encodeToString(value);
        }
        HexFormat hex = HexFormat.of();
        return plain || random.nextBoolean() ? hex.formatHex(value) : hex.withUpperCase().formatHex(value);
    }

    private String number(String digits) {
        return !plain && random.nextBoolean() ? digits : '"' + digits + '"';
    }

    private String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && (plain || random.nextBoolean())) {
                out.append(c).append(text.charAt(++i));
            } else if (Character.isSurrogate(c) || c < ' ' || c == '"' || c == '\\' || (!plain && random.nextInt(8) == 0)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    private String space() {
        return switch (plain ? 3 : random.nextInt(12)) {
            case 0 -> " ";
            case 1 -> "\n\t";
            case 2 -> "\r\n";
            default -> "";
        };
    }
}
