package io.openwit.load;

import com.sun.management.OperatingSystemMXBean;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// One run of load: sends requests with unique rows, and knows of each row whether it was acknowledged.
///
/// A row counts as acknowledged only when its request was answered OK and the answer rejected nothing of it. What fails
/// retryably, or is not answered at all, is sent again, the same bytes, after the delay that the server asked for, or
/// after 50 ms doubled up to 2 s with jitter; until it is acknowledged, refused for good, or the run's `duration` and
/// `grace` are over. Then it is reported as unacknowledged. A target that dies and returns to the same port is found
/// again.
///
/// Design note: a connection has lanes, each a task of the executor with one request in flight: one lane where the
/// acknowledgements set the pace, [#LANES_AT_A_RATE] over gRPC at a rate. A request's latency at a rate counts from the
/// moment when it was due, so that a stalled target cannot hide its stall. All lanes draw request numbers from one
/// counter, which decides signal, rows and content.
///
/// Thread-safe. The tasks block, so the executor should give each a virtual thread.
public final class LoadRun implements AutoCloseable {
    /// Requests in flight on one gRPC connection where a rate is set. HTTP/1.1 has one.
    public static final int LANES_AT_A_RATE = 8;

    private static final long FIRST_BACKOFF_NANOS = 50_000_000;
    private static final long MAX_BACKOFF_NANOS = 2_000_000_000;
    private static final long NANOS_PER_ROW_AT_MAX = 1_000;

    private final LoadOptions options;
    private final Clocks clocks;
    private final Executor executor;
    private final RandomGenerator random;
    private final long cpuStart;
    private final Map<Signal, SignalTally> tallies = new EnumMap<>(Signal.class);
    private final LatencyHistogram latencies = new LatencyHistogram();
    private final AtomicLong nextRequest = new AtomicLong();
    private final List<Sender> senders = new ArrayList<>();
    private final AtomicInteger lanesLeft = new AtomicInteger();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final AtomicReference<String> firstRefusal = new AtomicReference<>("");
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile String lastTrouble = "";

    // The two ends of the run, by the monotonic clock; guarded by the lock, and signalled when they change.
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition endsChanged = lock.newCondition();
    private boolean started;
    private volatile long startedNanos;
    private volatile long startedWallNanos;
    private volatile long beginUntilNanos;
    private volatile long giveUpNanos;
    private volatile long finishedNanos;
    private volatile long cpuFinished;

    /// Makes a run that does nothing before [#start].
    ///
    /// @param executor runs each lane, and the transports' callbacks: virtual threads, without a bound
    /// @param random for the jitter of the waits; the content depends on the options' seed alone
    public LoadRun(LoadOptions options, Clocks clocks, Executor executor, RandomGenerator random) {
        this.options = options;
        this.clocks = clocks;
        this.executor = executor;
        this.random = random;
        for (Signal signal : options.signals()) {
            tallies.put(signal, new SignalTally(options.rowsPerRequest()));
        }
        cpuStart = processCpuNanos();
        startedNanos = clocks.monotonicNanos();
        startedWallNanos = clocks.wallNanos();
    }

    /// Opens the connections and begins to send; returns at once. Whether the target can be reached shows in the
    /// report.
    ///
    /// @throws IllegalStateException the run was started before
    public void start() {
        int lanesPerConnection = lanesPerConnection();
        List<SplittableRandom> jitters;
        lock.lock();
        try {
            if (started) {
                throw new IllegalStateException("the run was started before: " + options.runId());
            }
            started = true;
            startedNanos = clocks.monotonicNanos();
            startedWallNanos = clocks.wallNanos();
            beginUntilNanos = startedNanos + options.duration().toNanos();
            giveUpNanos = beginUntilNanos + options.grace().toNanos();
            openSenders();
            jitters = IntStream.range(0, options.connections() * lanesPerConnection)
                    .mapToObj(lane -> new SplittableRandom(random.nextLong()))
                    .toList();
            lanesLeft.set(jitters.size());
        } finally {
            lock.unlock();
        }
        for (int lane = 0; lane < jitters.size(); lane++) {
            Lane work = new Lane(senders.get(lane % senders.size()), jitters.get(lane));
            executor.execute(work);
        }
    }

    private int lanesPerConnection() {
        return switch (options.protocol()) {
            case GRPC -> options.rowsPerSecond() > 0 ? LANES_AT_A_RATE : 1;
            case HTTP -> 1;
        };
    }

    private void openSenders() {
        Map<String, String> headers = new LinkedHashMap<>();
        options.token().ifPresent(token -> headers.put("authorization", "Bearer " + token));
        options.tenant().ifPresent(tenant -> headers.put("x-openwit-tenant", tenant.value()));
        switch (options.protocol()) {
            case GRPC -> {
                for (int i = 0; i < options.connections(); i++) {
                    senders.add(new GrpcSender(options.target(), headers, executor));
                }
            }
            // One client for all: it opens a connection for each request in flight, and a lane has one.
            case HTTP -> senders.add(new HttpSender(options.target(), headers, clocks, executor));
        }
    }

    /// Begins no further request. Those that were begun are still waited for and sent again, for the options' `grace`.
    public void stop() {
        long now = clocks.monotonicNanos();
        endAt(now, now + options.grace().toNanos());
    }

    /// Ends the run now: what is in flight is broken off and stays unacknowledged. Does not wait.
    @Override
    public void close() {
        long now = clocks.monotonicNanos();
        endAt(now, now);
        lock.lock();
        try {
            senders.forEach(Sender::close);
            if (!started) {
                started = true;
                finish();
            }
        } finally {
            lock.unlock();
        }
    }

    private void endAt(long beginUntil, long giveUp) {
        lock.lock();
        try {
            if (started) {
                beginUntilNanos = Math.min(beginUntilNanos, beginUntil);
                giveUpNanos = Math.min(giveUpNanos, giveUp);
                endsChanged.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the last request has its answer or was given up: at most `duration`, `grace` and one request's
    /// timeout.
    ///
    /// @return false if that was not so within `limit`
    public boolean await(Duration limit) throws InterruptedException {
        return finished.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    public boolean finished() {
        return finished.getCount() == 0;
    }

    public LoadProgress progress() {
        throwFailure();
        LoadCounts total =
                tallies.values().stream().map(SignalTally::counts).reduce(LoadCounts.NONE, LoadCounts::plus);
        return new LoadProgress(elapsed(), total, latencies.snapshot(), lastTrouble);
    }

    /// The account so far; may be taken at any time, and is final when the run has finished.
    ///
    /// @throws IllegalStateException the run ended by a mistake of ours
    public LoadReport report() {
        throwFailure();
        boolean over = finished();
        Map<Signal, LoadReport.SignalReport> signals = new LinkedHashMap<>();
        for (Signal signal : options.signals()) {
            signals.put(signal, tally(signal).report());
        }
        return new LoadReport(
                options.runId(),
                options.target().toString(),
                options.protocol(),
                over,
                Instant.ofEpochSecond(startedWallNanos / 1_000_000_000, startedWallNanos % 1_000_000_000),
                elapsed(),
                Duration.ofNanos((over ? cpuFinished : processCpuNanos()) - cpuStart),
                latencies.snapshot(),
                signals,
                Objects.requireNonNullElse(firstRefusal.get(), ""),
                lastTrouble);
    }

    private Duration elapsed() {
        return Duration.ofNanos((finished() ? finishedNanos : clocks.monotonicNanos()) - startedNanos);
    }

    private void throwFailure() {
        Throwable cause = failure.get();
        if (cause != null) {
            throw new IllegalStateException("the run " + options.runId() + " failed", cause);
        }
    }

    private SignalTally tally(Signal signal) {
        SignalTally tally = tallies.get(signal);
        if (tally == null) {
            throw new IllegalStateException("not a signal of this run: " + signal);
        }
        return tally;
    }

    private void laneEnded() {
        if (lanesLeft.decrementAndGet() == 0) {
            lock.lock();
            try {
                senders.forEach(Sender::close);
                finish();
            } finally {
                lock.unlock();
            }
        }
    }

    private void finish() {
        finishedNanos = clocks.monotonicNanos();
        cpuFinished = processCpuNanos();
        finished.countDown();
    }

    /// Waits until `due` by the monotonic clock.
    ///
    /// @param gettingReady whether a new request is about to begin; else it is one that was begun
    /// @return false if the run's end for that comes before
    private boolean waitUntil(long due, boolean gettingReady) throws InterruptedException {
        lock.lock();
        try {
            while (true) {
                long now = clocks.monotonicNanos();
                long end = gettingReady ? beginUntilNanos : giveUpNanos;
                if (now - end >= 0) {
                    return false;
                }
                if (now - due >= 0) {
                    return true;
                }
                endsChanged.awaitNanos(Math.min(due - now, end - now));
            }
        } finally {
            lock.unlock();
        }
    }

    private static long processCpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    /// Draws requests, one after the other, and sees each to its end.
    private final class Lane implements Runnable {
        private final Sender sender;
        private final SplittableRandom jitter;
        private final OtlpGenerator generator;

        Lane(Sender sender, SplittableRandom jitter) {
            this.sender = sender;
            this.jitter = jitter;
            double rate = options.rowsPerSecond() / options.signals().size();
            long nanosPerRow = rate > 0 ? (long) (1e9 / rate) : NANOS_PER_ROW_AT_MAX;
            generator = new OtlpGenerator(options.runId(), options.seed(), startedWallNanos, nanosPerRow);
        }

        @Override
        public void run() {
            try {
                boolean more = true;
                while (more) {
                    more = nextRequest();
                }
            } catch (InterruptedException e) {
                // The executor is being ended: so is the run, and what was in flight stays unacknowledged.
                Thread.currentThread().interrupt();
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
                close();
            } finally {
                laneEnded();
            }
        }

        /// @return false if the run begins no further request
        private boolean nextRequest() throws InterruptedException {
            long number = nextRequest.getAndIncrement();
            long inSignal = number / options.signals().size();
            if (number >= options.maxRequests() || inSignal >= RowFates.MAX_REQUESTS) {
                return false;
            }
            long due = options.rowsPerSecond() > 0
                    ? startedNanos + (long) (number * (options.rowsPerRequest() / options.rowsPerSecond()) * 1e9)
                    : clocks.monotonicNanos();
            if (!waitUntil(due, true)) {
                return false;
            }
            Signal signal = options.signals().get((int) (number % options.signals().size()));
            int request = (int) inSignal;
            SignalTally tally = tally(signal);
            generator.write(signal, (long) request * options.rowsPerRequest(), options.rowsPerRequest());
            tally.begun(request);
            switch (sendUntilAnswered(signal, tally)) {
                case Answer.Acknowledged acknowledged -> {
                    latencies.record(clocks.monotonicNanos() - due);
                    tally.acknowledged(request, acknowledged.rejected(), generator.length());
                    if (acknowledged.rejected() > 0) {
                        refusal(signal.label() + " rejected " + acknowledged.rejected() + " rows: "
                                + acknowledged.why());
                    }
                    if (isSentTwice(number)) {
                        sendAgain(signal, tally);
                    }
                }
                case Answer.Refused refused -> {
                    tally.refused(request);
                    refusal(signal.label() + " refused: " + refused.why());
                }
                case Answer.Again again -> lastTrouble = again.why();
            }
            return true;
        }

        /// Sends what was acknowledged a second time; nothing that happens now takes the acknowledgement back.
        private void sendAgain(Signal signal, SignalTally tally) throws InterruptedException {
            switch (sendUntilAnswered(signal, tally)) {
                case Answer.Acknowledged acknowledged -> tally.duplicateAcknowledged();
                case Answer.Refused refused -> refusal(signal.label() + " refused when sent twice: " + refused.why());
                case Answer.Again again -> lastTrouble = again.why();
            }
        }

        /// Sends what the generator holds until it has a final answer, or the run gives up.
        private Answer sendUntilAnswered(Signal signal, SignalTally tally) throws InterruptedException {
            long backoff = FIRST_BACKOFF_NANOS;
            while (true) {
                long timeout =
                        Math.clamp(giveUpNanos - clocks.monotonicNanos(), 1, options.requestTimeout().toNanos());
                tally.bytesSent.addAndGet(generator.length());
                Answer answer =
                        sender.send(signal, generator.array(), generator.offset(), generator.length(), timeout);
                if (!(answer instanceof Answer.Again again)) {
                    return answer;
                }
                lastTrouble = again.why();
                if (again.throttled()) {
                    tally.requestsThrottled.incrementAndGet();
                }
                // Never earlier than asked; a little later, so that all lanes do not come back at once.
                long wait = again.delayNanos() >= 0
                        ? again.delayNanos() + jitter.nextLong(Math.max(again.delayNanos() / 8, 1_000_000))
                        : backoff / 2 + jitter.nextLong(backoff / 2);
                backoff = Math.min(backoff * 2, MAX_BACKOFF_NANOS);
                if (!waitUntil(clocks.monotonicNanos() + wait, false)) {
                    return again;
                }
                tally.requestsRetried.incrementAndGet();
            }
        }

        private boolean isSentTwice(long number) {
            double drawn = (RowRandom.mix(options.seed() ^ RowRandom.mix(number + 1)) >>> 11) * 0x1.0p-53;
            return drawn < options.duplicates();
        }

        private void refusal(String what) {
            firstRefusal.compareAndSet("", what);
        }
    }
}
