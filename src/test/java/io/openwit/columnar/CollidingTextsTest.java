package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Texts made by somebody who knows the dictionary's hash, which is no secret.
class CollidingTextsTest {
    private static final int TEXTS = 20_000;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final long BAD = 0x8080808080808080L;

    /// Without a bound on the steps each look-up would pass all texts before it: 400 million comparisons, twice.
    @Test
    void textsOfOneHashTakeABoundedNumberOfStepsEach() {
        Dictionary dictionary = new Dictionary(new RowJournal());
        byte[] texts = texts();
        long start = System.nanoTime();
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < TEXTS; i++) {
                dictionary.index(texts, 16 * i, 16);
            }
        }

        // Those beyond the bound have no slot and were entered twice: so they do collide.
        assertThat(dictionary.size()).as("texts that collide").isEqualTo(2 * TEXTS - Dictionary.MAX_PROBES);
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
    }

    private static long ofLength(int length) {
        return length * MULTIPLIER;
    }

    /// Texts of two ASCII words of which the second undoes what the hash makes of the first.
    private static byte[] texts() {
        SplittableRandom random = new SplittableRandom(5);
        byte[] texts = new byte[16 * TEXTS + Bytes.SLACK];
        for (int i = 0; i < TEXTS; ) {
            long first = random.nextLong() & ~BAD;
            long hash = (ofLength(16) ^ first) * MULTIPLIER;
            long second = hash ^ hash >>> 32;
            if ((second & BAD) == 0) {
                LittleEndian.putLong(texts, 16 * i, first);
                LittleEndian.putLong(texts, 16 * i + 8, second);
                i++;
            }
        }
        return texts;
    }
}
