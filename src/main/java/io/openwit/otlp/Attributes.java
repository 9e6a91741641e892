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

    private final RowState row;
    private final AnyValues values;

    private final Entries present = new Entries();
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

    /// Entries as they came; a nested value's text lies in [#texts] once it has been fingerprinted.
    private static final class Entries {
        int count;
        int[] keyAt = new int[32];
        int[] keyLength = new int[32];
        byte[] letter = new byte[32];
        int[] valueAt = new int[32];
        int[] valueLength = new int[32];
        int[] textAt = new int[32];
        int[] textLength = new int[32];
        long[] number = new long[32];

        void grow() {
            int capacity = keyAt.length * 2;
            keyAt = Arrays.copyOf(keyAt, capacity);
            keyLength = Arrays.copyOf(keyLength, capacity);
            letter = Arrays.copyOf(letter, capacity);
            valueAt = Arrays.copyOf(valueAt, capacity);
            valueLength = Arrays.copyOf(valueLength, capacity);
            textAt = Arrays.copyOf(textAt, capacity);
            textLength = Arrays.copyOf(textLength, capacity);
            number = Arrays.copyOf(number, capacity);
        }
    }

    Attributes(RowState row) {
        this.row = row;
        values = row.values;
    }

    void clear() {
        asBefore = true;
        sorted = false;
        present.count = 0;
        nested = false;
        texts.truncate(0);
    }

    int count() {
        return present.count;
    }

    /// Adds one KeyValue of the wire.
    void add(int from, int end) throws MalformedRequestException {
        values.openEntry(from, end, 1);
        if (present.count == present.keyAt.length) {
            present.grow();
        }
        int i = present.count++;
        asBefore = asBefore && keys.has(i, row.wire.bytes(), values.keyAt, values.keyLength);
        byte letter = values.letter;
        nested |= letter == 'a' || letter == 'k';
        present.keyAt[i] = values.keyAt;
        present.keyLength[i] = values.keyLength;
        present.letter[i] = letter;
        present.valueAt[i] = values.at;
        present.valueLength[i] = values.length;
        present.number[i] = values.number;
    }

    /// Adds the list as received, in canonical order, to the fingerprint; nested values are rendered.
    void addTo(Fingerprint fingerprint, int tag) throws MalformedRequestException {
        sort();
        addSortedTo(fingerprint, tag);
    }

    private void addKeysTo(Fingerprint fingerprint, int tag) {
        fingerprint.add((long) tag << 32 | present.count, keys.high());
        if (present.count > 0) {
            fingerprint.add(keys.low(), 0);
        }
    }

    private void addSortedTo(Fingerprint fingerprint, int tag) throws MalformedRequestException {
        addKeysTo(fingerprint, tag);
        for (int place = 0; place < present.count; place++) {
            int i = keys.at(place);
            int textAt = texts.size();
            values.add(present.letter[i], present.valueAt[i], present.valueLength[i], present.number[i], 1, texts);
            if (nested) {
                present.textAt[i] = textAt;
                present.textLength[i] = texts.size() - textAt;
            }
        }
    }

    private void sort() {
        if (sorted) {
            return;
        }
        sorted = true;
        // What is done to keys of the other kinds depends on where they lie.
        if (asBefore && present.count == keys.count() && !repeats && !invalidKeys) {
            return;
        }
        byte[] bytes = row.wire.bytes();
        int hash = present.count;
        int keyBytes = 0;
        for (int i = 0; i < present.count; i++) {
            int length = present.keyLength[i];
            keyBytes += length;
            long first = LittleEndian.getTail(bytes, present.keyAt[i], Math.min(length, 8));
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
        if (list.count() != present.count) {
            return false;
        }
        for (int i = 0; i < present.count; i++) {
            if (!list.has(i, row.wire.bytes(), present.keyAt[i], present.keyLength[i])) {
                return false;
            }
        }
        return true;
    }

    /// Puts a list in order that is not known, and keeps it for the next time if nothing is to be done to its keys.
    private void learn(int hash, int keyBytes) {
        byte[] bytes = row.wire.bytes();
        boolean empty = false;
        order.clear();
        for (int i = 0; i < present.count; i++) {
            int length = present.keyLength[i];
            order.add(present.keyAt[i], length);
            empty |= length == 0;
            invalidKeys |= !Utf8.isValid(bytes, present.keyAt[i], length);
        }
        repeats = order.sort(bytes);
        keys = KeyList.of(order, bytes, row.keysFingerprint);
        plainKeys = !repeats && !invalidKeys && !empty && present.count <= row.limits.maxAttributes();
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
        int count = present.count;
        byte[] bytes = row.wire.bytes();
        types.truncate(0);
        byte[] letters = types.make(count);
        boolean allTexts = true;
        int[] news = keys.news();
        for (int place = 0; place < count; place++) {
            int i = keys.at(place);
            byte letter = present.letter[i];
            letters[place] = letter;
            if (letter == 's') {
                int at = present.valueAt[i];
                fingerprint.add(AnyValues.TEXT_TAG, bytes, at, present.valueLength[i]);
                map.value(bytes, at, cutText(i), news, place);
            } else {
                allTexts = false;
                int at = texts.size();
                values.add(letter, present.valueAt[i], present.valueLength[i], present.number[i], 1, texts);
                if (letter == 'n') {
                    map.noValue();
                } else {
                    values.text(letter, present.valueAt[i], cutBytes(i), present.number[i], texts);
                    map.value(texts.array(), at, texts.size() - at, news, place);
                    texts.truncate(at);
                }
            }
        }
        dropped = 0;
        stored = count;
        keys.appendTo(map);
        map.append();
        storeTypes(typesColumn, allTexts);
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
        for (int place = 0; place < present.count; place++) {
            int i = keys.at(place);
            if (present.keyLength[i] == 0) {
                row.mend(MendReason.EMPTY_KEY);
                continue;
            }
            if (stored == row.limits.maxAttributes() || tooLong(i) && isNested(i)) {
                dropped++;
                beyondLimit();
                continue;
            }
            boolean repeated = !invalidKeys && repeats && last >= 0 && sameKey(last, i);
            last = i;
            if (invalidKeys) {
                repeated = mendedKeys.append(row.wire.bytes(), present.keyAt[i], present.keyLength[i], map);
                if (repeated) {
                    row.mend(MendReason.DUPLICATE_KEY);
                }
            } else if (repeated) {
                number = repeatedKey(i, number + 1, map);
                row.mend(MendReason.DUPLICATE_KEY);
            } else {
                number = 1;
                map.key(row.wire.bytes(), present.keyAt[i], present.keyLength[i]);
            }
            value(i, map);
            byte letter = present.letter[i];
            allTexts &= letter == 's' && !repeated;
            types.put(repeated ? (byte) (letter - 'a' + 'A') : letter);
            stored++;
        }
        map.append();
        storeTypes(typesColumn, allTexts);
    }

    private void storeTypes(DictColumn typesColumn, boolean allTexts) {
        if (allTexts) {
            typesColumn.appendNull();
        } else {
            typesColumn.append(types.array(), 0, types.size());
        }
    }

    private void noteMendedKeys() {
        row.mend(MendReason.UTF8);
        mendedKeys.clear();
        for (int i = 0; i < present.count; i++) {
            mendedKeys.add(row.wire.bytes(), present.keyAt[i], present.keyLength[i]);
        }
    }

    private boolean isNested(int i) {
        return present.letter[i] == 'a' || present.letter[i] == 'k';
    }

    private boolean tooLong(int i) {
        return present.valueLength[i] > row.limits.maxValueBytes();
    }

    private void beyondLimit() {
        if (row.limits.truncate()) {
            row.mend(MendReason.TRUNCATED);
        } else {
            row.reject(RejectReason.LIMIT_EXCEEDED);
        }
    }

    private boolean sameKey(int one, int other) {
        byte[] bytes = row.wire.bytes();
        return present.keyLength[one] == present.keyLength[other]
                && LittleEndian.equal(
                        bytes, present.keyAt[one], bytes, present.keyAt[other], present.keyLength[other]);
    }

    /// A key that stands in the map already becomes `key#2`, `key#3` …: the first that is no key of its own in the list.
    ///
    /// @return the number that it got
    private int repeatedKey(int i, int number, MapColumn map) {
        byte[] bytes = row.wire.bytes();
        int from = texts.size();
        int candidate = number;
        while (true) {
            texts.truncate(from);
            texts.put(bytes, present.keyAt[i], present.keyLength[i]);
            texts.put(NUMBER_SIGN, 0, 1);
            values.text((byte) 'i', 0, 0, candidate, texts);
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
        byte letter = present.letter[i];
        switch (letter) {
            case 'n' -> map.noValue();
            case 's' -> map.value(row.wire.bytes(), present.valueAt[i], cutText(i));
            case 'a', 'k' -> map.value(texts.array(), present.textAt[i], present.textLength[i]);
            default -> {
                int from = texts.size();
                values.text(letter, present.valueAt[i], cutBytes(i), present.number[i], texts);
                map.value(texts.array(), from, texts.size() - from);
                texts.truncate(from);
            }
        }
    }

    private int cutBytes(int i) {
        if (tooLong(i)) {
            beyondLimit();
            return row.limits.maxValueBytes();
        }
        return present.valueLength[i];
    }

    private int cutText(int i) {
        if (tooLong(i)) {
            beyondLimit();
            return row.cutText(present.valueAt[i], row.limits.maxValueBytes());
        }
        return present.valueLength[i];
    }

    /// Attributes that [#store] left out for the limit.
    int dropped() {
        return dropped;
    }

    /// Entries that [#store] wrote.
    int stored() {
        return stored;
    }

    /// Which entry, as they came, has this key and a text for its value; the first in canonical order, or -1.
    int findText(byte[] key) {
        byte[] bytes = row.wire.bytes();
        for (int place = 0; place < present.count; place++) {
            int i = keys.at(place);
            if (present.letter[i] == 's'
                    && Arrays.equals(
                            bytes, present.keyAt[i], present.keyAt[i] + present.keyLength[i], key, 0, key.length)) {
                return i;
            }
        }
        return -1;
    }

    int valueAt(int i) {
        return present.valueAt[i];
    }

    int valueLength(int i) {
        return present.valueLength[i];
    }
}
