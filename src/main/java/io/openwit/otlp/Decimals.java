package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Bytes;

/// Writes numbers as decimal text: as `Long.toString` and `Double.toString` do, without an object. Not thread-safe.
final class Decimals {
    private static final int MAX_DIGITS = 20;
    private static final byte[] LEAST_LONG = Long.toString(Long.MIN_VALUE).getBytes(US_ASCII);

    /// Within these `Double.toString` writes no exponent.
    private static final double LEAST_PLAIN = 1e-3;

    private static final double LEAST_SCIENTIFIC = 1e7;

    private static final int FRACTION_DIGITS = 6;
    private static final double FRACTION_SCALE = 1e6;

    private static final byte[] PAIRS = pairs();

    private final byte[] digits = new byte[MAX_DIGITS + Bytes.SLACK];
    private final StringBuilder scientific = new StringBuilder(32);

    private static byte[] pairs() {
        byte[] pairs = new byte[200];
        for (int i = 0; i < 100; i++) {
            pairs[2 * i] = (byte) ('0' + i / 10);
            pairs[2 * i + 1] = (byte) ('0' + i % 10);
        }
        return pairs;
    }

    void put(long value, Bytes text) {
        if (value == Long.MIN_VALUE) {
            text.put(LEAST_LONG, 0, LEAST_LONG.length);
            return;
        }
        if (value < 0) {
            text.put((byte) '-');
        }
        int from = write(Math.abs(value), MAX_DIGITS);
        text.putText(digits, from, MAX_DIGITS - from);
    }

    /// Writes the digits of a number that is not negative so that the last one stands before `end`.
    ///
    /// @return where the first stands
    private int write(long value, int end) {
        int at = end;
        long left = value;
        while (left > Integer.MAX_VALUE) {
            long hundredth = left / 100;
            int pair = (int) (left - hundredth * 100) * 2;
            digits[--at] = PAIRS[pair + 1];
            digits[--at] = PAIRS[pair];
            left = hundredth;
        }
        int rest = (int) left;
        while (rest >= 100) {
            int hundredth = rest / 100;
            int pair = (rest - hundredth * 100) * 2;
            digits[--at] = PAIRS[pair + 1];
            digits[--at] = PAIRS[pair];
            rest = hundredth;
        }
        digits[--at] = PAIRS[rest * 2 + 1];
        if (rest >= 10) {
            digits[--at] = PAIRS[rest * 2];
        }
        return at;
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
        int from = write(whole, MAX_DIGITS);
        text.putText(digits, from, MAX_DIGITS - from);
        text.put((byte) '.');
        // One digit in front keeps the zeros that a fraction begins with.
        int first = write(fraction + (long) FRACTION_SCALE, MAX_DIGITS) + 1;
        int end = MAX_DIGITS;
        while (end > first + 1 && digits[end - 1] == '0') {
            end--;
        }
        text.putText(digits, first, Math.min(end - first, FRACTION_DIGITS));
    }
}
