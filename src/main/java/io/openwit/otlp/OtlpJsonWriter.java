package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Utf8;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.Field;
import io.openwit.otlp.OtlpMessages.MessageType;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// OTLP protobuf to OTLP JSON: the other end of [JsonTranscoder]. Reused; not thread-safe.
///
/// A message's members come in the order of their numbers, as they stand on the wire: absent ones are left out. Names are
/// lowerCamelCase, enums numbers, whole numbers of 64 bits strings, ids hex, other bytes base64. Unknown fields are left
/// out; what is not UTF-8 is mended.
///
/// Source: OTLP specification, "JSON Protobuf Encoding"; protobuf's JSON mapping.
public final class OtlpJsonWriter {
    /// AnyValues within one another.
    private static final int MAX_DEPTH = 256;

    private static final byte[] ESCAPES = "0123456789abcdef".getBytes(US_ASCII);

    private final Wire wire = new Wire();
    private ByteSink out = new ByteSink(1);

    /// Appends a request as one line of JSON.
    ///
    /// @param request readable for [Bytes#SLACK] bytes behind its end; borrowed until this returns
    /// @throws MalformedRequestException the bytes are not a request of this signal, or become more than `out` takes
    public void toJson(Signal signal, byte[] request, int offset, int length, ByteSink out)
            throws MalformedRequestException {
        if (offset < 0 || length < 0 || offset > request.length - Bytes.SLACK - length) {
            throw new IllegalArgumentException("no request of " + length + " bytes at " + offset + " in "
                    + request.length + ", of which the last " + Bytes.SLACK + " are slack");
        }
        this.out = out;
        wire.open(request, offset + length, length);
        try {
            message(OtlpMessages.request(signal), offset, offset + length, 0);
        } finally {
            wire.close();
        }
    }

    /// @param depth AnyValues around the message
    private void message(MessageType type, int from, int end, int depth) throws MalformedRequestException {
        int inside = type == OtlpMessages.ANY_VALUE ? depth + 1 : depth;
        if (inside > MAX_DEPTH) {
            throw wire.malformed("values are nested deeper than " + MAX_DEPTH, from);
        }
        Field chosen = null;
        int chosenFrom = from;
        for (int at = from; at < end; ) {
            long head = wire.head(at, end);
            Field field = field(type, Wire.tag(head));
            if (field != null && field.oneof() && field != chosen) {
                chosen = field;
                chosenFrom = at;
            }
            at = wire.skip(head, end);
        }
        out.put('{');
        boolean first = true;
        for (int number = 1; number <= MessageType.MAX_NUMBER; number++) {
            Field field = type.field(number);
            if (field == null || field.oneof() && field != chosen) {
                continue;
            }
            // What another member of the oneof took the place of is not merged with what comes after that.
            int start = field.oneof() ? chosenFrom : from;
            if (field.repeated()) {
                first = array(type, field, start, end, inside, first);
            } else {
                first = single(type, field, start, end, inside, first);
            }
        }
        out.put('}');
    }

    /// The field that the tag is of; null where nobody knows it, or it is of another wire type.
    private static @Nullable Field field(MessageType type, int tag) {
        Field field = type.field(tag >>> 3);
        boolean fits = field != null
                && ((tag & 7) == field.kind().wireType || field.repeated() && (tag & 7) == 2);
        return fits ? field : null;
    }

    private boolean array(MessageType type, Field field, int from, int end, int depth, boolean first)
            throws MalformedRequestException {
        boolean none = true;
        for (int at = from; at < end; ) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (field(type, Wire.tag(head)) != field) {
                at = wire.skip(head, end);
            } else if ((Wire.tag(head) & 7) == 2 && field.kind().wireType != 2) {
                long packed = wire.slice(at, end);
                at = Slice.at(packed);
                while (at < Slice.end(packed)) {
                    none = element(field, none, first);
                    at = value(field, at, Slice.end(packed), depth);
                }
            } else {
                none = element(field, none, first);
                at = value(field, at, end, depth);
            }
        }
        if (!none) {
            out.put(']');
        }
        return first && none;
    }

    private boolean element(Field field, boolean none, boolean first) throws MalformedRequestException {
        if (none) {
            name(field, first);
            out.put('[');
        } else {
            out.put(',');
        }
        return false;
    }

    /// The last one stands; messages are put together.
    private boolean single(MessageType type, Field field, int from, int end, int depth, boolean first)
            throws MalformedRequestException {
        int mark = wire.mark();
        long found = 0;
        for (int at = from; at < end; ) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (field(type, Wire.tag(head)) != field) {
                at = wire.skip(head, end);
            } else if (field.message() == null) {
                found = Slice.of(at, end - at);
                at = wire.skip(head, end);
            } else {
                long part = wire.slice(at, end);
                at = Slice.end(part);
                found = found == 0 ? part : wire.merge(found, part);
            }
        }
        if (found == 0) {
            return first;
        }
        name(field, first);
        MessageType message = field.message();
        if (message == null) {
            value(field, Slice.at(found), Slice.end(found), depth);
        } else {
            message(message, Slice.at(found), Slice.end(found), depth);
        }
        wire.release(mark);
        return false;
    }

    private void name(Field field, boolean first) throws MalformedRequestException {
        if (!first) {
            out.put(',');
        }
        out.put('"');
        out.put(field.nameBytes(), 0, field.nameBytes().length);
        out.put('"');
        out.put(':');
    }

    /// Writes one value that stands behind its tag, or in a packed field.
    ///
    /// @return the position behind it
    private int value(Field field, int at, int end, int depth) throws MalformedRequestException {
        switch (field.kind()) {
            case STRING -> {
                long text = wire.slice(at, end);
                string(Slice.at(text), Slice.length(text));
                return Slice.end(text);
            }
            case HEX -> {
                long id = wire.slice(at, end);
                quoted(HexFormat.of().formatHex(wire.bytes(), Slice.at(id), Slice.end(id)));
                return Slice.end(id);
            }
            case BASE64 -> {
                long content = wire.slice(at, end);
                byte[] bytes = Arrays.copyOfRange(wire.bytes(), Slice.at(content), Slice.end(content));
                quoted(Base64.getEncoder().encodeToString(bytes));
                return Slice.end(content);
            }
            case MESSAGE -> {
                long content = wire.slice(at, end);
                MessageType message = field.message();
                if (message == null) {
                    throw new IllegalStateException("no message behind " + field.name());
                }
                message(message, Slice.at(content), Slice.end(content), depth);
                return Slice.end(content);
            }
            case FIXED32 -> {
                ascii(Integer.toUnsignedString(wire.fixed32(at, end)));
                return at + 4;
            }
            case FIXED64 -> {
                quoted(Long.toUnsignedString(wire.fixed64(at, end)));
                return at + 8;
            }
            case SFIXED64 -> {
                quoted(Long.toString(wire.fixed64(at, end)));
                return at + 8;
            }
            case DOUBLE -> {
                number(Double.longBitsToDouble(wire.fixed64(at, end)));
                return at + 8;
            }
            case BOOL -> ascii(wire.varint(at, end) != 0 ? "true" : "false");
            case ENUM, INT32 -> ascii(Integer.toString((int) wire.varint(at, end)));
            case INT64 -> quoted(Long.toString(wire.varint(at, end)));
            case UINT32 -> ascii(Integer.toUnsignedString((int) wire.varint(at, end)));
            case UINT64 -> quoted(Long.toUnsignedString(wire.varint(at, end)));
            case SINT32 -> ascii(Integer.toString(Wire.zigZag(wire.varint(at, end))));
        }
        return wire.next;
    }

    private void number(double value) throws MalformedRequestException {
        if (Double.isFinite(value)) {
            ascii(Double.toString(value));
        } else {
            quoted(Double.toString(value));
        }
    }

    private void quoted(String ascii) throws MalformedRequestException {
        out.put('"');
        ascii(ascii);
        out.put('"');
    }

    private void ascii(String text) throws MalformedRequestException {
        for (int i = 0; i < text.length(); i++) {
            out.put(text.charAt(i));
        }
    }

    private void string(int from, int length) throws MalformedRequestException {
        byte[] text = wire.bytes();
        out.put('"');
        if (Utf8.isValid(text, from, length)) {
            escaped(text, from, length);
        } else {
            byte[] mended = Utf8.mended(text, from, length);
            escaped(mended, 0, mended.length);
        }
        out.put('"');
    }

    private void escaped(byte[] text, int from, int length) throws MalformedRequestException {
        int end = from + length;
        int plainFrom = from;
        for (int i = from; i < end; i++) {
            byte c = text[i];
            if (c < 0 || c >= ' ' && c != '"' && c != '\\') {
                continue;
            }
            out.put(text, plainFrom, i - plainFrom);
            plainFrom = i + 1;
            out.put('\\');
            switch (c) {
                case '"', '\\' -> out.put(c);
                case '\n' -> out.put('n');
                case '\r' -> out.put('r');
                case '\t' -> out.put('t');
                default -> {
                    ascii("u00");
                    out.put(ESCAPES[c >>> 4]);
                    out.put(ESCAPES[c & 15]);
                }
            }
        }
        out.put(text, plainFrom, end - plainFrom);
    }
}
