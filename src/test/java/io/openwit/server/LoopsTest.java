package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.openwit.model.Bell;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LoopsTest {
    private static final Duration SECOND = Duration.ofSeconds(5);

    private final Telemetry telemetry = new Telemetry(new SystemClocks(), OpenTelemetry.noop());
    private final Loops loops = new Loops(telemetry.alarms(), Duration.ofMillis(1));

    /// Counts its steps; throws while it is told to.
    private static class Counting implements Stepper {
        final AtomicInteger steps = new AtomicInteger();
        final AtomicReference<String> thread = new AtomicReference<>("");
        final Bell bell = new Bell();
        volatile boolean failing;

        @Override
        public boolean step() {
            thread.set(Thread.currentThread().getName());
            steps.incrementAndGet();
            if (failing) {
                throw new IllegalStateException("told to");
            }
            return false;
        }

        @Override
        public void awaitWork(long maxNanos) {
            bell.await(maxNanos);
        }
    }

    @Test
    void aStepperHasAThreadOfItsNameUntilItIsStopped() {
        Counting stepper = new Counting();
        loops.start("handoff", stepper);
        await().until(() -> stepper.steps.get() > 1);

        assertThat(stepper.thread).hasValue("handoff");
        assertThat(loops.stop("handoff", SECOND)).isTrue();
        int steps = stepper.steps.get();
        stepper.bell.ring();
        assertThat(stepper.steps).hasValue(steps);
    }

    @Test
    void stoppingDoesNotWaitForTheEndOfAnIdleWait() {
        Counting stepper = new Counting();
        loops.start("idle", new Stepper() {
            @Override
            public boolean step() {
                return stepper.step();
            }

            @Override
            public void awaitWork(long maxNanos) {
                stepper.bell.await(TimeUnit.MINUTES.toNanos(1));
            }
        });
        await().until(() -> stepper.steps.get() > 0);

        assertThat(loops.stop("idle", SECOND)).isTrue();
    }

    @Test
    void aStepThatThrowsIsAlarmedAndTriedAgainUntilItSucceeds() {
        Counting stepper = new Counting();
        stepper.failing = true;
        loops.start("archive", stepper);
        await().until(() -> stepper.steps.get() > 3);

        assertThat(telemetry.alarms().standing()).containsKey("loop-archive");
        stepper.failing = false;
        await().until(() -> telemetry.alarms().standing().isEmpty());
        assertThat(loops.stop("archive", SECOND)).isTrue();
    }

    @Test
    void aCriticalLoopThatThrowsEndsAndSaysSoOnce() {
        Counting stepper = new Counting();
        stepper.failing = true;
        AtomicInteger told = new AtomicInteger();
        loops.startCritical("wal-writer", stepper, thrown -> told.incrementAndGet());

        await().until(() -> told.get() > 0);
        assertThat(loops.stop("wal-writer", SECOND)).isTrue();
        assertThat(told).hasValue(1);
        assertThat(stepper.steps).hasValue(1);
    }

    @Test
    void aLoopThatDoesNotEndIsReportedAndNeverInterrupted() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        CountDownLatch entered = new CountDownLatch(1);
        loops.start("stuck", new Stepper() {
            @Override
            public boolean step() {
                entered.countDown();
                try {
                    release.await();
                    interrupted.set(false);
                } catch (InterruptedException e) {
                    interrupted.set(true);
                }
                return false;
            }

            @Override
            public void awaitWork(long maxNanos) {}
        });
        entered.await();

        assertThat(loops.stop("stuck", Duration.ofMillis(50))).isFalse();
        release.countDown();
        assertThat(loops.stop("stuck", SECOND)).isTrue();
        assertThat(interrupted).hasValue(false);
    }

    @Test
    void twoLoopsCannotHaveOneName() {
        Counting stepper = new Counting();
        loops.start("a", stepper);

        assertThatThrownBy(() -> loops.start("a", stepper)).isInstanceOf(IllegalArgumentException.class);
        assertThat(loops.stop("a", SECOND)).isTrue();
        assertThat(loops.stop("never started", SECOND)).isTrue();
    }
}
