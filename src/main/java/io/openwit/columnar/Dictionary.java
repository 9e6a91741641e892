package io.openwit.columnar;

import java.util.Arrays;
import org.apache.arrow.vector.types.pojo.ArrowType;

/// The distinct texts of a column, numbered in the order of their first appearance.
///
/// Open addressing with linear probing over an arena. A text that finds no free slot in [#MAX_PROBES] steps is entered
/// again, without a slot: Arrow allows equal entries, and so nobody who knows the hash can make a look-up slow.
final class Dictionary {
    static final int MAX_PROBES = 32;

    private static final int FREE = -1;
    private static final ArrowType.Int INDEX = new ArrowType.Int(32, true);

    private final RowJournal journal;
    private final Bytes texts = new Bytes(1024);
    private final Bytes offsets = new Bytes(256);
    private int[] hashes = new int[64];
    private int[] slots = new int[256];
    private int count;
    private int mark;

    Dictionary(RowJournal journal) {
        this.journal = journal;
        reset();
    }

    static ArrowType.Int indexType() {
        return INDEX;
    }

    int size() {
        return count;
    }

    /// The number of a text, entered if it is new; what is not UTF-8 is mended first.
    ///
    /// @param bytes readable up to 7 bytes behind the text
    int index(byte[] bytes, int from, int length) {
        int hash = hash(bytes, from, length);
        int mask = slots.length - 1;
        int slot = hash & mask;
        for (int probe = 0; probe < MAX_PROBES; probe++) {
            int index = slots[slot];
            if (index == FREE) {
                return enter(bytes, from, length, hash, slot);
            }
            if (hashes[index] == hash && equal(index, bytes, from, length)) {
                return index;
            }
            slot = slot + 1 & mask;
        }
        return enter(bytes, from, length, hash, FREE);
    }

    boolean equal(int index, byte[] bytes, int from, int length) {
        int at = LittleEndian.getInt(offsets.array, index * 4);
        return LittleEndian.getInt(offsets.array, index * 4 + 4) - at == length
                && LittleEndian.equal(texts.array, at, bytes, from, length);
    }

    private int enter(byte[] bytes, int from, int length, int hash, int slot) {
        if (!Utf8.isValid(bytes, from, length)) {
            journal.mended();
            byte[] mended = Utf8.mended(bytes, from, length);
            return index(Arrays.copyOf(mended, mended.length + Bytes.SLACK), 0, mended.length);
        }
        int index = count++;
        journal.entered(this);
        texts.put(bytes, from, length);
        offsets.putInt(texts.size);
        if (index == hashes.length) {
            hashes = Arrays.copyOf(hashes, index * 2);
        }
        hashes[index] = hash;
        if (slot != FREE) {
            slots[slot] = index;
        }
        if (count * 2 > slots.length) {
            rehash();
        }
        return index;
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        Arrays.fill(slots, FREE);
        int mask = slots.length - 1;
        for (int index = 0; index < count; index++) {
            int slot = hashes[index] & mask;
            for (int probe = 0; probe < MAX_PROBES; probe++) {
                if (slots[slot] == FREE) {
                    slots[slot] = index;
                    break;
                }
                slot = slot + 1 & mask;
            }
        }
    }

    /// Remembers what there is, for [#backToMark].
    void mark() {
        mark = count;
    }

    /// Forgets what was entered since [#mark]. Last in, first out: so the probing of the others stays whole.
    void backToMark() {
        while (count > mark) {
            removeLast();
        }
    }

    void removeLast() {
        count--;
        int mask = slots.length - 1;
        int slot = hashes[count] & mask;
        for (int probe = 0; probe < MAX_PROBES; probe++) {
            if (slots[slot] == count) {
                slots[slot] = FREE;
                break;
            }
            slot = slot + 1 & mask;
        }
        texts.truncate(LittleEndian.getInt(offsets.array, count * 4));
        offsets.truncate(count * 4 + 4);
    }

    void reset() {
        Arrays.fill(slots, FREE);
        count = 0;
        mark = 0;
        texts.truncate(0);
        offsets.truncate(0);
        offsets.putInt(0);
    }

    void layOut(Sealer out) {
        out.node(count, 0);
        out.buffer(offsets.array, 0, 0);
        out.buffer(offsets.array, 0, offsets.size);
        out.buffer(texts.array, 0, texts.size);
    }

    private static int hash(byte[] bytes, int from, int length) {
        long hash = length * 0x9E3779B97F4A7C15L;
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            hash = (hash ^ LittleEndian.getLong(bytes, from + i)) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        return (int) Fingerprint.finish(hash ^ LittleEndian.getTail(bytes, from + i, length - i));
    }
}
