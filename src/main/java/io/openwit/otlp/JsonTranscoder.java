package io.openwit.otlp;

import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.Field;
import io.openwit.otlp.OtlpMessages.MessageType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// OTLP JSON to the same request as OTLP protobuf, so that there is one decoder. Reused; not thread-safe.
///
/// One pass over the text, without a tree and without an object per value. A message's length is written when it is
/// complete, as a varint of four bytes, so the result is valid but not the shortest protobuf; only an attribute, of which
/// there are many, is taken to be short and moved where it is not.
///
/// Clients write the fields of a message in the same order each time. So the name that followed the present one last time
/// is tried first, as it stands in compact JSON, and looked up only where another one came.
///
/// - Names are lowerCamelCase; others are ignored, and so are their values, which still have to be JSON.
/// - Enums are numbers; ids are hex; other bytes are base64; whole numbers and floats may be strings; `null` is unset.
/// - A name twice in an object and two members of a oneof are malformed, as protobuf would keep only the last.
///
/// Source: OTLP specification, "JSON Protobuf Encoding"; protobuf's JSON mapping.
public final class JsonTranscoder {
    /// Nesting of attribute values and bodies: a plain one has depth 1.
    public static final int MAX_DEPTH = ReaderLimits.DEPTH;

    /// The protobuf is shorter than so many times the JSON. Nothing grows more than an array of fixed numbers, where two
    /// bytes of text, a digit and a comma, become eight.
    public static final int MAX_GROWTH = 4;

    private final JsonText json = new JsonText();

    /// By the place of a field or message: the field whose name came next last time.
    private final @Nullable Field[] following = new @Nullable Field[OtlpMessages.places()];

    /// Appends the request to `out`.
    ///
    /// @param json borrowed until this returns
    /// @return the bytes appended
    /// @throws LargeRequestException the request becomes more than `out` takes
    /// @throws MalformedRequestException the text is not JSON in UTF-8, or not OTLP; what `out` holds then has no meaning
    /// @throws NoRoomException the memory of `out` has no room now
    public int toProtobuf(Signal signal, byte[] json, int offset, int length, ByteSink out)
            throws MalformedRequestException {
        int start = out.length();
        this.json.open(json, offset, length);
        try {
            message(OtlpMessages.request(signal), 0, out);
            this.json.expectEnd();
        } finally {
            this.json.close();
        }
        return out.length() - start;
    }

    /// Appends the `entityRefs` of a Resource, written as its JSON array, as they stand in that message.
    void entityRefs(byte[] json, int offset, int length, ByteSink out) throws MalformedRequestException {
        this.json.open(json, offset, length);
        try {
            values(OtlpMessages.ENTITY_REFS, 0, out);
            this.json.expectEnd();
        } finally {
            this.json.close();
        }
    }

    private void message(MessageType type, int depth, ByteSink out) throws MalformedRequestException {
        json.expect('{');
        int place = type.place();
        Field field = expected(place);
        if (field == null && json.take('}')) {
            return;
        }
        long seen = 0;
        boolean oneofTaken = false;
        int entered = json.enterObject();
        while (true) {
            if (field == null) {
                field = find(type, place);
            }
            if (field == null) {
                json.unknownName(entered);
                json.skip(out);
            } else {
                place = field.place();
                if ((seen & field.bit()) != 0) {
                    throw json.malformed(field.name() + " stands twice in an object");
                }
                seen |= field.bit();
                if (!json.takeNull()) {
                    if (field.oneof()) {
                        if (oneofTaken) {
                            throw json.malformed(field.name() + " excludes another field of its object");
                        }
                        oneofTaken = true;
                    }
                    if (field.repeated()) {
                        values(field, depth, out);
                    } else {
                        tagged(field, depth, out);
                    }
                }
            }
            if (!json.take(',')) {
                break;
            }
            field = expected(place);
        }
        json.leaveObject(entered);
        json.expect('}');
    }

    /// Takes the name that came behind `place` last time, if it comes again; null where another token does.
    private @Nullable Field expected(int place) {
        Field field = following[place];
        return field != null && json.takeName(field.nameToken(), field.nameTokenLength()) ? field : null;
    }

    /// Takes any name; null where `type` has no such field.
    private @Nullable Field find(MessageType type, int place) throws MalformedRequestException {
        json.name();
        Field field = type.find(json);
        if (field != null) {
            following[place] = field;
        }
        return field;
    }

    private void values(Field field, int depth, ByteSink out) throws MalformedRequestException {
        json.expect('[');
        if (json.take(']')) {
            return;
        }
        if (field.kind().wireType == 2) {
            do {
                tagged(field, depth, out);
            } while (json.take(','));
        } else {
            out.putTag(field.tag());
            int packed = out.openMessage();
            do {
                value(field, depth, out);
            } while (json.take(','));
            out.closeMessage(packed);
        }
        json.expect(']');
    }

    private void tagged(Field field, int depth, ByteSink out) throws MalformedRequestException {
        out.putTag(field.tag());
        value(field, depth, out);
    }

    private void value(Field field, int depth, ByteSink out) throws MalformedRequestException {
        switch (field.kind()) {
            case STRING -> {
                int start = out.openShort();
                json.string(out);
                out.closeShort(start);
            }
            case HEX -> {
                int start = out.openShort();
                json.string(out);
                hexToBytes(field, start, out);
                out.closeShort(start);
            }
            case BASE64 -> {
                int start = out.openShort();
                json.string(out);
                base64ToBytes(field, start, out);
                out.closeShort(start);
            }
            case MESSAGE -> {
                MessageType type = Objects.requireNonNull(field.message());
                int inside = type == OtlpMessages.ANY_VALUE ? depth + 1 : depth;
                if (inside > MAX_DEPTH) {
                    throw json.malformed("a value is nested deeper than " + MAX_DEPTH);
                }
                // Not for what is nested: a long value would be moved once for each message around it.
                if (depth == 0 && (type == OtlpMessages.KEY_VALUE || type == OtlpMessages.ANY_VALUE)) {
                    int start = out.openShort();
                    message(type, inside, out);
                    out.closeShort(start);
                } else {
                    int start = out.openMessage();
                    message(type, inside, out);
                    out.closeMessage(start);
                }
            }
            case BOOL -> out.put(json.bool() ? 1 : 0);
            case ENUM -> {
                if (json.next() == '"') {
                    throw json.malformed(field.name() + " is an enum, which has to be a number");
                }
                out.putVarint(int32(field, out));
            }
            case INT32 -> out.putVarint(int32(field, out));
            case INT64 -> out.putVarint(json.integer(true, out));
            case UINT32 -> out.putVarint(uint32(field, out));
            case UINT64 -> out.putVarint(json.integer(false, out));
            case SINT32 -> {
                int value = (int) int32(field, out);
                out.putVarint(Integer.toUnsignedLong(value << 1 ^ value >> 31));
            }
            case FIXED32 -> out.putFixed32((int) uint32(field, out));
            case FIXED64 -> out.putFixed64(json.integer(false, out));
            case SFIXED64 -> out.putFixed64(json.integer(true, out));
            case DOUBLE -> out.putFixed64(Double.doubleToRawLongBits(json.number(out)));
        }
    }

    private long int32(Field field, ByteSink scratch) throws MalformedRequestException {
        long value = json.integer(true, scratch);
        if (value != (int) value) {
            throw json.malformed(field.name() + " does not fit 32 bits");
        }
        return value;
    }

    private long uint32(Field field, ByteSink scratch) throws MalformedRequestException {
        long value = json.integer(false, scratch);
        if (value >>> 32 != 0) {
            throw json.malformed(field.name() + " does not fit 32 bits");
        }
        return value;
    }

    /// Makes bytes of the hex digits from `start` on, in place.
    private void hexToBytes(Field field, int start, ByteSink out) throws MalformedRequestException {
        int digits = out.length() - start;
        if (digits % 2 != 0) {
            throw json.malformed(field.name() + " has an odd number of hex digits");
        }
        byte[] bytes = out.array();
        for (int i = 0; i < digits / 2; i++) {
            int high = JsonText.hexDigit(bytes[start + 2 * i]);
            int low = JsonText.hexDigit(bytes[start + 2 * i + 1]);
            if (high < 0 || low < 0) {
                throw json.malformed(field.name() + " is not hex");
            }
            bytes[start + i] = (byte) (high << 4 | low);
        }
        out.truncate(start + digits / 2);
    }

    /// Makes bytes of the base64 from `start` on, in place: either alphabet, with or without padding, as protobuf's
    /// JSON mapping has it.
    private void base64ToBytes(Field field, int start, ByteSink out) throws MalformedRequestException {
        byte[] bytes = out.array();
        int end = out.length();
        if ((end - start) % 4 == 0) {
            // Padding is allowed where it fills the last group up, and nowhere else.
            for (int i = 0; i < 2 && end > start && bytes[end - 1] == '='; i++) {
                end--;
            }
        }
        int digits = end - start;
        int to = start;
        int group = 0;
        for (int i = 0; i < digits; i++) {
            int sextet = sextet(bytes[start + i]);
            if (sextet < 0) {
                throw json.malformed(field.name() + " is not base64");
            }
            group = group << 6 | sextet;
            if (i % 4 != 0) {
                bytes[to++] = (byte) (group >> 6 - 2 * (i % 4));
            }
        }
        if (digits % 4 == 1) {
            throw json.malformed(field.name() + " is not base64");
        }
        out.truncate(to);
    }

    private static int sextet(byte letter) {
        if (letter >= 'A' && letter <= 'Z') {
            return letter - 'A';
        }
        if (letter >= 'a' && letter <= 'z') {
            return letter - 'a' + 26;
        }
        if (letter >= '0' && letter <= '9') {
            return letter - '0' + 52;
        }
        return switch (letter) {
            case '+', '-' -> 62;
            case '/', '_' -> 63;
            default -> -1;
        };
    }
}
