package io.openwit.storage;

import java.nio.ByteBuffer;

/// Whether bytes are UTF-8 as the Unicode standard has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
///
/// Source: The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
final class Utf8Check {
    private Utf8Check() {}

    /// Looks for the first sequence of bytes that is no character.
    ///
    /// @param bytes from 0 to its limit
    /// @return where the first sequence begins that is none; -1 where there is no such
    static int firstWrong(ByteBuffer bytes) {
        int end = bytes.limit();
        int at = 0;
        while (at < end) {
            int lead = bytes.get(at) & 0xff;
            if (lead < 0x80) {
                at++;
                continue;
            }
            int more;
            int low = 0x80;
            int high = 0xbf;
            if (lead >= 0xc2 && lead <= 0xdf) {
                more = 1;
            } else if (lead >= 0xe0 && lead <= 0xef) {
                more = 2;
                low = lead == 0xe0 ? 0xa0 : low;
                high = lead == 0xed ? 0x9f : high;
            } else if (lead >= 0xf0 && lead <= 0xf4) {
                more = 3;
                low = lead == 0xf0 ? 0x90 : low;
                high = lead == 0xf4 ? 0x8f : high;
            } else {
                return at;
            }
            if (end - at <= more) {
                return at;
            }
            int second = bytes.get(at + 1) & 0xff;
            if (second < low || second > high) {
                return at;
            }
            for (int i = 2; i <= more; i++) {
                if ((bytes.get(at + i) & 0xc0) != 0x80) {
                    return at;
                }
            }
            at += more + 1;
        }
        return -1;
    }
}
