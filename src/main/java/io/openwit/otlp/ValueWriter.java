package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.Base64;

/// Writes texts with their type letters as AnyValues: the other end of [AnyValues], where letters and JSON are explained.
/// Not thread-safe.
final class ValueWriter {
    /// Values within one another; no reader of ours takes more.
    private static final int MAX_DEPTH = 256;

    private static final int STRING = 1;
    private static final int BOOL = 2;
    private static final int INT = 3;
    private static final int DOUBLE = 4;
    private static final int ARRAY = 5;
    private static final int KVLIST = 6;
    private static final int BYTES = 7;

    private final FieldWriter out;
    private final JsonText json = new JsonText();

    /// Keys and texts of the JSON at hand, a stack.
    private final ByteSink scratch = new ByteSink((1 << 28) - 1);

    ValueWriter(FieldWriter out) {
        this.out = out;
    }

    /// Writes the member of the open AnyValue.
    void write(byte letter, byte[] text, int from, int length) throws MalformedRequestException {
        switch (letter) {
            case 's' -> out.bytes(STRING, text, from, length);
            case 'b' -> out.varint(BOOL, bool(text, from, length));
            case 'i' -> out.varint(INT, whole(ascii(text, from, length)));
            case 'd' -> out.fixed64(DOUBLE, doubleBits(ascii(text, from, length)));
            case 'x' -> base64(Arrays.copyOfRange(text, from, from + length));
            case 'a', 'k' -> nested(letter, text, from, length);
            default -> throw new MalformedRequestException("a value of type " + (char) letter);
        }
    }

    private static int bool(byte[] text, int from, int length) throws MalformedRequestException {
        String word = ascii(text, from, length);
        return switch (word) {
            case "true" -> 1;
            case "false" -> 0;
            default -> throw new MalformedRequestException("no bool: " + word);
        };
    }

    private static long whole(String decimal) throws MalformedRequestException {
        try {
            return Long.parseLong(decimal);
        } catch (NumberFormatException e) {
            throw new MalformedRequestException("no integer: " + decimal);
        }
    }

    private static long doubleBits(String decimal) throws MalformedRequestException {
        try {
            return Double.doubleToRawLongBits(Double.parseDouble(decimal));
        } catch (NumberFormatException e) {
            throw new MalformedRequestException("no double: " + decimal);
        }
    }

    private void base64(byte[] text) throws MalformedRequestException {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            out.bytes(BYTES, bytes, 0, bytes.length);
        } catch (IllegalArgumentException e) {
            throw new MalformedRequestException("no base64: " + e.getMessage());
        }
    }

    private static String ascii(byte[] text, int from, int length) {
        return new String(text, from, length, ISO_8859_1);
    }

    private void nested(byte letter, byte[] text, int from, int length) throws MalformedRequestException {
        json.open(text, from, length);
        scratch.clear();
        if (json.next() != (letter == 'a' ? '[' : '{')) {
            throw json.malformed("this is no value of type " + (char) letter);
        }
        value(1);
        json.expectEnd();
        json.close();
    }

    /// Writes the next value of the JSON into the open AnyValue.
    private void value(int depth) throws MalformedRequestException {
        if (depth > MAX_DEPTH) {
            throw json.malformed("values are nested deeper than " + MAX_DEPTH);
        }
        switch (json.next()) {
            case '"' -> string(STRING);
            case 't', 'f' -> out.varint(BOOL, json.bool() ? 1 : 0);
            case 'n' -> json.takeNull();
            case '[' -> array(depth);
            case '{' -> object(depth);
            default -> number();
        }
    }

    private void string(int number) throws MalformedRequestException {
        int start = out.openMessage(number);
        json.string(out.out());
        out.closeMessage(start);
    }

    private void number() throws MalformedRequestException {
        if (json.wholeNext()) {
            out.varint(INT, json.integer(true, scratch));
        } else {
            out.fixed64(DOUBLE, Double.doubleToRawLongBits(json.number(scratch)));
        }
    }

    private void array(int depth) throws MalformedRequestException {
        int start = out.openMessage(ARRAY);
        json.expect('[');
        if (!json.take(']')) {
            do {
                int element = out.openMessage(1);
                value(depth + 1);
                out.closeMessage(element);
            } while (json.take(','));
            json.expect(']');
        }
        out.closeMessage(start);
    }

    private void object(int depth) throws MalformedRequestException {
        json.expect('{');
        if (json.take('}')) {
            out.closeMessage(out.openMessage(KVLIST));
            return;
        }
        int key = scratch.length();
        json.string(scratch);
        json.expect(':');
        if (scratch.length() > key && scratch.array()[key] == '$') {
            String name = ascii(scratch.array(), key, scratch.length() - key);
            scratch.truncate(key);
            special(name, depth);
        } else {
            kvlist(key, depth);
        }
        json.expect('}');
    }

    /// Writes an object's entries, of which the first key stands in [#scratch].
    private void kvlist(int key, int depth) throws MalformedRequestException {
        int start = out.openMessage(KVLIST);
        entry(key, depth);
        while (json.take(',')) {
            json.string(scratch);
            json.expect(':');
            entry(key, depth);
        }
        out.closeMessage(start);
    }

    /// Writes a KeyValue whose key stands in [#scratch] from `key` on, and takes that back.
    private void entry(int key, int depth) throws MalformedRequestException {
        int entry = out.openMessage(1);
        if (scratch.length() > key) {
            out.bytes(1, scratch.array(), key, scratch.length() - key);
        }
        scratch.truncate(key);
        int value = out.openMessage(2);
        value(depth + 1);
        out.closeMessage(value);
        out.closeMessage(entry);
    }

    /// What JSON has no form for: an object with one name that begins with `$`.
    private void special(String name, int depth) throws MalformedRequestException {
        switch (name) {
            case "$bytes" -> {
                int text = scratch.length();
                json.string(scratch);
                byte[] digits = Arrays.copyOfRange(scratch.array(), text, scratch.length());
                scratch.truncate(text);
                base64(digits);
            }
            case "$double" -> out.fixed64(DOUBLE, Double.doubleToRawLongBits(json.number(scratch)));
            case "$kv" -> pairs(depth);
            default -> throw json.malformed("a key of an object begins with $: " + name);
        }
    }

    private void pairs(int depth) throws MalformedRequestException {
        int start = out.openMessage(KVLIST);
        json.expect('[');
        if (!json.take(']')) {
            do {
                json.expect('[');
                int key = scratch.length();
                json.string(scratch);
                json.expect(',');
                entry(key, depth);
                json.expect(']');
            } while (json.take(','));
            json.expect(']');
        }
        out.closeMessage(start);
    }
}
