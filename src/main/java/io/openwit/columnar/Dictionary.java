package io.openwit.columnar;

import java.util.Arrays;
import org.apache.arrow.vector.types.pojo.ArrowType;

/// The distinct texts of a column, numbered in the order of their first appearance.
///
/// Open addressing with linear probing over an arena. Arrow allows equal entries, and so an entry may be without a slot,
/// never to be found: a text that finds no free slot in [#MAX_PROBES] steps, so that nobody who knows the hash can make a
/// look-up slow, and one that the caller thinks is new.
final class Dictionary {
    static final int MAX_PROBES = 32;

    private static final long FREE = -1;
    private static final int NO_SLOT = 0;
    private static final long C1 = 0x9E3779B97F4A7C15L;
    private static final long C2 = 0xC2B2AE3D27D4EB4FL;
    private static final ArrowType.Int INDEX = new ArrowType.Int(32, true);

    private final RowJournal journal;
    private final int number;
    private final Bytes texts = new Bytes(1024);

    /// Where each text begins and the last one ends.
    private final Ints offsets = new Ints(257);

    /// Hash of the text in the upper half, its number in the lower; or [#FREE].
    private long[] slots = new long[256];

    private int taken;

    /// By number: the hash of an entry that has a slot, [#NO_SLOT] for others.
    private final Ints hashes = new Ints(256);

    private int mark;

    Dictionary(RowJournal journal) {
        this.journal = journal;
        number = journal.register(this);
        Arrays.fill(slots, FREE);
        offsets.put(0);
    }

    static ArrowType.Int indexType() {
        return INDEX;
    }

    int size() {
        return hashes.size;
    }

    /// The number of a text, entered if it is new; what is not UTF-8 is mended first.
    ///
    /// @param bytes readable up to 7 bytes behind the text
    int index(byte[] bytes, int from, int length) {
        return index(bytes, from, length, hash(bytes, from, length));
    }

    /// As above, by a hash that the caller has: of the same text always the same, or the text may be entered again.
    int index(byte[] bytes, int from, int length, int hash) {
        int mask = slots.length - 1;
        int slot = hash & mask;
        for (int probe = 0; probe < MAX_PROBES; probe++) {
            long entry = slots[slot];
            if (entry == FREE) {
                return enter(bytes, from, length, hash, slot);
            }
            if ((int) (entry >>> 32) == hash && equal((int) entry, bytes, from, length)) {
                return (int) entry;
            }
            slot = slot + 1 & mask;
        }
        return enter(bytes, from, length, NO_SLOT, 0);
    }

    /// Whether the text of this number, which need not be known, is this one.
    boolean isText(int index, byte[] bytes, int from, int length) {
        return index < hashes.size && equal(index, bytes, from, length);
    }

    private boolean equal(int index, byte[] bytes, int from, int length) {
        int at = offsets.array[index];
        return offsets.array[index + 1] - at == length && LittleEndian.equal(texts.array, at, bytes, from, length);
    }

    /// The number of a text that is likely to be new: entered without being looked for, and never found later.
    int enter(byte[] bytes, int from, int length) {
        return enter(bytes, from, length, NO_SLOT, 0);
    }

    private int enter(byte[] bytes, int from, int length, int hash, int slot) {
        int end = texts.size;
        if (!texts.putText(bytes, from, length) && !Utf8.isValid(bytes, from, length)) {
            texts.truncate(end);
            journal.mended();
            byte[] mended = Utf8.mended(bytes, from, length);
            return index(Arrays.copyOf(mended, mended.length + Bytes.SLACK), 0, mended.length);
        }
        int index = enterEnd(hash);
        if (hash != NO_SLOT) {
            slots[slot] = (long) hash << 32 | index;
            if (++taken * 2 > slots.length) {
                rehash();
            }
        }
        return index;
    }

    private int enterEnd(int hash) {
        int index = hashes.size;
        journal.entered(number);
        offsets.put(texts.size);
        hashes.put(hash);
        return index;
    }

    /// Where the text of the next entry may be written in its place: append ASCII to it, then [#enterWritten].
    Bytes nextText() {
        return texts;
    }

    /// The number of the text that was written to [#nextText]: entered without being looked for, and never found later.
    int enterWritten() {
        return enterEnd(NO_SLOT);
    }

    /// Doubles the slots. Entries take them in their order, so that [#removeLast] leaves the probing of the others whole.
    private void rehash() {
        slots = new long[slots.length * 2];
        Arrays.fill(slots, FREE);
        int mask = slots.length - 1;
        for (int index = 0; index < hashes.size; index++) {
            int hash = hashes.array[index];
            int slot = hash & mask;
            for (int probe = 0; hash != NO_SLOT && probe < MAX_PROBES; probe++) {
                if (slots[slot] == FREE) {
                    slots[slot] = (long) hash << 32 | index;
                    break;
                }
                slot = slot + 1 & mask;
            }
        }
    }

    /// Remembers what there is, for [#backToMark].
    void mark() {
        mark = hashes.size;
    }

    /// Forgets what was entered since [#mark]. Last in, first out: so the probing of the others stays whole.
    void backToMark() {
        while (hashes.size > mark) {
            removeLast();
        }
    }

    void removeLast() {
        int last = hashes.size - 1;
        int mask = slots.length - 1;
        int hash = hashes.array[last];
        int slot = hash & mask;
        for (int probe = 0; hash != NO_SLOT && probe < MAX_PROBES; probe++) {
            if (slots[slot] != FREE && (int) slots[slot] == last) {
                slots[slot] = FREE;
                taken--;
                break;
            }
            slot = slot + 1 & mask;
        }
        texts.truncate(offsets.array[last]);
        offsets.truncate(last + 1);
        hashes.truncate(last);
    }

    void reset() {
        if (taken > 0) {
            Arrays.fill(slots, FREE);
        }
        taken = 0;
        mark = 0;
        texts.truncate(0);
        offsets.truncate(1);
        hashes.truncate(0);
    }

    void layOut(Sealer out) {
        out.node(hashes.size, 0);
        out.noBuffer();
        out.buffer(offsets);
        out.buffer(texts.array, 0, texts.size);
    }

    private static int hash(byte[] bytes, int from, int length) {
        if (length <= 8) {
            return mixed(LittleEndian.getTail(bytes, from, length), length);
        }
        long hash = length;
        for (int i = 8; i < length - 8; i += 8) {
            hash = (hash ^ LittleEndian.getLong(bytes, from + i)) * C1;
            hash ^= hash >>> 32;
        }
        return mixed(LittleEndian.getLong(bytes, from), hash ^ LittleEndian.getLong(bytes, from + length - 8) * C2);
    }

    private static int mixed(long x, long y) {
        long p = x ^ C1;
        long q = y + C2;
        long folded = p * q ^ Math.multiplyHigh(p, q);
        int hash = (int) (folded ^ folded >>> 32);
        return hash == NO_SLOT ? 1 : hash;
    }
}
