package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.DictColumn;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LittleEndian;
import io.openwit.columnar.MapColumn;
import io.openwit.columnar.PlaceHistory;

/// The keys of one list of attributes as they came, and what is found out about them once: their canonical order, their
/// hash, and their numbers in the map that they were last stored in. It has a copy of the keys. Not thread-safe.
final class KeyList {
    static final KeyList EMPTY = new KeyList(0, 0);

    private static final int KEY_TAG = 1;
    private static final int UNKNOWN = -1;

    private final byte[] bytes;
    private final long[] keys;

    /// By place in the canonical order: which of the keys, counted as they came.
    private final int[] order;

    private long high;
    private long low;

    /// The map for which [#numbers] hold.
    private long mapVersion;

    /// In canonical order.
    private final int[] numbers;

    private final PlaceHistory history;

    /// The type letters of the list before, by place, and their number in the column beside the map.
    private final byte[] letters;

    private int lettersNumber = UNKNOWN;

    private KeyList(int count, int keyBytes) {
        bytes = new byte[keyBytes + Bytes.SLACK];
        keys = new long[count];
        order = new int[count];
        numbers = new int[count];
        history = new PlaceHistory(count);
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
            list.keys[i] = Slice.of(end, length);
            System.arraycopy(wire, Slice.at(source.key(i)), list.bytes, end, length);
            end += length;
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

    /// Of the values of maps with these keys.
    PlaceHistory history() {
        return history;
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
