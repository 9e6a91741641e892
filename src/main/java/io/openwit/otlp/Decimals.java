package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;

/// Writes numbers as decimal text: as `Long.toString` and `Double.toString` do, without an object. Not thread-safe.
final class Decimals {
    private static final byte[] LEAST_LONG = Long.toString(Long.MIN_VALUE).getBytes(US_ASCII);

    /// Within these `Double.toString` writes no exponent.
    private static final double LEAST_PLAIN = 1e-3;

    private static final double LEAST_SCIENTIFIC = 1e7;

    private static final double FRACTION_SCALE = 1e6;

    private static final int WORD_DIGITS = 8;
    private static final long WORD = 100_000_000;
    private static final long ZEROS = 0x3030303030303030L;

    private final StringBuilder scientific = new StringBuilder(32);

    void put(long value, Bytes text) {
        if (value == Long.MIN_VALUE) {
            text.put(LEAST_LONG, 0, LEAST_LONG.length);
            return;
        }
        if (value < 0) {
            text.put((byte) '-');
        }
        putNatural(Math.abs(value), text);
    }

    private static void putNatural(long value, Bytes text) {
        if (value < WORD) {
            long digits = digits((int) value);
            // The last digit is written also where it is 0.
            int zeros = Long.numberOfTrailingZeros(digits | 1L << 56) >>> 3;
            text.putWord((digits | ZEROS) >>> 8 * zeros, WORD_DIGITS - zeros);
            return;
        }
        long upper = value / WORD;
        putNatural(upper, text);
        text.putWord(digits((int) (value - upper * WORD)) | ZEROS, WORD_DIGITS);
    }

    /// The eight decimal digits of a number, a byte each and 0 to 9, the first in the lowest byte.
    ///
    /// The number is split into two of four digits, these into four of two, and these into eight of one, side by side in
    /// the word: by multiplying with what the reciprocals of 100 and 10 are as fractions of 2^19 and 2^10.
    private static long digits(int value) {
        long fours = value / 10_000 | (long) (value % 10_000) << 32;
        long hundreds = fours * 5243 >>> 19 & 0x7F_0000_007FL;
        long twos = hundreds | fours - hundreds * 100 << 16;
        long tens = twos * 103 >>> 10 & 0x000F_000F_000F_000FL;
        return tens | twos - tens * 10 << 8;
    }

    /// @param value any double
    void put(double value, Bytes text) {
        double size = Math.abs(value);
        if (size >= LEAST_PLAIN && size < LEAST_SCIENTIFIC) {
            // A decimal of up to 15 digits that is read as this double is the only one so short: no other would be written.
            long millionths = Math.round(size * FRACTION_SCALE);
            if (millionths / FRACTION_SCALE == size) {
                plain(value < 0, millionths, text);
                return;
            }
        }
        scientific.setLength(0);
        scientific.append(value);
        for (int i = 0; i < scientific.length(); i++) {
            text.put((byte) scientific.charAt(i));
        }
    }

    private void plain(boolean negative, long millionths, Bytes text) {
        if (negative) {
            text.put((byte) '-');
        }
        long whole = millionths / (long) FRACTION_SCALE;
        int fraction = (int) (millionths - whole * (long) FRACTION_SCALE);
        putNatural(whole, text);
        // Of the eight digits the first two are zeros; the point takes the place of one of them.
        long digits = digits(fraction) >>> 16;
        int count = Math.max(1, Long.SIZE + 7 - Long.numberOfLeadingZeros(digits) >>> 3);
        text.putWord((digits | ZEROS) << 8 | '.', count + 1);
    }
}
