package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.model.FingerprintKey;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    private static final FingerprintKey KEY = new FingerprintKey(77, 88);

    /// The first word of a block whose product is zero, as only who knows the key can make it.
    private static final long ZEROING = Fingerprint.finish(KEY.high() + 0x9E3779B97F4A7C15L);

    @Test
    void noBlockCancelsWhatCameBeforeIt() {
        Random random = new Random(1);
        Set<String> seen = new HashSet<>();
        Fingerprint fingerprint = new Fingerprint(KEY);
        for (int i = 0; i < 20_000; i++) {
            fingerprint.reset();
            fingerprint.add(i, 0);
            for (int n = 0; n < 4; n++) {
                fingerprint.add(ZEROING, random.nextInt(3));
            }
            fingerprint.add(0, 0);
            assertThat(seen.add(fingerprint.high() + "," + fingerprint.low())).isTrue();
        }
    }

    @Test
    void theZeroingBlockIsIndeedOne() {
        Fingerprint fingerprint = new Fingerprint(KEY);
        fingerprint.resume(0, 0);
        fingerprint.add(ZEROING, 0);
        long high = fingerprint.stateHigh();
        fingerprint.resume(0, 0);
        fingerprint.add(ZEROING, 5);

        // With a product of zero, the second word moves the first state by itself alone.
        assertThat(fingerprint.stateHigh() - high).isEqualTo(5);
    }

    @Test
    void bytesOfEveryLengthAndTagDiffer() {
        Set<Long> highs = new HashSet<>();
        Set<Long> lows = new HashSet<>();
        byte[] zeros = new byte[200];
        for (int tag = 0; tag < 20; tag++) {
            for (int length = 0; length < 100; length++) {
                Fingerprint fingerprint = new Fingerprint(KEY);
                fingerprint.add(tag, zeros, 3, length);
                assertThat(highs.add(fingerprint.high())).isTrue();
                assertThat(lows.add(fingerprint.low())).isTrue();
            }
        }
    }

    @Test
    void everyBitOfTheBytesCountsAndNoneBehindThem() {
        for (int length = 0; length < 70; length++) {
            byte[] bytes = new byte[length + 16];
            long before = low(bytes, length);
            Set<Long> lows = new HashSet<>();
            for (int bit = 0; bit < 8 * (length + 8); bit++) {
                bytes[bit >>> 3] ^= (byte) (1 << (bit & 7));
                if (bit < 8 * length) {
                    assertThat(lows.add(low(bytes, length))).isTrue();
                } else {
                    assertThat(low(bytes, length)).isEqualTo(before);
                }
                bytes[bit >>> 3] ^= (byte) (1 << (bit & 7));
            }
            assertThat(lows).doesNotContain(before);
        }
    }

    private static long low(byte[] bytes, int length) {
        Fingerprint fingerprint = new Fingerprint(KEY);
        fingerprint.add(1, bytes, 0, length);
        return fingerprint.low();
    }
}
