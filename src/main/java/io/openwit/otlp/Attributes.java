package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.DictColumn;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LittleEndian;
import io.openwit.columnar.MapColumn;
import io.openwit.columnar.Utf8;
import java.util.Arrays;

/// One list of attributes on its way from the wire into a map: added entry by entry, put in canonical order, fingerprinted
/// as received, then stored within the limits.
///
/// Each place that has attributes (row, resource, scope, event …) has its own, as the keys of one list most often are those
/// of the list before at the same place, or of one not long ago: then nothing is sorted. Reused; not thread-safe.
final class Attributes {
    private static final byte[] NUMBER_SIGN = "#".getBytes(US_ASCII);

    /// Tags of KeyValue and AnyValue on the wire.
    private static final byte KEY = 10;

    private static final byte VALUE = 18;
    private static final byte STRING = 10;
    private static final byte BOOL = 16;
    private static final byte INT = 24;
    private static final byte DOUBLE = 33;

    /// Longer ones may not fit into 64 bits.
    private static final int MAX_PLAIN_VARINT_BYTES = 9;

    private final RowState row;
    private final Wire wire;
    private final AnyValues values;

    /// The entries as they came: key, letter, and content as [AnyValues#content] has it.
    private int count;

    private long[] keySlices = new long[32];
    private byte[] letters = new byte[32];
    private long[] contents = new long[32];

    /// Where the JSON of nested values lies in [#texts], once they have been fingerprinted.
    private long[] nestedTexts = new long[32];

    private final KnownKeys known = new KnownKeys();

    /// The keys of the list before; from [#sort] on those of the present one.
    private KeyList keys = KeyList.EMPTY;

    /// Whether the present list's keys are those of [#keys] so far.
    private boolean asBefore = true;

    /// Whether the present list was put in order.
    private boolean sorted;

    /// Whether every key of the list is stored, and as it came.
    private boolean plainKeys = true;

    private boolean repeats;

    /// Whether a key of the list is not UTF-8.
    private boolean invalidKeys;

    private boolean nested;

    /// For lists that are not known.
    private final KeyOrder order = new KeyOrder(64);

    private final MendedKeys mendedKeys = new MendedKeys();

    /// JSON of nested values, and whatever text is being made.
    private final Bytes texts = new Bytes(256);

    private final Bytes types = new Bytes(64);
    private int dropped;
    private int stored;

    Attributes(RowState row) {
        this.row = row;
        wire = row.wire;
        values = row.values;
    }

    void clear() {
        asBefore = true;
        sorted = false;
        count = 0;
        nested = false;
        texts.truncate(0);
    }

    /// Adds one KeyValue of the wire.
    void add(long entry) throws MalformedRequestException {
        int from = Slice.at(entry);
        int end = Slice.end(entry);
        int valueAt = asBefore ? keys.match(count, wire.bytes(), from, end) : -1;
        if (valueAt < 0 || !addScalar(from + 2, valueAt, end)) {
            addOther(entry);
        }
    }

    /// Adds an entry whose key is not the one before, or whose value is written in an unusual way.
    private void addOther(long entry) throws MalformedRequestException {
        byte[] bytes = wire.bytes();
        int from = Slice.at(entry);
        int end = Slice.end(entry);
        // A tag and a length each for key, value and member.
        if (end - from >= 6 && bytes[from] == KEY && bytes[from + 1] >= 0) {
            int valueAt = from + bytes[from + 1] + KeyList.AROUND_BYTES;
            if (valueAt < end && bytes[valueAt - 1] == VALUE) {
                boolean same = asBefore && keys.has(count, bytes, from + 2, bytes[from + 1]);
                if (addScalar(from + 2, valueAt, end)) {
                    asBefore = same;
                    return;
                }
            }
        }
        values.openEntry(entry, 1);
        nested |= AnyValues.isNested(values.letter);
        long key = values.key;
        asBefore = asBefore && keys.has(count, wire.bytes(), Slice.at(key), Slice.length(key));
        add(key, values.letter, values.content);
    }

    /// Adds an entry if its value is written as nearly all are: one scalar, lengths of one byte.
    ///
    /// @param valueAt where the value's length stands: behind the key and a tag
    /// @return whether it was such; if not, nothing has been added
    private boolean addScalar(int keyAt, int valueAt, int end) {
        byte[] bytes = wire.bytes();
        int member = valueAt + 1;
        if (member + 2 > end || bytes[valueAt] != end - member) {
            return false;
        }
        byte letter;
        long content;
        switch (bytes[member]) {
            case STRING -> {
                letter = 's';
                content = Slice.of(member + 2, bytes[member + 1]);
                if (Slice.end(content) != end) {
                    return false;
                }
            }
            case BOOL -> {
                letter = 'b';
                content = bytes[member + 1] == 0 ? 0 : 1;
                if (member + 2 != end || bytes[member + 1] < 0) {
                    return false;
                }
            }
            case INT -> {
                letter = 'i';
                content = 0;
                int last = end - 1;
                if (last - member > MAX_PLAIN_VARINT_BYTES || bytes[last] < 0) {
                    return false;
                }
                for (int i = last; i > member; i--) {
                    if (i < last && bytes[i] >= 0) {
                        return false;
                    }
                    content = content << 7 | bytes[i] & 0x7f;
                }
            }
            case DOUBLE -> {
                letter = 'd';
                if (end - member != 9) {
                    return false;
                }
                content = LittleEndian.getLong(bytes, member + 1);
            }
            default -> {
                return false;
            }
        }
        add(Slice.of(keyAt, valueAt - 1 - keyAt), letter, content);
        return true;
    }

    private void add(long key, byte letter, long content) {
        int i = count++;
        if (i == letters.length) {
            grow();
        }
        keySlices[i] = key;
        letters[i] = letter;
        contents[i] = content;
    }

    private void grow() {
        int capacity = letters.length * 2;
        keySlices = Arrays.copyOf(keySlices, capacity);
        letters = Arrays.copyOf(letters, capacity);
        contents = Arrays.copyOf(contents, capacity);
        nestedTexts = Arrays.copyOf(nestedTexts, capacity);
    }

    /// Adds the list as received, in canonical order, to the fingerprint; nested values are rendered.
    void addTo(Fingerprint fingerprint, int tag) throws MalformedRequestException {
        sort();
        addSortedTo(fingerprint, tag);
    }

    private void addKeysTo(Fingerprint fingerprint, int tag) {
        fingerprint.add((long) tag << 32 | count, keys.high());
        if (count > 0) {
            fingerprint.add(keys.low(), 0);
        }
    }

    private void addSortedTo(Fingerprint fingerprint, int tag) throws MalformedRequestException {
        addKeysTo(fingerprint, tag);
        for (int place = 0; place < count; place++) {
            int i = keys.at(place);
            int textAt = texts.size();
            values.add(letters[i], contents[i], 1, texts);
            nestedTexts[i] = Slice.of(textAt, texts.size() - textAt);
        }
    }

    private void sort() {
        if (sorted) {
            return;
        }
        sorted = true;
        // What is done to keys of the other kinds depends on where they lie.
        if (asBefore && count == keys.count() && !repeats && !invalidKeys) {
            return;
        }
        byte[] bytes = wire.bytes();
        int hash = count;
        int keyBytes = 0;
        for (int i = 0; i < count; i++) {
            int length = Slice.length(keySlices[i]);
            keyBytes += length;
            long first = LittleEndian.getTail(bytes, Slice.at(keySlices[i]), Math.min(length, 8));
            hash = hash * 31 + length + (int) (first ^ first >>> 32) * 0x9E3779B1;
        }
        hash ^= hash >>> 15;
        keys = known.at(hash);
        plainKeys = isPresent(keys);
        repeats = false;
        invalidKeys = false;
        if (!plainKeys) {
            learn(hash, keyBytes);
        }
    }

    private boolean isPresent(KeyList list) {
        if (list.count() != count) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (!list.has(i, wire.bytes(), Slice.at(keySlices[i]), Slice.length(keySlices[i]))) {
                return false;
            }
        }
        return true;
    }

    /// Puts a list in order that is not known, and keeps it for the next time if nothing is to be done to its keys.
    private void learn(int hash, int keyBytes) {
        byte[] bytes = wire.bytes();
        boolean empty = false;
        order.clear();
        for (int i = 0; i < count; i++) {
            long key = keySlices[i];
            order.add(key);
            empty |= Slice.length(key) == 0;
            invalidKeys |= !Utf8.isValid(bytes, Slice.at(key), Slice.length(key));
        }
        repeats = order.sort(bytes);
        keys = KeyList.of(order, bytes, row.keysFingerprint);
        plainKeys = !repeats && !invalidKeys && !empty && count <= row.limits.maxAttributes();
        if (plainKeys) {
            known.keep(hash, keys, keyBytes);
        }
    }

    /// Does what [#addTo] and [#store] do; in one pass where the list has the keys of the one before and nothing nested.
    void addToAndStore(Fingerprint fingerprint, int tag, MapColumn map, DictColumn typesColumn)
            throws MalformedRequestException {
        sort();
        if (plainKeys && !nested) {
            addKeysTo(fingerprint, tag);
            addToAndStoreValues(fingerprint, map, typesColumn);
        } else {
            addSortedTo(fingerprint, tag);
            store(map, typesColumn);
        }
    }

    private void addToAndStoreValues(Fingerprint fingerprint, MapColumn map, DictColumn typesColumn)
            throws MalformedRequestException {
        byte[] bytes = wire.bytes();
        int[] news = keys.news();
        boolean allTexts = true;
        for (int place = 0; place < count; place++) {
            int i = keys.at(place);
            byte letter = letters[i];
            long content = contents[i];
            keys.letter(place, letter);
            if (letter == 's') {
                int hash = fingerprint.add(AnyValues.TEXT_TAG, bytes, Slice.at(content), Slice.length(content));
                map.value(bytes, Slice.at(content), kept(letter, content), hash, news, place);
            } else {
                allTexts = false;
                values.add(letter, content, 1, texts);
                if (letter == 'n') {
                    map.noValue();
                } else if (MapColumn.expectsNew(news, place)) {
                    text(letter, content, map.newValue());
                    map.endNewValue(news, place);
                } else {
                    int at = text(letter, content, texts);
                    map.value(texts.array(), at, texts.size() - at, hash(letter, content), news, place);
                    texts.truncate(at);
                }
            }
        }
        dropped = 0;
        stored = count;
        keys.appendTo(map, typesColumn, allTexts);
        map.append();
    }

    /// A hash of a scalar that is no text, for looking up the text that is made of it.
    private static int hash(byte letter, long content) {
        long hash = (content ^ letter) * 0x9E3779B97F4A7C15L;
        return (int) (hash ^ hash >>> 32);
    }

    /// Appends a scalar that is no text as the text that is stored for it.
    ///
    /// @return where it begins
    private int text(byte letter, long content, Bytes text) {
        int at = text.size();
        values.text(letter, letter == 'x' ? Slice.of(Slice.at(content), kept(letter, content)) : content, text);
        return at;
    }

    /// Stores the list as one map with its types, after [#addTo]; what lies beyond the limits is left out or cut.
    void store(MapColumn map, DictColumn typesColumn) {
        types.truncate(0);
        dropped = 0;
        stored = 0;
        boolean allTexts = true;
        int number = 1;
        int last = -1;
        if (invalidKeys) {
            noteMendedKeys();
        }
        for (int place = 0; place < count; place++) {
            int i = keys.at(place);
            long key = keySlices[i];
            byte letter = letters[i];
            if (Slice.length(key) == 0) {
                row.mend(MendReason.EMPTY_KEY);
                continue;
            }
            if (stored == row.limits.maxAttributes() || AnyValues.isNested(letter) && tooLong(contents[i])) {
                dropped++;
                beyondLimit();
                continue;
            }
            boolean repeated = !invalidKeys && repeats && last >= 0 && sameKey(last, i);
            last = i;
            if (invalidKeys) {
                repeated = mendedKeys.append(wire.bytes(), Slice.at(key), Slice.length(key), map);
                if (repeated) {
                    row.mend(MendReason.DUPLICATE_KEY);
                }
            } else if (repeated) {
                number = repeatedKey(key, number + 1, map);
                row.mend(MendReason.DUPLICATE_KEY);
            } else {
                number = 1;
                map.key(wire.bytes(), Slice.at(key), Slice.length(key));
            }
            value(i, map);
            allTexts &= letter == 's' && !repeated;
            types.put(repeated ? (byte) (letter - 'a' + 'A') : letter);
            stored++;
        }
        map.append();
        if (allTexts) {
            typesColumn.appendNull();
        } else {
            typesColumn.append(types.array(), 0, types.size());
        }
    }

    private void noteMendedKeys() {
        row.mend(MendReason.UTF8);
        mendedKeys.clear();
        for (int i = 0; i < count; i++) {
            mendedKeys.add(wire.bytes(), Slice.at(keySlices[i]), Slice.length(keySlices[i]));
        }
    }

    private boolean tooLong(long slice) {
        return Slice.length(slice) > row.limits.maxValueBytes();
    }

    private void beyondLimit() {
        if (row.limits.truncate()) {
            row.mend(MendReason.TRUNCATED);
        } else {
            row.reject(RejectReason.LIMIT_EXCEEDED);
        }
    }

    private boolean sameKey(int one, int other) {
        byte[] bytes = wire.bytes();
        long key = keySlices[one];
        int length = Slice.length(key);
        return length == Slice.length(keySlices[other])
                && LittleEndian.equal(bytes, Slice.at(key), bytes, Slice.at(keySlices[other]), length);
    }

    /// A key that stands in the map already becomes `key#2`, `key#3` …: the first that is no key of its own in the list.
    ///
    /// @return the number that it got
    private int repeatedKey(long key, int number, MapColumn map) {
        byte[] bytes = wire.bytes();
        int from = texts.size();
        int candidate = number;
        while (true) {
            texts.truncate(from);
            texts.put(bytes, Slice.at(key), Slice.length(key));
            texts.put(NUMBER_SIGN, 0, 1);
            values.text((byte) 'i', candidate, texts);
            int length = texts.size() - from;
            if (!order.contains(bytes, texts.array(), from, length)) {
                map.key(texts.array(), from, length);
                texts.truncate(from);
                return candidate;
            }
            candidate++;
        }
    }

    private void value(int i, MapColumn map) {
        byte letter = letters[i];
        long content = contents[i];
        switch (letter) {
            case 'n' -> map.noValue();
            case 's' -> map.value(wire.bytes(), Slice.at(content), kept(letter, content));
            case 'a', 'k' -> map.value(texts.array(), Slice.at(nestedTexts[i]), Slice.length(nestedTexts[i]));
            default -> {
                int at = text(letter, content, texts);
                map.value(texts.array(), at, texts.size() - at);
                texts.truncate(at);
            }
        }
    }

    /// How much of a text or of bytes is stored: what is beyond the limit is cut.
    private int kept(byte letter, long content) {
        if (!tooLong(content)) {
            return Slice.length(content);
        }
        beyondLimit();
        int limit = row.limits.maxValueBytes();
        return letter == 's' ? row.cutText(Slice.at(content), limit) : limit;
    }

    /// Attributes that [#store] left out for the limit.
    int dropped() {
        return dropped;
    }

    /// Entries that [#store] wrote.
    int stored() {
        return stored;
    }

    /// The text that is this key's value, the first in canonical order; 0 where there is none.
    long findText(byte[] key) {
        byte[] bytes = wire.bytes();
        for (int place = 0; place < count; place++) {
            int i = keys.at(place);
            long candidate = keySlices[i];
            if (letters[i] == 's'
                    && Arrays.equals(bytes, Slice.at(candidate), Slice.end(candidate), key, 0, key.length)) {
                return contents[i];
            }
        }
        return 0;
    }
}
