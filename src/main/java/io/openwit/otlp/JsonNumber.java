package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.math.BigDecimal;
import java.math.BigInteger;

/// Numbers as JSON writes them, from bytes to 64 bits, in a time that is bounded whatever they say.
final class JsonNumber {
    /// Longer numbers are refused: no number that fits a field needs them.
    static final int MAX_BYTES = 1000;

    private static final BigInteger MIN_SIGNED = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX_SIGNED = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger MAX_UNSIGNED = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);

    /// Digits that fit 64 bits without a sign whatever they are: a time in nanoseconds has as many.
    private static final int SAFE_DIGITS = 19;

    /// Digits that a double holds exactly whatever they are.
    private static final int EXACT_DIGITS = 15;

    /// Each of these is exact.
    private static final double[] POWERS_OF_TEN = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    private JsonNumber() {}

    /// Where the number that begins at `from` ends, or -1: there is none, or one of more than [#MAX_BYTES].
    static int end(byte[] in, int from, int to) {
        int whole = from < to && in[from] == '-' ? from + 1 : from;
        int i = digitsEnd(in, whole, to);
        if (i == whole || (i > whole + 1 && in[whole] == '0')) {
            return -1;
        }
        if (i < to && in[i] == '.') {
            int fraction = i + 1;
            i = digitsEnd(in, fraction, to);
            if (i == fraction) {
                return -1;
            }
        }
        if (i < to && (in[i] == 'e' || in[i] == 'E')) {
            int exponent = i + 1;
            if (exponent < to && (in[exponent] == '+' || in[exponent] == '-')) {
                exponent++;
            }
            i = digitsEnd(in, exponent, to);
            if (i == exponent) {
                return -1;
            }
        }
        return i - from > MAX_BYTES ? -1 : i;
    }

    private static int digitsEnd(byte[] in, int from, int to) {
        int i = from;
        while (i < to && in[i] >= '0' && in[i] <= '9') {
            i++;
        }
        return i;
    }

    /// The 64 bits of a whole number, whose form [#end] has judged. `1.0` and `1e3` are whole, as in protobuf's JSON
    /// mapping.
    ///
    /// @throws ArithmeticException it has a fraction, or does not fit
    static long integer(byte[] in, int from, int to, boolean signed) {
        boolean negative = in[from] == '-';
        int digits = negative ? from + 1 : from;
        if (to - digits <= SAFE_DIGITS) {
            long value = 0;
            int i = digits;
            while (i < to && in[i] >= '0' && in[i] <= '9') {
                value = value * 10 + (in[i++] - '0');
            }
            boolean fits = signed ? value >= 0 : !negative || value == 0;
            if (i == to && fits) {
                return negative ? -value : value;
            }
        }
        return longInteger(ascii(in, from, to), signed);
    }

    private static long longInteger(String text, boolean signed) {
        BigDecimal number = exact(text);
        if (number.signum() == 0) {
            return 0;
        }
        // The magnitude is judged before there are digits: those of 1e999999 would be a megabyte.
        if ((long) number.precision() - number.scale() > 20) {
            throw new ArithmeticException("which does not fit its field");
        }
        BigDecimal shortest = number.stripTrailingZeros();
        if (shortest.scale() > 0) {
            throw new ArithmeticException("which has to be whole");
        }
        BigInteger value = shortest.toBigIntegerExact();
        boolean fits = signed
                ? value.compareTo(MIN_SIGNED) >= 0 && value.compareTo(MAX_SIGNED) <= 0
                : value.signum() >= 0 && value.compareTo(MAX_UNSIGNED) <= 0;
        if (!fits) {
            throw new ArithmeticException("which does not fit its field");
        }
        return value.longValue();
    }

    private static BigDecimal exact(String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            // Its form is right, so only an exponent beyond 32 bits is left.
            throw new ArithmeticException("whose exponent is too large");
        }
    }

    /// The double nearest to a number, whose form [#end] has judged.
    ///
    /// @throws ArithmeticException it is beyond the largest double
    static double decimal(byte[] in, int from, int to) {
        int i = in[from] == '-' ? from + 1 : from;
        long mantissa = 0;
        int digits = 0;
        int fraction = 0;
        boolean inFraction = false;
        while (i < to && digits <= EXACT_DIGITS && in[i] != 'e' && in[i] != 'E') {
            if (in[i] == '.') {
                inFraction = true;
            } else {
                mantissa = mantissa * 10 + (in[i] - '0');
                digits++;
                fraction += inFraction ? 1 : 0;
            }
            i++;
        }
        if (i == to && digits <= EXACT_DIGITS) {
            // Both are exact, so the one rounding is the right one. Source: Clinger, "How to Read Floating Point
            // Numbers Accurately".
            double value = mantissa / POWERS_OF_TEN[fraction];
            return in[from] == '-' ? -value : value;
        }
        double value = Double.parseDouble(ascii(in, from, to));
        if (Double.isInfinite(value)) {
            throw new ArithmeticException("which is too large");
        }
        return value;
    }

    private static String ascii(byte[] in, int from, int to) {
        return new String(in, from, to - from, ISO_8859_1);
    }
}
