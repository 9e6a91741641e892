package io.openwit.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/// Attributes on the wire: `KeyValue { key = 1, value = 2 AnyValue { string = 1, int = 3, double = 4 } }`.
///
/// What has few values is encoded once and copied; the rest is written value by value.
final class KeyValues {
    private KeyValues() {}

    /// The content of a KeyValue that never changes.
    static byte[] prepared(String key, String value) {
        WireWriter out = new WireWriter(16 + 3 * (key.length() + value.length()));
        out.string(1, value.getBytes(UTF_8));
        out.nested(2, 0);
        out.string(1, key.getBytes(UTF_8));
        return Arrays.copyOfRange(out.array(), out.offset(), out.array().length);
    }

    /// As many contents as there are values.
    static byte[][] prepared(String key, String... values) {
        return Arrays.stream(values).map(value -> prepared(key, value)).toArray(byte[][]::new);
    }

    /// The content of a KeyValue with an integer that never changes.
    static byte[] prepared(String key, long value) {
        WireWriter out = new WireWriter(32 + 3 * key.length());
        out.number(3, value);
        out.nested(2, 0);
        out.string(1, key.getBytes(UTF_8));
        return Arrays.copyOfRange(out.array(), out.offset(), out.array().length);
    }

    static void integer(WireWriter out, int field, byte[] key, long value) {
        int mark = out.mark();
        out.number(3, value);
        out.nested(2, mark);
        out.string(1, key);
        out.nested(field, mark);
    }

    static void real(WireWriter out, int field, byte[] key, double value) {
        int mark = out.mark();
        out.real(4, value);
        out.nested(2, mark);
        out.string(1, key);
        out.nested(field, mark);
    }

    /// Closes an attribute of which the text stands already written behind `mark`.
    static void text(WireWriter out, int field, byte[] key, int mark) {
        out.nested(1, mark);
        out.nested(2, mark);
        out.string(1, key);
        out.nested(field, mark);
    }
}
