package io.openwit.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KnownBatchesTest {
    private static BatchId id(String node, int incarnation, long epoch, long sequence) {
        return new BatchId(new NodeId(node), incarnation, epoch, sequence);
    }

    @Test
    void whatWasAddedIsKnownAndNothingElseInAnyOrder() {
        long seed = 4;
        Random random = new Random(seed);
        KnownBatches known = new KnownBatches();
        Set<BatchId> model = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            BatchId id = id(random.nextBoolean() ? "n-1" : "n-1-00000001", 1, 1 + random.nextInt(2), random.nextInt(3000));
            if (i % 3 == 0) {
                assertThat(known.contains(id)).as("seed %s, %s", seed, id).isEqualTo(model.contains(id));
            } else {
                assertThat(known.add(id)).as("seed %s, %s", seed, id).isEqualTo(model.add(id));
            }
        }
        KnownBatches decoded = KnownBatches.decode(known.encoded());
        assertThat(decoded.encoded()).isEqualTo(known.encoded());
        assertThat(decoded.ranges()).isEqualTo(known.ranges());
        model.forEach(id -> assertThat(decoded.contains(id)).isTrue());
    }

    @Test
    void batchesThatFollowOneAnotherAreOneRange() {
        KnownBatches odd = new KnownBatches();
        KnownBatches even = new KnownBatches();
        for (int i = 1; i <= 1000; i++) {
            (i % 2 == 0 ? even : odd).add(id("n1", 0x5e0f93aa, 3, i));
        }
        assertThat(odd.ranges()).isEqualTo(500);

        odd.addAll(even);

        assertThat(odd.ranges()).isEqualTo(1);
        assertThat(odd.encoded()).isEqualTo("n1-5e0f93aa-3:1-1000");
    }

    @Test
    void theLargestSequenceIsABatchLikeAnyOther() {
        KnownBatches known = new KnownBatches();
        assertThat(known.add(id("n1", 0, 1, Long.MAX_VALUE))).isTrue();
        assertThat(known.add(id("n1", 0, 1, 0))).isTrue();
        assertThat(known.contains(id("n1", 0, 1, Long.MAX_VALUE))).isTrue();
        assertThat(known.contains(id("n1", 0, 1, 1))).isFalse();
        assertThat(KnownBatches.decode(known.encoded()).ranges()).isEqualTo(2);
    }

    @Test
    void nonsenseIsNotRead() {
        for (String text : new String[] {"n1", "n1-5e0f93aa-3:", "n1-5e0f93aa-3:5-4", "n1-5e0f93aa-3:x", ";"}) {
            assertThatThrownBy(() -> KnownBatches.decode(text)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(KnownBatches.decode("").ranges()).isZero();
    }
}
