package io.openwit.otlp;

import static io.openwit.otlp.OtlpMessages.Kind.BASE64;
import static io.openwit.otlp.OtlpMessages.Kind.BOOL;
import static io.openwit.otlp.OtlpMessages.Kind.DOUBLE;
import static io.openwit.otlp.OtlpMessages.Kind.ENUM;
import static io.openwit.otlp.OtlpMessages.Kind.FIXED32;
import static io.openwit.otlp.OtlpMessages.Kind.FIXED64;
import static io.openwit.otlp.OtlpMessages.Kind.HEX;
import static io.openwit.otlp.OtlpMessages.Kind.INT32;
import static io.openwit.otlp.OtlpMessages.Kind.INT64;
import static io.openwit.otlp.OtlpMessages.Kind.SFIXED64;
import static io.openwit.otlp.OtlpMessages.Kind.SINT32;
import static io.openwit.otlp.OtlpMessages.Kind.STRING;
import static io.openwit.otlp.OtlpMessages.Kind.UINT32;
import static io.openwit.otlp.OtlpMessages.Kind.UINT64;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Signal;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The messages of OTLP as a table: JSON name, number and kind of each field.
///
/// Source: opentelemetry-proto 1.11; a test compares the table with its descriptors.
final class OtlpMessages {
    /// How a field is written, in JSON and on the wire.
    enum Kind {
        STRING(2),
        /// Bytes as hex digits: trace and span ids. Source: OTLP specification, "JSON Protobuf Encoding".
        HEX(2),
        /// Any other bytes.
        BASE64(2),
        MESSAGE(2),
        BOOL(0),
        /// A number only, never a name.
        ENUM(0),
        INT32(0),
        INT64(0),
        UINT32(0),
        UINT64(0),
        SINT32(0),
        FIXED32(5),
        FIXED64(1),
        SFIXED64(1),
        DOUBLE(1);

        final int wireType;

        Kind(int wireType) {
            this.wireType = wireType;
        }
    }

    /// A field of a message.
    ///
    /// @param nameToken the name as compact JSON has it, with quotes and colon, eight bytes a word, zeros behind them
    /// @param nameTokenLength bytes of it
    /// @param nameHead the first bytes of its name, as [JsonText#head]
    /// @param place a number among those of all fields and messages
    /// @param tag in front of a value on the wire, or of all values where they are packed
    /// @param bit in a set of the message's fields
    /// @param repeated in JSON an array; on the wire packed unless its wire type is 2
    /// @param oneof at most one of the message's fields that are marked so may be set; no message has two such groups
    /// @param message the type of a `MESSAGE`
    record Field(
            String name,
            byte[] nameBytes,
            long nameHead,
            long[] nameToken,
            int nameTokenLength,
            int place,
            int number,
            Kind kind,
            int tag,
            long bit,
            boolean repeated,
            boolean oneof,
            @Nullable MessageType message) {}

    /// A message: its fields by name. Immutable once the table stands.
    static final class MessageType {
        static final int MAX_NUMBER = 16;
        private static final int SLOT_BITS = 6;
        private static final int SLOTS = 1 << SLOT_BITS;

        /// An odd number whose product has its high bits of all bits. Source: Knuth, "Fibonacci Hashing".
        private static final long SCATTER = 0x9E3779B97F4A7C15L;

        private final Field[] slots = new Field[SLOTS];
        private final Field[] byNumber = new Field[MAX_NUMBER + 1];
        private final int place = places++;
        private int count;

        /// A number among those of all fields and messages.
        int place() {
            return place;
        }

        /// The field that has the present name of `json`; null where there is none.
        @Nullable Field find(JsonText json) {
            long head = json.nameHead();
            int length = json.nameLength();
            for (int slot = slot(head, length); ; slot = slot + 1 & SLOTS - 1) {
                Field field = slots[slot];
                if (field == null) {
                    return null;
                }
                if (field.nameHead == head && field.nameBytes.length == length && json.nameEndsAs(field.nameBytes)) {
                    return field;
                }
            }
        }

        @Nullable Field find(String name) {
            for (Field field : slots) {
                if (field != null && field.name.equals(name)) {
                    return field;
                }
            }
            return null;
        }

        /// The field of this number; null where there is none.
        @Nullable Field field(int number) {
            return number >= 0 && number <= MAX_NUMBER ? byNumber[number] : null;
        }

        int count() {
            return count;
        }

        private MessageType one(int number, String name, Kind kind) {
            return add(number, name, kind, false, false, null);
        }

        private MessageType one(int number, String name, MessageType message) {
            return add(number, name, Kind.MESSAGE, false, false, message);
        }

        private MessageType many(int number, String name, Kind kind) {
            return add(number, name, kind, true, false, null);
        }

        private MessageType many(int number, String name, MessageType message) {
            return add(number, name, Kind.MESSAGE, true, false, message);
        }

        private MessageType either(int number, String name, Kind kind) {
            return add(number, name, kind, false, true, null);
        }

        private MessageType either(int number, String name, MessageType message) {
            return add(number, name, Kind.MESSAGE, false, true, message);
        }

        private MessageType add(
                int number, String name, Kind kind, boolean repeated, boolean oneof, @Nullable MessageType message) {
            byte[] nameBytes = name.getBytes(UTF_8);
            long head = JsonText.head(nameBytes, 0, nameBytes.length);
            int slot = slot(head, nameBytes.length);
            while (slots[slot] != null) {
                slot = slot + 1 & SLOTS - 1;
            }
            slots[slot] = new Field(
                    name,
                    nameBytes,
                    head,
                    token(name),
                    name.length() + 3,
                    places++,
                    number,
                    kind,
                    number << 3 | (repeated ? 2 : kind.wireType),
                    1L << count,
                    repeated,
                    oneof,
                    message);
            byNumber[number] = slots[slot];
            count++;
            return this;
        }

        private static long[] token(String name) {
            byte[] token = ('"' + name + "\":").getBytes(UTF_8);
            byte[] padded = Arrays.copyOf(token, token.length + 7 & -8);
            long[] words = new long[padded.length / 8];
            for (int i = 0; i < words.length; i++) {
                words[i] = JsonText.head(padded, 8 * i, 8);
            }
            return words;
        }

        private static int slot(long head, int length) {
            return (int) ((head + length) * SCATTER >>> -SLOT_BITS);
        }
    }

    /// Fields and messages so far; all of them once the table stands.
    private static int places;

    static final MessageType ANY_VALUE = new MessageType();
    static final MessageType KEY_VALUE = new MessageType();

    static {
        KEY_VALUE.one(1, "key", STRING).one(2, "value", ANY_VALUE).one(3, "keyStrindex", INT32);
        ANY_VALUE
                .either(1, "stringValue", STRING)
                .either(2, "boolValue", BOOL)
                .either(3, "intValue", INT64)
                .either(4, "doubleValue", DOUBLE)
                .either(5, "arrayValue", new MessageType().many(1, "values", ANY_VALUE))
                .either(6, "kvlistValue", new MessageType().many(1, "values", KEY_VALUE))
                .either(7, "bytesValue", BASE64)
                .either(8, "stringValueStrindex", INT32);
    }

    private static final MessageType ENTITY_REF = new MessageType()
            .one(1, "schemaUrl", STRING)
            .one(2, "type", STRING)
            .many(3, "idKeys", STRING)
            .many(4, "descriptionKeys", STRING);

    private static final MessageType RESOURCE = new MessageType()
            .many(1, "attributes", KEY_VALUE)
            .one(2, "droppedAttributesCount", UINT32)
            .many(3, "entityRefs", ENTITY_REF);

    /// The field of Resource.
    static final Field ENTITY_REFS = Objects.requireNonNull(RESOURCE.find("entityRefs"));

    private static final MessageType SCOPE = new MessageType()
            .one(1, "name", STRING)
            .one(2, "version", STRING)
            .many(3, "attributes", KEY_VALUE)
            .one(4, "droppedAttributesCount", UINT32);

    private static final MessageType LOG_RECORD = new MessageType()
            .one(1, "timeUnixNano", FIXED64)
            .one(11, "observedTimeUnixNano", FIXED64)
            .one(2, "severityNumber", ENUM)
            .one(3, "severityText", STRING)
            .one(5, "body", ANY_VALUE)
            .many(6, "attributes", KEY_VALUE)
            .one(7, "droppedAttributesCount", UINT32)
            .one(8, "flags", FIXED32)
            .one(9, "traceId", HEX)
            .one(10, "spanId", HEX)
            .one(12, "eventName", STRING);

    private static final MessageType SPAN = new MessageType()
            .one(1, "traceId", HEX)
            .one(2, "spanId", HEX)
            .one(3, "traceState", STRING)
            .one(4, "parentSpanId", HEX)
            .one(16, "flags", FIXED32)
            .one(5, "name", STRING)
            .one(6, "kind", ENUM)
            .one(7, "startTimeUnixNano", FIXED64)
            .one(8, "endTimeUnixNano", FIXED64)
            .many(9, "attributes", KEY_VALUE)
            .one(10, "droppedAttributesCount", UINT32)
            .many(
                    11,
                    "events",
                    new MessageType()
                            .one(1, "timeUnixNano", FIXED64)
                            .one(2, "name", STRING)
                            .many(3, "attributes", KEY_VALUE)
                            .one(4, "droppedAttributesCount", UINT32))
            .one(12, "droppedEventsCount", UINT32)
            .many(
                    13,
                    "links",
                    new MessageType()
                            .one(1, "traceId", HEX)
                            .one(2, "spanId", HEX)
                            .one(3, "traceState", STRING)
                            .many(4, "attributes", KEY_VALUE)
                            .one(5, "droppedAttributesCount", UINT32)
                            .one(6, "flags", FIXED32))
            .one(14, "droppedLinksCount", UINT32)
            .one(15, "status", new MessageType().one(2, "message", STRING).one(3, "code", ENUM));

    private static final MessageType EXEMPLAR = new MessageType()
            .many(7, "filteredAttributes", KEY_VALUE)
            .one(2, "timeUnixNano", FIXED64)
            .either(3, "asDouble", DOUBLE)
            .either(6, "asInt", SFIXED64)
            .one(4, "spanId", HEX)
            .one(5, "traceId", HEX);

    private static final MessageType NUMBER_POINT = new MessageType()
            .many(7, "attributes", KEY_VALUE)
            .one(2, "startTimeUnixNano", FIXED64)
            .one(3, "timeUnixNano", FIXED64)
            .either(4, "asDouble", DOUBLE)
            .either(6, "asInt", SFIXED64)
            .many(5, "exemplars", EXEMPLAR)
            .one(8, "flags", UINT32);

    private static final MessageType HISTOGRAM_POINT = new MessageType()
            .many(9, "attributes", KEY_VALUE)
            .one(2, "startTimeUnixNano", FIXED64)
            .one(3, "timeUnixNano", FIXED64)
            .one(4, "count", FIXED64)
            .one(5, "sum", DOUBLE)
            .many(6, "bucketCounts", FIXED64)
            .many(7, "explicitBounds", DOUBLE)
            .many(8, "exemplars", EXEMPLAR)
            .one(10, "flags", UINT32)
            .one(11, "min", DOUBLE)
            .one(12, "max", DOUBLE);

    private static final MessageType BUCKETS =
            new MessageType().one(1, "offset", SINT32).many(2, "bucketCounts", UINT64);

    private static final MessageType EXPONENTIAL_POINT = new MessageType()
            .many(1, "attributes", KEY_VALUE)
            .one(2, "startTimeUnixNano", FIXED64)
            .one(3, "timeUnixNano", FIXED64)
            .one(4, "count", FIXED64)
            .one(5, "sum", DOUBLE)
            .one(6, "scale", SINT32)
            .one(7, "zeroCount", FIXED64)
            .one(8, "positive", BUCKETS)
            .one(9, "negative", BUCKETS)
            .one(10, "flags", UINT32)
            .many(11, "exemplars", EXEMPLAR)
            .one(12, "min", DOUBLE)
            .one(13, "max", DOUBLE)
            .one(14, "zeroThreshold", DOUBLE);

    private static final MessageType SUMMARY_POINT = new MessageType()
            .many(7, "attributes", KEY_VALUE)
            .one(2, "startTimeUnixNano", FIXED64)
            .one(3, "timeUnixNano", FIXED64)
            .one(4, "count", FIXED64)
            .one(5, "sum", DOUBLE)
            .many(6, "quantileValues", new MessageType().one(1, "quantile", DOUBLE).one(2, "value", DOUBLE))
            .one(8, "flags", UINT32);

    private static final MessageType METRIC = new MessageType()
            .one(1, "name", STRING)
            .one(2, "description", STRING)
            .one(3, "unit", STRING)
            .either(5, "gauge", new MessageType().many(1, "dataPoints", NUMBER_POINT))
            .either(
                    7,
                    "sum",
                    new MessageType()
                            .many(1, "dataPoints", NUMBER_POINT)
                            .one(2, "aggregationTemporality", ENUM)
                            .one(3, "isMonotonic", BOOL))
            .either(
                    9,
                    "histogram",
                    new MessageType()
                            .many(1, "dataPoints", HISTOGRAM_POINT)
                            .one(2, "aggregationTemporality", ENUM))
            .either(
                    10,
                    "exponentialHistogram",
                    new MessageType()
                            .many(1, "dataPoints", EXPONENTIAL_POINT)
                            .one(2, "aggregationTemporality", ENUM))
            .either(11, "summary", new MessageType().many(1, "dataPoints", SUMMARY_POINT))
            .many(12, "metadata", KEY_VALUE);

    private static final MessageType LOGS = request("resourceLogs", "scopeLogs", "logRecords", LOG_RECORD);
    private static final MessageType TRACES = request("resourceSpans", "scopeSpans", "spans", SPAN);
    private static final MessageType METRICS = request("resourceMetrics", "scopeMetrics", "metrics", METRIC);

    private OtlpMessages() {}

    /// How many numbers there are that [Field#place] and [MessageType#place] give: 0 and up.
    static int places() {
        return places;
    }

    /// The export request of a signal.
    static MessageType request(Signal signal) {
        return switch (signal) {
            case LOGS -> LOGS;
            case TRACES -> TRACES;
            case METRICS -> METRICS;
        };
    }

    /// The three requests have the same envelopes, under other names.
    private static MessageType request(String resources, String scopes, String rows, MessageType row) {
        MessageType ofScope = new MessageType().one(1, "scope", SCOPE).many(2, rows, row).one(3, "schemaUrl", STRING);
        MessageType ofResource = new MessageType()
                .one(1, "resource", RESOURCE)
                .many(2, scopes, ofScope)
                .one(3, "schemaUrl", STRING);
        return new MessageType().many(1, resources, ofResource);
    }
}
