package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.UTF_8;

/// Checks text and mends it: Arrow's utf8 must be valid, and protobuf's need not be.
public final class Utf8 {
    private static final long HIGH_BITS = 0x8080808080808080L;

    private Utf8() {}

    /// Reads up to 7 bytes behind the text.
    public static boolean isValid(byte[] bytes, int from, int length) {
        int at = from;
        int end = from + length;
        while (at < end) {
            if (at + 8 <= end && (LittleEndian.getLong(bytes, at) & HIGH_BITS) == 0) {
                at += 8;
                continue;
            }
            int lead = bytes[at];
            if (lead >= 0) {
                at++;
                continue;
            }
            int width = width(bytes, at, end);
            if (width == 0) {
                return false;
            }
            at += width;
        }
        return true;
    }

    /// The text with U+FFFD for what is not UTF-8, as Java's decoder replaces it.
    public static byte[] mended(byte[] bytes, int from, int length) {
        return new String(bytes, from, length, UTF_8).getBytes(UTF_8);
    }

    /// Bytes of the character of more than one byte that begins at `at`; 0 where it is none.
    ///
    /// Source: RFC 3629, section 4.
    private static int width(byte[] bytes, int at, int end) {
        int lead = bytes[at] & 0xff;
        int width = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
        if (width == 0 || at + width > end) {
            return 0;
        }
        int second = bytes[at + 1] & 0xff;
        int least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        int most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (second < least || second > most) {
            return 0;
        }
        for (int i = 2; i < width; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return width;
    }
}
