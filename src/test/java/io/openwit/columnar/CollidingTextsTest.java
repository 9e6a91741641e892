package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Texts made by somebody who knows the dictionary's hash, which is no secret.
class CollidingTextsTest {
    private static final int TEXTS = 20_000;
    private static final int LENGTH = 24;
    private static final long C1 = 0x9E3779B97F4A7C15L;
    private static final long C2 = 0xC2B2AE3D27D4EB4FL;
    private static final long BAD = 0x8080808080808080L;

    /// Without a bound on the steps each look-up would pass all texts before it: 400 million comparisons, twice.
    @Test
    void textsOfOneHashTakeABoundedNumberOfStepsEach() {
        Dictionary dictionary = new Dictionary(new RowJournal());
        byte[] texts = texts();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < TEXTS; i++) {
                dictionary.index(texts, LENGTH * i, LENGTH);
            }
        }

        // Those beyond the bound have no slot and were entered twice: so they do collide.
        assertThat(dictionary.size()).as("texts that collide").isEqualTo(2 * TEXTS - Dictionary.MAX_PROBES);
        assertThat(threads.getCurrentThreadCpuTime() - start).isLessThan(2_000_000_000L);
    }

    /// Texts of three ASCII words of which the last undoes what the hash makes of the second: a factor of it is zero.
    private static byte[] texts() {
        SplittableRandom random = new SplittableRandom(5);
        byte[] texts = new byte[LENGTH * TEXTS + Bytes.SLACK];
        for (int i = 0; i < TEXTS; ) {
            long second = random.nextLong() & ~BAD;
            long hash = (LENGTH ^ second) * C1;
            long third = (hash ^ hash >>> 32 ^ -C2) * inverse(C2);
            if ((third & BAD) == 0) {
                LittleEndian.putLong(texts, LENGTH * i, random.nextLong() & ~BAD);
                LittleEndian.putLong(texts, LENGTH * i + 8, second);
                LittleEndian.putLong(texts, LENGTH * i + 16, third);
                i++;
            }
        }
        return texts;
    }

    /// What an odd number times is 1, by Newton's iteration.
    private static long inverse(long odd) {
        long inverse = odd;
        for (int i = 0; i < 6; i++) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }
}
