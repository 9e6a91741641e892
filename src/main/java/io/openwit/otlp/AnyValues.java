package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.Utf8;
import java.util.Arrays;

/// Reads AnyValues: opens one level, and renders what is nested as canonical JSON while it is fingerprinted.
///
/// A value is told by a letter: s string, i int, d double, b bool, x bytes, a array, k kvlist, n unset. In JSON ints are
/// bare, doubles have `.` or `E`, bytes are `{"$bytes":".."}`, non-finite doubles `{"$double":".."}`; a kvlist has its keys
/// in order of their unsigned bytes, and is `{"$kv":[[k,v],..]}` where a key repeats, is not UTF-8 or begins with `$`. Not
/// thread-safe.
final class AnyValues {
    private static final byte[] BYTES_OPEN = "{\"$bytes\":\"".getBytes(US_ASCII);
    private static final byte[] DOUBLE_OPEN = "{\"$double\":\"".getBytes(US_ASCII);
    private static final byte[] SPECIAL_CLOSE = "\"}".getBytes(US_ASCII);
    private static final byte[] KV_OPEN = "{\"$kv\":[".getBytes(US_ASCII);
    private static final byte[] KV_CLOSE = "]}".getBytes(US_ASCII);
    private static final byte[] OBJECT_OPEN = {'{'};
    private static final byte[] OBJECT_CLOSE = {'}'};
    private static final byte[] TRUE = "true".getBytes(US_ASCII);
    private static final byte[] FALSE = "false".getBytes(US_ASCII);
    private static final byte[] NULL = "null".getBytes(US_ASCII);
    private static final byte[] HEX = "0123456789abcdef".getBytes(US_ASCII);
    private static final byte[] BASE64 =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".getBytes(US_ASCII);

    /// Fingerprint tags of values are their letters with this bit.
    private static final int VALUE_TAG = 0x100;

    /// That of a text.
    static final int TEXT_TAG = VALUE_TAG | 's';

    private static final int KEY_TAG = 0x200;
    private static final int END_TAG = 0x201;

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final Decimals decimals = new Decimals();

    /// What [#open] found: the letter, and the [Slice] of the content (s, x, a, k) or the number (i, b, and d as raw bits).
    byte letter;

    long content;

    /// What [#openEntry] found besides.
    long key;

    /// Entries of the kvlists being rendered, a stack: two slices each, key and value.
    private long[] entries = new long[64];

    private int entryCount;

    /// Scratch of [#sortEntries].
    private final KeyOrder order = new KeyOrder(64);

    private long[] sorted = new long[64];

    AnyValues(RowState row) {
        this.row = row;
        wire = row.wire;
        fingerprint = row.fingerprint;
    }

    /// Reads one AnyValue; the last member of its oneof stands, an array or kvlist that is split is put together.
    ///
    /// @param depth of this value: a plain body has 1
    void open(long value, int depth) throws MalformedRequestException {
        if (depth > row.limits.maxDepth()) {
            throw wire.malformed("values are nested deeper than " + row.limits.maxDepth(), Slice.at(value));
        }
        byte found = 'n';
        long foundContent = 0;
        int end = Slice.end(value);
        int p = Slice.at(value);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            int tag = Wire.tag(head);
            switch (tag) {
                case 10, 42, 50, 58 -> {
                    byte member = (byte) (tag == 10 ? 's' : tag == 42 ? 'a' : tag == 50 ? 'k' : 'x');
                    long part = wire.slice(p, end);
                    p = Slice.end(part);
                    checkNested(found, foundContent, depth);
                    if (found == member && (member == 'a' || member == 'k')) {
                        checkNested(member, part, depth);
                        foundContent = wire.merge(foundContent, part);
                    } else {
                        foundContent = part;
                    }
                    found = member;
                }
                case 16, 24, 33, 64 -> {
                    checkNested(found, foundContent, depth);
                    long number = tag == 33 ? wire.fixed64(p, end) : wire.varint(p, end);
                    p = tag == 33 ? p + 8 : wire.next;
                    found = (byte) (tag == 16 ? 'b' : tag == 24 ? 'i' : tag == 33 ? 'd' : 'n');
                    foundContent = tag == 64 ? 0 : tag == 16 && number != 0 ? 1 : number;
                }
                default -> p = wire.skip(head, end);
            }
        }
        letter = found;
        content = foundContent;
    }

    /// A nested value that another takes the place of is never rendered, and yet has to be well formed.
    private void checkNested(byte nested, long value, int depth) throws MalformedRequestException {
        // What has been put together was checked piece by piece.
        if (isNested(nested) && !wire.isMerged(value)) {
            row.check.nested(nested, value, depth + 1);
        }
    }

    static boolean isNested(byte letter) {
        return letter == 'a' || letter == 'k';
    }

    /// Reads one KeyValue: its key, and its value as [#open] does.
    void openEntry(long entry, int depth) throws MalformedRequestException {
        findEntry(entry, depth);
        open(content, depth);
    }

    /// Finds key and value of a KeyValue; a value that is split is put together, and an absent one is empty.
    private void findEntry(long entry, int depth) throws MalformedRequestException {
        long foundKey = 0;
        long value = 0;
        int end = Slice.end(entry);
        int p = Slice.at(entry);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    foundKey = wire.slice(p, end);
                    p = Slice.end(foundKey);
                }
                case 18 -> {
                    long part = wire.slice(p, end);
                    p = Slice.end(part);
                    if (value == 0) {
                        value = part;
                    } else {
                        if (!wire.isMerged(value)) {
                            row.check.anyValue(value, depth);
                        }
                        row.check.anyValue(part, depth);
                        value = wire.merge(value, part);
                    }
                }
                default -> p = wire.skip(head, end);
            }
        }
        key = foundKey;
        content = value;
    }

    /// Adds a value to the fingerprint; a nested one is rendered on the way.
    ///
    /// @param text takes the JSON of an array or kvlist, and nothing of others
    void add(byte kind, long value, int depth, Bytes text) throws MalformedRequestException {
        switch (kind) {
            case 's', 'x' -> row.add(VALUE_TAG | kind, value);
            case 'a' -> array(value, depth, text);
            case 'k' -> kvlist(value, depth, text);
            case 'd' -> fingerprint.add((long) (VALUE_TAG | kind) << 32, canonical(value));
            default -> fingerprint.add((long) (VALUE_TAG | kind) << 32, value);
        }
    }

    /// Doubles that are equal have equal fingerprints: all NaN, and both zeros.
    static long canonical(long doubleBits) {
        double value = Double.longBitsToDouble(doubleBits);
        return value == 0 ? 0 : Double.doubleToLongBits(value);
    }

    private void array(long value, int depth, Bytes text) throws MalformedRequestException {
        fingerprint.add((long) (VALUE_TAG | 'a') << 32, 0);
        text.put((byte) '[');
        boolean first = true;
        int end = Slice.end(value);
        int p = Slice.at(value);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            if (Wire.tag(head) == 10) {
                long element = wire.slice(p, end);
                p = Slice.end(element);
                if (!first) {
                    text.put((byte) ',');
                }
                first = false;
                render(element, depth + 1, text);
            } else {
                p = wire.skip(head, end);
            }
        }
        text.put((byte) ']');
        fingerprint.add((long) END_TAG << 32, 0);
    }

    private void render(long value, int depth, Bytes text) throws MalformedRequestException {
        open(value, depth);
        byte kind = letter;
        add(kind, content, depth, text);
        // Rendering what is nested opens others, and has written its text: only a plain value is still the opened one.
        if (!isNested(kind)) {
            plain(text);
        }
    }

    /// Writes the opened value, which is neither array nor kvlist, as JSON.
    private void plain(Bytes text) {
        switch (letter) {
            case 's' -> quoted(content, text);
            case 'i' -> decimals.put(content, text);
            case 'b' -> put(content != 0 ? TRUE : FALSE, text);
            case 'x' -> {
                put(BYTES_OPEN, text);
                base64(content, text);
                put(SPECIAL_CLOSE, text);
            }
            case 'd' -> {
                boolean finite = Double.isFinite(Double.longBitsToDouble(content));
                if (!finite) {
                    put(DOUBLE_OPEN, text);
                }
                decimals.put(Double.longBitsToDouble(content), text);
                if (!finite) {
                    put(SPECIAL_CLOSE, text);
                }
            }
            default -> put(NULL, text);
        }
    }

    private void kvlist(long value, int depth, Bytes text) throws MalformedRequestException {
        int first = entryCount;
        int end = Slice.end(value);
        int p = Slice.at(value);
        while (p < end) {
            long head = wire.head(p, end);
            p = Wire.behind(head);
            if (Wire.tag(head) == 10) {
                long entry = wire.slice(p, end);
                p = Slice.end(entry);
                findEntry(entry, depth + 1);
                push();
            } else {
                p = wire.skip(head, end);
            }
        }
        boolean asPairs = sortEntries(first);
        fingerprint.add((long) (VALUE_TAG | 'k') << 32, entryCount - first);
        put(asPairs ? KV_OPEN : OBJECT_OPEN, text);
        for (int i = first; i < entryCount; i++) {
            if (i > first) {
                text.put((byte) ',');
            }
            if (asPairs) {
                text.put((byte) '[');
            }
            row.add(KEY_TAG, entries[2 * i]);
            quoted(entries[2 * i], text);
            text.put((byte) (asPairs ? ',' : ':'));
            render(entries[2 * i + 1], depth + 1, text);
            if (asPairs) {
                text.put((byte) ']');
            }
        }
        put(asPairs ? KV_CLOSE : OBJECT_CLOSE, text);
        entryCount = first;
    }

    private void push() {
        if (entryCount * 2 == entries.length) {
            entries = Arrays.copyOf(entries, entries.length * 2);
        }
        entries[entryCount * 2] = key;
        entries[entryCount * 2 + 1] = content;
        entryCount++;
    }

    /// Puts the entries from `first` on in the order of their keys; equal keys stay as they came.
    ///
    /// @return whether the kvlist cannot be a JSON object: a key repeats, or may when it is mended, or begins with `$`
    private boolean sortEntries(int first) {
        int count = entryCount - first;
        order.clear();
        for (int i = 0; i < count; i++) {
            order.add(entries[2 * (first + i)]);
        }
        byte[] bytes = wire.bytes();
        boolean repeats = order.sort(bytes);
        if (sorted.length < 2 * count) {
            sorted = new long[4 * count];
        }
        boolean dollar = false;
        boolean invalid = false;
        for (int i = 0; i < count; i++) {
            int from = 2 * (first + order.at(i));
            System.arraycopy(entries, from, sorted, 2 * i, 2);
            long entryKey = entries[from];
            dollar |= Slice.length(entryKey) > 0 && bytes[Slice.at(entryKey)] == '$';
            invalid |= !Utf8.isValid(bytes, Slice.at(entryKey), Slice.length(entryKey));
        }
        System.arraycopy(sorted, 0, entries, 2 * first, 2 * count);
        return repeats || dollar || invalid;
    }

    /// Writes a text of the wire as a JSON string; what is not UTF-8 is mended.
    void quoted(long value, Bytes text) {
        byte[] source = wire.bytes();
        int from = Slice.at(value);
        int bytes = Slice.length(value);
        if (!Utf8.isValid(source, from, bytes)) {
            row.mend(MendReason.UTF8);
            byte[] mended = Utf8.mended(source, from, bytes);
            escaped(mended, 0, mended.length, text);
        } else {
            escaped(source, from, bytes, text);
        }
    }

    private static void escaped(byte[] source, int from, int bytes, Bytes text) {
        text.put((byte) '"');
        int plainFrom = from;
        int end = from + bytes;
        for (int i = from; i < end; i++) {
            int c = source[i] & 0xff;
            if (c >= 0x20 && c != '"' && c != '\\') {
                continue;
            }
            text.put(source, plainFrom, i - plainFrom);
            plainFrom = i + 1;
            text.put((byte) '\\');
            switch (c) {
                case '\b' -> text.put((byte) 'b');
                case '\f' -> text.put((byte) 'f');
                case '\n' -> text.put((byte) 'n');
                case '\r' -> text.put((byte) 'r');
                case '\t' -> text.put((byte) 't');
                case '"', '\\' -> text.put((byte) c);
                default -> {
                    text.put((byte) 'u');
                    text.put((byte) '0');
                    text.put((byte) '0');
                    text.put(HEX[c >>> 4]);
                    text.put(HEX[c & 15]);
                }
            }
        }
        text.put(source, plainFrom, end - plainFrom);
        text.put((byte) '"');
    }

    /// Writes a scalar of the letters i, d, b or x as the text that stands in a map or body.
    void text(byte kind, long value, Bytes text) {
        switch (kind) {
            case 'i' -> decimals.put(value, text);
            case 'd' -> decimals.put(Double.longBitsToDouble(value), text);
            case 'b' -> put(value != 0 ? TRUE : FALSE, text);
            default -> base64(value, text);
        }
    }

    private void base64(long value, Bytes text) {
        byte[] source = wire.bytes();
        int from = Slice.at(value);
        int bytes = Slice.length(value);
        for (int i = 0; i < bytes; i += 3) {
            int left = bytes - i;
            int three = (source[from + i] & 0xff) << 16
                    | (left > 1 ? (source[from + i + 1] & 0xff) << 8 : 0)
                    | (left > 2 ? source[from + i + 2] & 0xff : 0);
            text.put(BASE64[three >>> 18]);
            text.put(BASE64[three >>> 12 & 63]);
            text.put(left > 1 ? BASE64[three >>> 6 & 63] : (byte) '=');
            text.put(left > 2 ? BASE64[three & 63] : (byte) '=');
        }
    }

    private static void put(byte[] ascii, Bytes text) {
        text.put(ascii, 0, ascii.length);
    }
}
