package io.openwit.otlp;

import java.util.Arrays;

/// Lists of keys that came before at one place, found again by their content: the rows of a program have few. A table of
/// [#SLOTS], in which a newer list takes an older one's place. Not thread-safe.
final class KnownKeys {
    private static final int SLOTS = 64;

    /// Longer lists are not kept, so that the table stays small whatever clients send.
    private static final int MAX_KEYS = 128;

    private static final int MAX_KEY_BYTES = 4096;

    private final KeyList[] slots = new KeyList[SLOTS];

    KnownKeys() {
        Arrays.fill(slots, KeyList.EMPTY);
    }

    /// The list that was kept for this hash, whatever its keys are.
    KeyList at(int hash) {
        return slots[hash & SLOTS - 1];
    }

    /// @param keyBytes of all its keys
    void keep(int hash, KeyList keys, int keyBytes) {
        if (keys.count() <= MAX_KEYS && keyBytes <= MAX_KEY_BYTES) {
            slots[hash & SLOTS - 1] = keys;
        }
    }
}
