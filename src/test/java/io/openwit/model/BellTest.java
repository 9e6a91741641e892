package io.openwit.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BellTest {
    @Test
    @Timeout(20)
    void aRingBeforeTheWaitEndsIt() {
        Bell bell = new Bell();
        bell.ring();

        bell.await(TimeUnit.HOURS.toNanos(1));
    }

    @Test
    @Timeout(20)
    void noRingIsLostBetweenTwoThreads() throws InterruptedException {
        Bell bell = new Bell();
        AtomicInteger offered = new AtomicInteger();
        int rounds = 20_000;
        Thread waiter = Thread.ofPlatform().start(() -> {
            int seen = 0;
            while (seen < rounds) {
                int now = offered.get();
                if (now == seen) {
                    bell.await(TimeUnit.HOURS.toNanos(1));
                }
                seen = now;
            }
        });

        for (int i = 0; i < rounds; i++) {
            offered.incrementAndGet();
            bell.ring();
        }
        waiter.join();

        assertThat(waiter.isAlive()).isFalse();
    }
}
