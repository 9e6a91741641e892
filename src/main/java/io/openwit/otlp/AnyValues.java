package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LittleEndian;
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

    /// Tags of KeyValue and AnyValue on the wire.
    private static final byte KEY = 10;

    private static final byte VALUE = 18;
    private static final byte STRING = 10;
    private static final byte BOOL = 16;
    private static final byte INT = 24;
    private static final byte DOUBLE = 33;

    /// Longer ones may not fit into 64 bits.
    private static final int MAX_PLAIN_VARINT_BYTES = 9;

    private static final int KEY_TAG = 0x200;
    private static final int END_TAG = 0x201;

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final Decimals decimals = new Decimals();

    /// What [#open] found: the letter, where the content lies (s, x, a, k), or the number (i, b, and d as raw bits).
    byte letter;

    int at;
    int length;
    long number;

    /// What [#openEntry] found besides.
    int keyAt;

    int keyLength;

    /// Entries of the kvlists being rendered, a stack: four ints each, key and value.
    private int[] entries = new int[64];

    private int entryCount;

    /// Scratch of [#sortEntries].
    private final KeyOrder order = new KeyOrder(64);

    private int[] sorted = new int[64];

    AnyValues(RowState row) {
        this.row = row;
        wire = row.wire;
        fingerprint = row.fingerprint;
    }

    /// Reads one AnyValue; the last member of its oneof stands, an array or kvlist that is split is put together.
    ///
    /// @param depth of this value: a plain body has 1
    void open(int from, int end, int depth) throws MalformedRequestException {
        if (depth > row.limits.maxDepth()) {
            throw wire.malformed("values are nested deeper than " + row.limits.maxDepth(), from);
        }
        byte found = 'n';
        int foundAt = 0;
        int foundLength = 0;
        long foundNumber = 0;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            switch (tag) {
                case 10, 42, 50, 58 -> {
                    byte member = (byte) (tag == 10 ? 's' : tag == 42 ? 'a' : tag == 50 ? 'k' : 'x');
                    int memberLength = wire.length(p, end);
                    p = wire.next;
                    if (found == member && (member == 'a' || member == 'k')) {
                        checkNested(found, foundAt, foundLength, depth);
                        checkNested(member, p, memberLength, depth);
                        foundAt = wire.merge(foundAt, foundLength, p, memberLength);
                        foundLength += memberLength;
                    } else {
                        checkNested(found, foundAt, foundLength, depth);
                        foundAt = p;
                        foundLength = memberLength;
                    }
                    found = member;
                    p += memberLength;
                }
                case 16, 24, 33, 64 -> {
                    checkNested(found, foundAt, foundLength, depth);
                    long value = tag == 33 ? wire.fixed64(p, end) : wire.varint(p, end);
                    p = wire.next;
                    found = (byte) (tag == 16 ? 'b' : tag == 24 ? 'i' : tag == 33 ? 'd' : 'n');
                    foundNumber = tag == 64 ? 0 : tag == 16 && value != 0 ? 1 : value;
                    foundAt = 0;
                    foundLength = 0;
                }
                default -> p = wire.skip(tag, p, end);
            }
        }
        letter = found;
        at = foundAt;
        length = foundLength;
        number = foundNumber;
    }

    /// A nested value that another takes the place of is never rendered, and yet has to be well formed.
    private void checkNested(byte nested, int nestedAt, int nestedLength, int depth) throws MalformedRequestException {
        // What has been put together was checked piece by piece.
        if ((nested == 'a' || nested == 'k') && nestedAt <= wire.requestEnd()) {
            row.check.nested(nested, nestedAt, nestedAt + nestedLength, depth + 1);
        }
    }

    /// Reads one KeyValue: its key, and its value as [#open] does.
    void openEntry(int from, int end, int depth) throws MalformedRequestException {
        if (!openPlainEntry(from, end)) {
            openAnyEntry(from, end, depth);
        }
    }

    /// Reads an entry as nearly all are written: a key, then a value of one scalar, lengths of one byte.
    ///
    /// @return whether it was such; if not, nothing has been read
    private boolean openPlainEntry(int from, int end) {
        byte[] bytes = wire.bytes();
        // A tag and a length each for key, value and member.
        if (end - from < 6 || bytes[from] != KEY || bytes[from + 1] < 0) {
            return false;
        }
        int foundKeyLength = bytes[from + 1];
        int member = from + foundKeyLength + 4;
        if (member + 2 > end || bytes[member - 2] != VALUE || bytes[member - 1] != end - member) {
            return false;
        }
        int content = member + 2;
        switch (bytes[member]) {
            case STRING -> {
                length = bytes[member + 1];
                if (content + length != end) {
                    return false;
                }
                letter = 's';
                at = content;
            }
            case BOOL -> {
                if (content != end || bytes[member + 1] < 0) {
                    return false;
                }
                letter = 'b';
                number = bytes[member + 1] == 0 ? 0 : 1;
                at = 0;
                length = 0;
            }
            case INT -> {
                long value = 0;
                int last = end - 1;
                if (last - member > MAX_PLAIN_VARINT_BYTES || bytes[last] < 0) {
                    return false;
                }
                for (int i = last; i > member; i--) {
                    if (i < last && bytes[i] >= 0) {
                        return false;
                    }
                    value = value << 7 | bytes[i] & 0x7f;
                }
                letter = 'i';
                number = value;
                at = 0;
                length = 0;
            }
            case DOUBLE -> {
                if (end - member != 9) {
                    return false;
                }
                letter = 'd';
                number = LittleEndian.getLong(bytes, member + 1);
                at = 0;
                length = 0;
            }
            default -> {
                return false;
            }
        }
        keyAt = from + 2;
        keyLength = foundKeyLength;
        return true;
    }

    private void openAnyEntry(int from, int end, int depth) throws MalformedRequestException {
        findEntry(from, end, depth);
        int foundKeyAt = keyAt;
        int foundKeyLength = keyLength;
        open(at, at + length, depth);
        keyAt = foundKeyAt;
        keyLength = foundKeyLength;
    }

    /// Finds key and value of a KeyValue; a value that is split is put together, and an absent one is empty.
    private void findEntry(int from, int end, int depth) throws MalformedRequestException {
        int foundKeyAt = from;
        int foundKeyLength = 0;
        int valueAt = -1;
        int valueLength = 0;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            switch (tag) {
                case 10 -> {
                    foundKeyLength = wire.length(p, end);
                    foundKeyAt = wire.next;
                    p = foundKeyAt + foundKeyLength;
                }
                case 18 -> {
                    int partLength = wire.length(p, end);
                    p = wire.next;
                    if (valueAt < 0) {
                        valueAt = p;
                        valueLength = partLength;
                    } else {
                        if (valueAt <= wire.requestEnd()) {
                            row.check.anyValue(valueAt, valueAt + valueLength, depth);
                        }
                        row.check.anyValue(p, p + partLength, depth);
                        valueAt = wire.merge(valueAt, valueLength, p, partLength);
                        valueLength += partLength;
                    }
                    p += partLength;
                }
                default -> p = wire.skip(tag, p, end);
            }
        }
        keyAt = foundKeyAt;
        keyLength = foundKeyLength;
        at = valueAt < 0 ? from : valueAt;
        length = valueAt < 0 ? 0 : valueLength;
    }

    /// Adds a value to the fingerprint; a nested one is rendered on the way.
    ///
    /// @param text takes the JSON of an array or kvlist, and nothing of others
    void add(byte kind, int from, int bytes, long value, int depth, Bytes text) throws MalformedRequestException {
        switch (kind) {
            case 's', 'x' -> fingerprint.add(VALUE_TAG | kind, wire.bytes(), from, bytes);
            case 'a' -> array(from, from + bytes, depth, text);
            case 'k' -> kvlist(from, from + bytes, depth, text);
            case 'd' -> fingerprint.add((long) (VALUE_TAG | kind) << 32, canonical(value));
            default -> fingerprint.add((long) (VALUE_TAG | kind) << 32, value);
        }
    }

    /// Doubles that are equal have equal fingerprints: all NaN, and both zeros.
    static long canonical(long doubleBits) {
        double value = Double.longBitsToDouble(doubleBits);
        return value == 0 ? 0 : Double.doubleToLongBits(value);
    }

    private void array(int from, int end, int depth, Bytes text) throws MalformedRequestException {
        fingerprint.add((long) (VALUE_TAG | 'a') << 32, 0);
        text.put((byte) '[');
        boolean first = true;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            if (tag == 10) {
                int elementLength = wire.length(p, end);
                p = wire.next;
                if (!first) {
                    text.put((byte) ',');
                }
                first = false;
                render(p, p + elementLength, depth + 1, text);
                p += elementLength;
            } else {
                p = wire.skip(tag, p, end);
            }
        }
        text.put((byte) ']');
        fingerprint.add((long) END_TAG << 32, 0);
    }

    private void render(int from, int end, int depth, Bytes text) throws MalformedRequestException {
        open(from, end, depth);
        byte kind = letter;
        add(kind, at, length, number, depth, text);
        // Rendering what is nested opens others, and has written its text: only a plain value is still the opened one.
        if (kind != 'a' && kind != 'k') {
            plain(text);
        }
    }

    /// Writes the opened value, which is neither array nor kvlist, as JSON.
    private void plain(Bytes text) {
        switch (letter) {
            case 's' -> quoted(at, length, text);
            case 'i' -> decimals.put(number, text);
            case 'b' -> put(number != 0 ? TRUE : FALSE, text);
            case 'x' -> {
                put(BYTES_OPEN, text);
                base64(at, length, text);
                put(SPECIAL_CLOSE, text);
            }
            case 'd' -> {
                boolean finite = Double.isFinite(Double.longBitsToDouble(number));
                if (!finite) {
                    put(DOUBLE_OPEN, text);
                }
                decimals.put(Double.longBitsToDouble(number), text);
                if (!finite) {
                    put(SPECIAL_CLOSE, text);
                }
            }
            default -> put(NULL, text);
        }
    }

    private void kvlist(int from, int end, int depth, Bytes text) throws MalformedRequestException {
        int first = entryCount;
        int p = from;
        while (p < end) {
            int tag = wire.tag(p, end);
            p = wire.next;
            if (tag == 10) {
                int entryLength = wire.length(p, end);
                p = wire.next;
                findEntry(p, p + entryLength, depth + 1);
                push();
                p += entryLength;
            } else {
                p = wire.skip(tag, p, end);
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
            fingerprint.add(KEY_TAG, wire.bytes(), entries[4 * i], entries[4 * i + 1]);
            quoted(entries[4 * i], entries[4 * i + 1], text);
            text.put((byte) (asPairs ? ',' : ':'));
            render(entries[4 * i + 2], entries[4 * i + 2] + entries[4 * i + 3], depth + 1, text);
            if (asPairs) {
                text.put((byte) ']');
            }
        }
        put(asPairs ? KV_CLOSE : OBJECT_CLOSE, text);
        entryCount = first;
    }

    private void push() {
        if (entryCount * 4 + 4 > entries.length) {
            entries = Arrays.copyOf(entries, entries.length * 2);
        }
        int slot = entryCount++ * 4;
        entries[slot] = keyAt;
        entries[slot + 1] = keyLength;
        entries[slot + 2] = at;
        entries[slot + 3] = length;
    }

    /// Puts the entries from `first` on in the order of their keys; equal keys stay as they came.
    ///
    /// @return whether the kvlist cannot be a JSON object: a key repeats, or may when it is mended, or begins with `$`
    private boolean sortEntries(int first) {
        int count = entryCount - first;
        order.clear();
        for (int i = 0; i < count; i++) {
            order.add(entries[4 * (first + i)], entries[4 * (first + i) + 1]);
        }
        boolean repeats = order.sort(wire.bytes());
        if (sorted.length < 4 * count) {
            sorted = new int[8 * count];
        }
        boolean dollar = false;
        boolean invalid = false;
        for (int i = 0; i < count; i++) {
            int from = 4 * (first + order.at(i));
            System.arraycopy(entries, from, sorted, 4 * i, 4);
            dollar |= entries[from + 1] > 0 && wire.bytes()[entries[from]] == '$';
            invalid |= !Utf8.isValid(wire.bytes(), entries[from], entries[from + 1]);
        }
        System.arraycopy(sorted, 0, entries, 4 * first, 4 * count);
        return repeats || dollar || invalid;
    }

    /// Writes a text of the wire as a JSON string.
    private void quoted(int from, int bytes, Bytes text) {
        quoted(wire.bytes(), from, bytes, text);
    }

    /// Writes a text as a JSON string; what is not UTF-8 is mended.
    void quoted(byte[] source, int from, int bytes, Bytes text) {
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
    void text(byte kind, int from, int bytes, long value, Bytes text) {
        switch (kind) {
            case 'i' -> decimals.put(value, text);
            case 'd' -> decimals.put(Double.longBitsToDouble(value), text);
            case 'b' -> put(value != 0 ? TRUE : FALSE, text);
            default -> base64(from, bytes, text);
        }
    }

    private void base64(int from, int bytes, Bytes text) {
        byte[] source = wire.bytes();
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
