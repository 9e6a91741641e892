package io.openwit.otlp;

import java.util.Arrays;

/// Puts keys in canonical order: by their unsigned bytes, equal ones as they came. Reused; not thread-safe.
final class KeyOrder {
    /// Up to here insertion is faster than merging.
    private static final int INSERTION = 24;

    private long[] keys;
    private int[] order;
    private int[] scratch = {};
    private int count;

    KeyOrder(int capacity) {
        keys = new long[Math.max(capacity, 4)];
        order = new int[keys.length];
    }

    void clear() {
        count = 0;
    }

    void add(long key) {
        if (count == keys.length) {
            keys = Arrays.copyOf(keys, count * 2);
            order = Arrays.copyOf(order, count * 2);
        }
        keys[count++] = key;
    }

    int count() {
        return count;
    }

    /// @return whether a key comes more than once
    boolean sort(byte[] bytes) {
        for (int i = 0; i < count; i++) {
            order[i] = i;
        }
        if (count <= INSERTION) {
            insertion(bytes);
        } else {
            merge(bytes);
        }
        for (int i = 1; i < count; i++) {
            if (compare(bytes, order[i - 1], order[i]) == 0) {
                return true;
            }
        }
        return false;
    }

    /// The key that was added as the `i`th.
    long key(int i) {
        return keys[i];
    }

    /// Which of the keys, counted as they came, stands at `place` of the order.
    int at(int place) {
        return order[place];
    }

    /// Whether one of the sorted keys has these bytes.
    boolean contains(byte[] bytes, byte[] key, int keyFrom, int keyLength) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            long other = keys[order[middle]];
            int difference =
                    Arrays.compareUnsigned(bytes, Slice.at(other), Slice.end(other), key, keyFrom, keyFrom + keyLength);
            if (difference == 0) {
                return true;
            }
            if (difference < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return false;
    }

    private int compare(byte[] bytes, int one, int other) {
        return Arrays.compareUnsigned(
                bytes, Slice.at(keys[one]), Slice.end(keys[one]), bytes, Slice.at(keys[other]), Slice.end(keys[other]));
    }

    private void insertion(byte[] bytes) {
        for (int i = 1; i < count; i++) {
            int moved = order[i];
            int place = i;
            while (place > 0 && compare(bytes, order[place - 1], moved) > 0) {
                order[place] = order[place - 1];
                place--;
            }
            order[place] = moved;
        }
    }

    private void merge(byte[] bytes) {
        if (scratch.length != order.length) {
            scratch = new int[order.length];
        }
        for (int width = 1; width < count; width *= 2) {
            for (int from = 0; from < count; from += 2 * width) {
                int middle = Math.min(from + width, count);
                int end = Math.min(from + 2 * width, count);
                int left = from;
                int right = middle;
                for (int to = from; to < end; to++) {
                    boolean takeLeft =
                            left < middle && (right == end || compare(bytes, order[left], order[right]) <= 0);
                    scratch[to] = takeLeft ? order[left++] : order[right++];
                }
            }
            int[] sorted = scratch;
            scratch = order;
            order = sorted;
        }
    }
}
