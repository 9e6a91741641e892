package io.openwit.ingest.dedup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DedupWindowTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void aFingerprintIsNewOnce() {
        try (DedupWindow window = new DedupWindow(100, 10 * SECOND)) {
            assertThat(window.add(1, 2)).isTrue();
            assertThat(window.add(1, 2)).isFalse();
            assertThat(window.add(1, 3)).isTrue();
            assertThat(window.add(2, 2)).isTrue();
            assertThat(window.contains(1, 3)).isTrue();
            assertThat(window.contains(3, 3)).isFalse();
            assertThat(window.entries()).isEqualTo(3);
        }
    }

    @Test
    void aFingerprintLeavesWithAge() {
        try (DedupWindow window = new DedupWindow(100, 10 * SECOND)) {
            window.moveTo(5 * SECOND);
            window.add(1, 1);
            window.moveTo(14 * SECOND);
            assertThat(window.contains(1, 1)).isTrue();
            window.moveTo(15 * SECOND + SECOND / 10);

            assertThat(window.contains(1, 1)).isFalse();
            assertThat(window.add(1, 1)).isTrue();
            assertThat(window.evictedEarly()).isZero();
        }
    }

    @Test
    void aFingerprintThatComesAgainDoesNotStayLonger() {
        try (DedupWindow window = new DedupWindow(100, 10 * SECOND)) {
            window.add(1, 1);
            window.moveTo(9 * SECOND);
            assertThat(window.add(1, 1)).isFalse();
            window.moveTo(11 * SECOND);

            assertThat(window.contains(1, 1)).isFalse();
        }
    }

    @Test
    void whenItIsFullTheOldestLeavesEarlyAndIsCounted() {
        try (DedupWindow window = new DedupWindow(1500, 10 * SECOND)) {
            for (int i = 0; i < 1501; i++) {
                window.add(i, i);
            }
            window.publish();

            assertThat(window.contains(0, 0)).isFalse();
            assertThat(window.contains(1, 1)).isTrue();
            assertThat(window.entries()).isEqualTo(1500);
            assertThat(window.evictedEarly()).isEqualTo(1);
        }
    }

    @Test
    void whatIsWithdrawnIsNewAgain() {
        try (DedupWindow window = new DedupWindow(10_000, 10 * SECOND)) {
            window.add(1, 1);
            window.publish();
            for (int i = 2; i < 5_000; i++) {
                window.add(i, i);
            }
            window.withdraw();

            assertThat(window.entries()).isEqualTo(1);
            assertThat(window.contains(1, 1)).isTrue();
            assertThat(window.contains(4_000, 4_000)).isFalse();
            assertThat(window.add(2, 2)).isTrue();
        }
    }

    @Test
    void aLongPauseForgetsEverything() {
        try (DedupWindow window = new DedupWindow(10_000, 10 * SECOND)) {
            window.add(1, 1);
            window.moveTo(400L * 86_400 * SECOND);
            assertThat(window.contains(1, 1)).isFalse();
            assertThat(window.entries()).isZero();
        }
    }

    @Test
    void limitsAreChecked() {
        assertThatThrownBy(() -> new DedupWindow(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new DedupWindow(DedupWindow.MAX_ENTRIES + 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void itBehavesAsAMapWithTimes() {
        long seed = System.identityHashCode(new Object());
        Random random = new Random(seed);
        for (int maxEntries : new int[] {1, 7, 1000, 1024, 3000}) {
            Model model = new Model(maxEntries);
            long age = 0;
            try (DedupWindow window = new DedupWindow(maxEntries, Model.WINDOW_UNITS - 1 << 24)) {
                for (int step = 0; step < 60_000; step++) {
                    int what = random.nextInt(1000);
                    if (what < 3) {
                        age += random.nextLong(200L << 24);
                        window.moveTo(age);
                        model.now = age >> 24;
                    } else if (what < 5) {
                        window.withdraw();
                        model.withdraw();
                    } else if (what < 10) {
                        window.publish();
                        model.tentative.clear();
                    } else {
                        // Few values of the low word, so that probes run into one another.
                        long high = random.nextInt(maxEntries * 2 + 10);
                        long low = high % 5;
                        assertThat(window.contains(high, low))
                                .as("seed=%d entries=%d step=%d", seed, maxEntries, step)
                                .isEqualTo(model.contains(high));
                        assertThat(window.add(high, low))
                                .as("seed=%d entries=%d step=%d", seed, maxEntries, step)
                                .isEqualTo(model.add(high));
                    }
                }
            }
        }
    }

    /// A window that is a map. Old entries take places until they are removed, as the real one's do: it removes at most some at a
    /// time, which shows in nothing but early evictions, so the model removes all at once and the sizes are chosen to fit.
    private static final class Model {
        static final long WINDOW_UNITS = 500;

        private final int maxEntries;
        private final Map<Long, Long> ageOf = new HashMap<>();
        private final ArrayDeque<Long> order = new ArrayDeque<>();
        private final List<Long> tentative = new ArrayList<>();
        private long now;

        private Model(int maxEntries) {
            this.maxEntries = maxEntries;
        }

        private void expire() {
            while (!order.isEmpty() && now - ageOf.get(order.peekFirst()) > WINDOW_UNITS) {
                forgetOldest();
            }
        }

        private void forgetOldest() {
            Long oldest = order.removeFirst();
            ageOf.remove(oldest);
            tentative.remove(oldest);
        }

        private boolean contains(long key) {
            expire();
            return ageOf.containsKey(key);
        }

        private boolean add(long key) {
            expire();
            if (ageOf.containsKey(key)) {
                return false;
            }
            if (order.size() == maxEntries) {
                forgetOldest();
            }
            ageOf.put(key, now);
            order.addLast(key);
            tentative.add(key);
            return true;
        }

        private void withdraw() {
            while (!tentative.isEmpty()) {
                Long key = tentative.removeLast();
                ageOf.remove(key);
                order.removeLast();
            }
        }
    }
}
