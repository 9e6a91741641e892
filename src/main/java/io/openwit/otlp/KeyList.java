package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LittleEndian;
import io.openwit.columnar.MapColumn;

/// The keys of one list of attributes as they came, and what is found out about them once: their canonical order, their
/// hash, and their numbers in the map that they were last stored in. It has a copy of the keys. Not thread-safe.
final class KeyList {
    static final KeyList EMPTY = new KeyList(0, 0);

    private static final int KEY_TAG = 1;

    private final byte[] bytes;
    private final int[] at;
    private final int[] lengths;

    /// By place in the canonical order: which of the keys, counted as they came.
    private final int[] order;

    private long high;
    private long low;

    /// The map for which [#numbers] hold.
    private long mapVersion;

    /// In canonical order.
    private final int[] numbers;

    private final int[] news;

    private KeyList(int count, int keyBytes) {
        bytes = new byte[keyBytes + Bytes.SLACK];
        at = new int[count];
        lengths = new int[count];
        order = new int[count];
        numbers = new int[count];
        news = new int[count];
    }

    /// Copies the keys that were added to a sorted `source`.
    static KeyList of(KeyOrder source, byte[] wire, Fingerprint fingerprint) {
        int count = source.count();
        int keyBytes = 0;
        for (int i = 0; i < count; i++) {
            keyBytes += source.keyLength(i);
        }
        KeyList keys = new KeyList(count, keyBytes);
        int end = 0;
        for (int i = 0; i < count; i++) {
            keys.at[i] = end;
            keys.lengths[i] = source.keyLength(i);
            System.arraycopy(wire, source.keyAt(i), keys.bytes, end, keys.lengths[i]);
            end += keys.lengths[i];
        }
        fingerprint.reset();
        for (int place = 0; place < count; place++) {
            int i = source.at(place);
            keys.order[place] = i;
            fingerprint.add(KEY_TAG, keys.bytes, keys.at[i], keys.lengths[i]);
        }
        keys.high = count == 0 ? 0 : fingerprint.high();
        keys.low = fingerprint.low();
        return keys;
    }

    int count() {
        return at.length;
    }

    /// Whether the key that came as the `i`th has these bytes; false where there is no `i`th.
    boolean has(int i, byte[] wire, int keyAt, int keyLength) {
        return i < lengths.length
                && lengths[i] == keyLength
                && LittleEndian.equal(bytes, at[i], wire, keyAt, keyLength);
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

    /// By place: how new the values of maps with these keys are, for [MapColumn#value].
    int[] news() {
        return news;
    }

    /// Appends the keys to the open map, in canonical order.
    void appendTo(MapColumn to) {
        if (order.length == 0) {
            return;
        }
        if (mapVersion != to.version()) {
            for (int place = 0; place < order.length; place++) {
                int i = order[place];
                numbers[place] = to.keyNumber(bytes, at[i], lengths[i]);
            }
            mapVersion = to.version();
        }
        to.keys(numbers);
    }
}
