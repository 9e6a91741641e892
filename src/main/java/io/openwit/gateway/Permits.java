package io.openwit.gateway;

import io.openwit.model.Clocks;
import io.openwit.model.Outcome.Throttled;
import io.openwit.telemetry.Metrics;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Room for requests that are not answered yet: bytes after decompression, and a number of requests.
///
/// A request's permits cover its body while that is read, and then its share of the open and of the sealed batches, so
/// that all of them together never hold more than the limit. Thread-safe.
final class Permits {
    /// Bounds of the delay that a throttled client hears.
    static final Duration MIN_DELAY = Duration.ofMillis(100);

    static final Duration MAX_DELAY = Duration.ofSeconds(30);

    /// A new sample of the drain rate is taken when the last one is so old.
    private static final long SAMPLE_NANOS = 200_000_000L;

    /// The weight of a new sample.
    private static final double SAMPLE_WEIGHT = 0.3;

    private final long maxBytes;
    private final int maxRequests;
    private final Clocks clocks;
    private final Metrics metrics;
    private final Jitter jitter;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicInteger usedRequests = new AtomicInteger();
    private final AtomicLong drainedBytes = new AtomicLong();

    // The measured rate; guarded by this.
    private long sampledNanos;
    private long sampledDrained;
    private double bytesPerSecond;

    Permits(long maxBytes, int maxRequests, Clocks clocks, Metrics metrics, Jitter jitter) {
        this.maxBytes = maxBytes;
        this.maxRequests = maxRequests;
        this.clocks = clocks;
        this.metrics = metrics;
        this.jitter = jitter;
        sampledNanos = clocks.monotonicNanos();
        metrics.memoryPermitsBytes.labelValues("limit").set(maxBytes);
        metrics.memoryPermitsBytes.labelValues("used").set(0);
    }

    boolean takeRequest() {
        if (usedRequests.incrementAndGet() > maxRequests) {
            usedRequests.decrementAndGet();
            return false;
        }
        return true;
    }

    void giveRequest() {
        usedRequests.decrementAndGet();
    }

    boolean takeBytes(long bytes) {
        if (usedBytes.addAndGet(bytes) > maxBytes) {
            usedBytes.addAndGet(-bytes);
            return false;
        }
        metrics.memoryPermitsBytes.labelValues("used").inc(bytes);
        return true;
    }

    void giveBytes(long bytes) {
        if (bytes == 0) {
            return;
        }
        usedBytes.addAndGet(-bytes);
        metrics.memoryPermitsBytes.labelValues("used").dec(bytes);
        drainedBytes.addAndGet(bytes);
        sample();
    }

    long usedBytes() {
        return usedBytes.get();
    }

    int usedRequests() {
        return usedRequests.get();
    }

    /// The answer for a request that found no room: come again when half of what is used now will have drained, at the
    /// rate measured of late.
    Throttled throttled(String what) {
        double rate = sample();
        long used = usedBytes.get();
        double seconds = rate <= 0 ? MAX_DELAY.toSeconds() : used / 2.0 / rate;
        long nanos = jitter.around((long) (Math.min(seconds, MAX_DELAY.toSeconds()) * 1e9));
        Duration delay = Duration.ofNanos(Math.clamp(nanos, MIN_DELAY.toNanos(), MAX_DELAY.toNanos()));
        return new Throttled(false, delay, what);
    }

    /// The rate at which permits came back, in bytes per second: a moving average that falls while nothing comes back.
    private synchronized double sample() {
        long elapsed = clocks.monotonicNanos() - sampledNanos;
        if (elapsed >= SAMPLE_NANOS) {
            long drained = drainedBytes.get();
            double now = (drained - sampledDrained) / (elapsed / 1e9);
            // One long silence counts as the several samples that it is.
            double weight = 1 - Math.pow(1 - SAMPLE_WEIGHT, (double) elapsed / SAMPLE_NANOS);
            bytesPerSecond += weight * (now - bytesPerSecond);
            sampledDrained = drained;
            sampledNanos += elapsed;
        }
        return bytesPerSecond;
    }
}
