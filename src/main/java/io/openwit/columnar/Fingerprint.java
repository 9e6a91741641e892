package io.openwit.columnar;

import io.openwit.model.FingerprintKey;

/// A keyed hash of 128 bits, fed block by block; its definition is version 1 and never changes.
///
/// A block of two words x, y first becomes the 128-bit product (x ^ k1) · (y ^ k2), then is folded into the state of two
/// words a, b by a round that is a bijection of the state for any given block and tweak t:
///
/// ```
/// a = (rotr(a ^ t, 8) + b) ^ (low product + y)
/// b = (rotl(b, 3) ^ a) + (high product ^ x)
/// ```
///
/// So two states that differ still differ after any block: a block whose product is zero, which a plain multiply-and-fold
/// would let cancel all before it, only adds itself. The products, which cost most, do not wait for one another; what
/// goes from block to block takes few cycles. Two numbers are a block with the tweak 0. A byte string is cut into blocks of
/// 16 bytes, the last of which overlaps the one before where the length asks for it; the first has the string's tag and
/// length for its tweak, so that no two sequences of elements have the same blocks and tweaks. Up to 8 bytes are a block
/// with y = 0, up to 16 their first and their last eight.
///
/// Source: the multiplication is that of wyhash (Wang Yi), the round that of Speck128 (Beaulieu et al.), the zero-safe
/// use of both our own; docs/decisions/0004 has what else was tried.
public final class Fingerprint {
    private static final long C1 = 0x9E3779B97F4A7C15L;
    private static final long C2 = 0xC2B2AE3D27D4EB4FL;

    private static final int BLOCK_BYTES = 16;

    private final long startA;
    private final long startB;
    private final long k1;
    private final long k2;
    private long a;
    private long b;

    public Fingerprint(FingerprintKey key) {
        k1 = finish(key.high() + C1);
        k2 = finish(key.low() + C2);
        startA = finish(k1 ^ key.low());
        startB = finish(k2 ^ key.high());
        reset();
    }

    public void reset() {
        a = startA;
        b = startB;
    }

    /// Goes on from a state that [#stateHigh] and [#stateLow] gave.
    public void resume(long stateHigh, long stateLow) {
        a = stateHigh;
        b = stateLow;
    }

    public long stateHigh() {
        return a;
    }

    public long stateLow() {
        return b;
    }

    public void add(long x, long y) {
        long p = x ^ k1;
        long q = y ^ k2;
        a = (Long.rotateRight(a, 8) + b) ^ (p * q + y);
        b = (Long.rotateLeft(b, 3) ^ a) + (Math.multiplyHigh(p, q) ^ x);
    }

    /// Adds a byte string; its array is readable up to 7 bytes behind it.
    ///
    /// @param tag tells this element from others, 0 to 2^31 - 1
    /// @return a keyed hash of the bytes by themselves, for a table in which they are looked for
    public int add(int tag, byte[] bytes, int from, int length) {
        long tweak = (long) tag << 32 | length;
        if (length > BLOCK_BYTES) {
            return addLong(tweak, bytes, from, length);
        }
        long x;
        long y;
        if (length > 8) {
            x = LittleEndian.getLong(bytes, from);
            y = LittleEndian.getLong(bytes, from + length - 8);
        } else {
            x = LittleEndian.getTail(bytes, from, length);
            y = 0;
        }
        long p = x ^ k1;
        long q = y ^ k2;
        long low = p * q;
        long high = Math.multiplyHigh(p, q);
        a = (Long.rotateRight(a ^ tweak, 8) + b) ^ (low + y);
        b = (Long.rotateLeft(b, 3) ^ a) + (high ^ x);
        return folded(low ^ high);
    }

    /// With the state in locals: a field would cost as much again.
    private int addLong(long tweak, byte[] bytes, int from, int length) {
        long stateA = a ^ tweak;
        long stateB = b;
        long hash = 0;
        int last = from + length - BLOCK_BYTES;
        for (int at = from; at < last; at += BLOCK_BYTES) {
            long x = LittleEndian.getLong(bytes, at);
            long y = LittleEndian.getLong(bytes, at + 8);
            long p = x ^ k1;
            long q = y ^ k2;
            long low = p * q;
            long high = Math.multiplyHigh(p, q);
            stateA = (Long.rotateRight(stateA, 8) + stateB) ^ (low + y);
            stateB = (Long.rotateLeft(stateB, 3) ^ stateA) + (high ^ x);
            hash = Long.rotateLeft(hash, 29) ^ low ^ high;
        }
        long x = LittleEndian.getLong(bytes, last);
        long y = LittleEndian.getLong(bytes, last + 8);
        long p = x ^ k1;
        long q = y ^ k2;
        long low = p * q;
        long high = Math.multiplyHigh(p, q);
        a = (Long.rotateRight(stateA, 8) + stateB) ^ (low + y);
        b = (Long.rotateLeft(stateB, 3) ^ a) + (high ^ x);
        return folded(Long.rotateLeft(hash, 29) ^ low ^ high);
    }

    private static int folded(long hash) {
        return (int) (hash ^ hash >>> 32);
    }

    /// The upper word of the fingerprint of all that was added.
    public long high() {
        return finish(a + Long.rotateLeft(b, 17) * C1);
    }

    /// The lower word.
    public long low() {
        return finish(b ^ finish(a ^ k2));
    }

    /// Source: the finalizer of MurmurHash3, 64 bits.
    static long finish(long x) {
        x = (x ^ x >>> 33) * 0xff51afd7ed558ccdL;
        x = (x ^ x >>> 33) * 0xc4ceb9fe1a85ec53L;
        return x ^ x >>> 33;
    }
}
