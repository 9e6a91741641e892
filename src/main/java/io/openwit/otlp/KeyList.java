package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.DictColumn;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LittleEndian;
import io.openwit.columnar.MapColumn;

/// The keys of one list of attributes as they came, and what is found out about them once: their canonical order, their
/// hash, and their numbers in the map that they were last stored in. It has a copy of the keys. Not thread-safe.
final class KeyList {
    static final KeyList EMPTY = new KeyList(0, 0);

    private static final int KEY_TAG = 1;

    /// Tags of KeyValue on the wire.
    private static final byte KEY = 10;

    private static final byte VALUE = 18;

    /// What stands around a key: its tag and length, and the tag of its value.
    static final int AROUND_BYTES = 3;

    private static final int UNKNOWN = -1;

    /// The keys as they stand in a KeyValue, with what is around them: tag, length of one byte, key, tag of the value.
    private final byte[] bytes;

    private final long[] keys;

    /// A key with what is around it; longer than any entry where the key is too long for that.
    private final long[] prefixes;

    /// By place in the canonical order: which of the keys, counted as they came.
    private final int[] order;

    private long high;
    private long low;

    /// The map for which [#numbers] hold.
    private long mapVersion;

    /// In canonical order.
    private final int[] numbers;

    private final int[] news;

    /// The type letters of the list before, by place, and their number in the column beside the map.
    private final byte[] letters;

    private int lettersNumber = UNKNOWN;

    private KeyList(int count, int keyBytes) {
        bytes = new byte[keyBytes + count * AROUND_BYTES + Bytes.SLACK];
        keys = new long[count];
        prefixes = new long[count];
        order = new int[count];
        numbers = new int[count];
        news = new int[count];
        letters = new byte[count + Bytes.SLACK];
    }

    /// Copies the keys that were added to a sorted `source`.
    static KeyList of(KeyOrder source, byte[] wire, Fingerprint fingerprint) {
        int count = source.count();
        int keyBytes = 0;
        for (int i = 0; i < count; i++) {
            keyBytes += Slice.length(source.key(i));
        }
        KeyList list = new KeyList(count, keyBytes);
        int end = 0;
        for (int i = 0; i < count; i++) {
            int length = Slice.length(source.key(i));
            list.bytes[end] = KEY;
            list.bytes[end + 1] = (byte) length;
            System.arraycopy(wire, Slice.at(source.key(i)), list.bytes, end + 2, length);
            list.bytes[end + 2 + length] = VALUE;
            list.keys[i] = Slice.of(end + 2, length);
            list.prefixes[i] = Slice.of(end, length <= Byte.MAX_VALUE ? length + AROUND_BYTES : Integer.MAX_VALUE);
            end += length + AROUND_BYTES;
        }
        fingerprint.reset();
        for (int place = 0; place < count; place++) {
            int i = source.at(place);
            list.order[place] = i;
            fingerprint.add(KEY_TAG, list.bytes, Slice.at(list.keys[i]), Slice.length(list.keys[i]));
        }
        list.high = count == 0 ? 0 : fingerprint.high();
        list.low = fingerprint.low();
        return list;
    }

    int count() {
        return keys.length;
    }

    /// Whether the key that came as the `i`th has these bytes; false where there is no `i`th.
    boolean has(int i, byte[] wire, int keyAt, int keyLength) {
        if (i >= keys.length) {
            return false;
        }
        long key = keys[i];
        return Slice.length(key) == keyLength && LittleEndian.equal(bytes, Slice.at(key), wire, keyAt, keyLength);
    }

    /// Whether a KeyValue begins with the key that came as the `i`th, written as nearly all are.
    ///
    /// @return where the length of its value stands, or -1
    int match(int i, byte[] wire, int from, int end) {
        if (i >= prefixes.length) {
            return -1;
        }
        long prefix = prefixes[i];
        int length = Slice.length(prefix);
        return length <= end - from && LittleEndian.equal(bytes, Slice.at(prefix), wire, from, length)
                ? from + length
                : -1;
    }

    /// Which of the keys, counted as they came, stands at `place` of the canonical order.
    int at(int place) {
        return order[place];
    }

    /// Of the keys in canonical order, with [#low].
    long high() {
        return high;
    }

    long low() {
        return low;
    }

    /// By place: how many values of maps with these keys were new, for [MapColumn#value].
    int[] news() {
        return news;
    }

    /// Sets the type letter of the value at a place, for [#appendTo]; it most often stays.
    void letter(int place, byte letter) {
        if (letters[place] != letter) {
            letters[place] = letter;
            lettersNumber = UNKNOWN;
        }
    }

    /// Appends the keys to the open map, in canonical order, and the letters of all places to the column beside it.
    ///
    /// @param allTexts whether all letters are those of texts: then null stands for them
    void appendTo(MapColumn map, DictColumn types, boolean allTexts) {
        if (order.length > 0) {
            if (mapVersion != map.version()) {
                for (int place = 0; place < order.length; place++) {
                    long key = keys[order[place]];
                    numbers[place] = map.keyNumber(bytes, Slice.at(key), Slice.length(key));
                }
                mapVersion = map.version();
                lettersNumber = UNKNOWN;
            }
            map.keys(numbers);
        }
        if (allTexts) {
            types.appendNull();
        } else if (lettersNumber == UNKNOWN) {
            lettersNumber = types.append(letters, 0, order.length);
        } else {
            types.appendIndex(lettersNumber);
        }
    }
}
