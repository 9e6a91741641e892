package io.openwit.server;

import io.openwit.load.Latency;
import io.openwit.load.LatencyHistogram;
import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.Clocks;
import io.openwit.model.Outcome;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;

/// Callers that each send a batch, wait for the answer, and send the next. Each is a virtual thread, as behind a door.
final class Producers {
    private static final Duration REFUSED_PAUSE = Duration.ofMillis(5);
    private static final Duration END_LIMIT = Duration.ofMinutes(1);

    private final int count;
    private final Clocks clocks;

    /// @param refused answers that were not *Accepted*; their batches were sent again
    /// @param firstRefusal empty where there was none
    record Result(long batches, long bytes, long refused, String firstRefusal, long nanos, Latency latency) {
        double bytesPerSecond() {
            return bytes * 1e9 / nanos;
        }

        double batchesPerSecond() {
            return batches * 1e9 / nanos;
        }
    }

    Producers(int count, Clocks clocks) {
        this.count = count;
        this.clocks = clocks;
    }

    /// Sends until the time is over or the batches are at an end, and returns when all are answered.
    ///
    /// @param batches by their number, from 0; asked by many threads at once
    /// @param maxBatches that are sent
    Result run(BatchConsumer node, LongFunction<Batch> batches, Duration time, long maxBatches)
            throws InterruptedException {
        LatencyHistogram latencies = new LatencyHistogram();
        AtomicLong next = new AtomicLong();
        LongAdder sent = new LongAdder();
        LongAdder bytes = new LongAdder();
        LongAdder refused = new LongAdder();
        ConcurrentLinkedQueue<Outcome> refusals = new ConcurrentLinkedQueue<>();
        long began = clocks.monotonicNanos();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            for (int i = 0; i < count; i++) {
                threads.execute(() -> {
                    while (clocks.monotonicNanos() - began < time.toNanos()) {
                        long number = next.getAndIncrement();
                        if (number >= maxBatches) {
                            return;
                        }
                        Batch batch = batches.apply(number);
                        long sending = clocks.monotonicNanos();
                        Outcome outcome = node.consume(batch);
                        while (!(outcome instanceof Outcome.Accepted)) {
                            refused.increment();
                            if (refusals.isEmpty()) {
                                refusals.add(outcome);
                            }
                            if (!(outcome instanceof Outcome.Throttled)
                                    || clocks.monotonicNanos() - began >= time.toNanos()) {
                                return;
                            }
                            pause();
                            outcome = node.consume(batch);
                        }
                        latencies.record(clocks.monotonicNanos() - sending);
                        sent.increment();
                        bytes.add(batch.bytes());
                    }
                });
            }
            threads.shutdown();
            if (!threads.awaitTermination(time.plus(END_LIMIT).toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("the log gave no answer for " + END_LIMIT.toSeconds() + " s");
            }
        } finally {
            threads.shutdownNow();
        }
        long nanos = clocks.monotonicNanos() - began;
        Outcome first = refusals.peek();
        return new Result(
                sent.sum(), bytes.sum(), refused.sum(), first == null ? "" : first.toString(), nanos, latencies.snapshot());
    }

    private static void pause() {
        LockSupport.parkNanos(REFUSED_PAUSE.toNanos());
    }
}
