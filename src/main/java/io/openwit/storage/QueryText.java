package io.openwit.storage;

import io.openwit.storage.RowSink.Timestamp;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one way in which a value of an answer is written as text: timestamps as RFC 3339 with nine digits and `Z`, ids
/// and
/// bytes as lower-case hex, what is nested as JSON.
final class QueryText {
    private static final DateTimeFormatter RFC3339 = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'");
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private QueryText() {}

    /// The value without quotes; nothing for a null.
    static String plain(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case String text -> text;
            case Timestamp timestamp -> timestamp(timestamp);
            case byte[] bytes -> HexFormat.of().formatHex(bytes);
            case List<?> list -> json(list);
            case Map<?, ?> map -> json(map);
            default -> number(value);
        };
    }

    static String json(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        appendJson(value, out);
        return out.toString();
    }

    /// Numbers that JSON does not have (NaN and the infinities) are written as strings.
    static void appendJson(@Nullable Object value, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Double number when number.isNaN() || number.isInfinite() -> appendString(number.toString(), out);
            case Number number -> out.append(number(number));
            case List<?> list -> {
                out.append('[');
                String separator = "";
                for (Object item : list) {
                    out.append(separator);
                    appendJson(item, out);
                    separator = ",";
                }
                out.append(']');
            }
            case Map<?, ?> map -> {
                out.append('{');
                String separator = "";
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    out.append(separator);
                    appendString(String.valueOf(member.getKey()), out);
                    out.append(':');
                    appendJson(member.getValue(), out);
                    separator = ",";
                }
                out.append('}');
            }
            default -> appendString(plain(value), out);
        }
    }

    static void appendString(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append("\\u00").append(HEX[c >> 4]).append(HEX[c & 15]);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static String number(Object value) {
        return value instanceof BigDecimal decimal ? decimal.toPlainString() : String.valueOf(value);
    }

    private static String timestamp(Timestamp timestamp) {
        long nanos = timestamp.nanos();
        if (nanos == Long.MAX_VALUE) {
            return "infinity";
        }
        if (nanos == -Long.MAX_VALUE || nanos == Long.MIN_VALUE) {
            return "-infinity";
        }
        Instant instant =
                Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
        return RFC3339.format(LocalDateTime.ofInstant(instant, ZoneOffset.UTC));
    }
}
