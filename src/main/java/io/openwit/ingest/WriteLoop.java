package io.openwit.ingest;

import io.openwit.ingest.wal.Log;
import io.openwit.ingest.wal.LogClock;
import io.openwit.ingest.wal.WalFullException;
import io.openwit.model.Batch;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.Outcome;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.atomic.MpscAtomicArrayQueue;

/// Takes all that waits, judges it, writes it as one group, forces once, answers all. No timer: what comes while a force runs
/// is the next group.
///
/// Stepped by the thread `wal-writer`, a platform thread that nobody interrupts. [#offer] is for any thread.
final class WriteLoop implements Stepper {
    /// Bytes of batches in one group; a larger batch goes alone.
    static final int MAX_GROUP_BYTES = 16 << 20;

    /// Batches in one group.
    static final int MAX_GROUP_BATCHES = 1024;

    /// Batches in the queue.
    static final int MAX_QUEUED = 8192;

    private static final Logger LOG = Logger.getLogger(WriteLoop.class.getName());

    /// A log that is quiet for so long gets a seal.
    private static final long IDLE_SEAL_NANOS = 1_000_000_000L;

    private final Log log;
    private final Judge judge;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private final Runnable onPoison;
    private final MessagePassingQueue<PendingBatch> queue = new MpscAtomicArrayQueue<>(MAX_QUEUED);
    private final AtomicLong queuedBytes = new AtomicLong();
    private final DrainRate rate = new DrainRate();
    private final Bell bell = new Bell();
    private final List<PendingBatch> group = new ArrayList<>();
    private final List<Log.Entry> entries = new ArrayList<>();
    private final long maxGroupBytes;
    private long lastWriteNanos;
    private volatile boolean poisoned;

    WriteLoop(Log log, Judge judge, Clocks clocks, Telemetry telemetry, Runnable onPoison) {
        this.log = log;
        this.judge = judge;
        this.clocks = clocks;
        this.telemetry = telemetry;
        this.onPoison = onPoison;
        maxGroupBytes = Math.min(MAX_GROUP_BYTES, log.maxFrameBytes());
        lastWriteNanos = clocks.monotonicNanos();
    }

    /// Puts a batch into the queue.
    ///
    /// @return whether there was a free place
    boolean offer(PendingBatch batch) {
        queuedBytes.addAndGet(batch.bytes());
        if (!queue.offer(batch)) {
            queuedBytes.addAndGet(-batch.bytes());
            return false;
        }
        bell.ring();
        return true;
    }

    /// Bytes of batches that have no answer.
    long queuedBytes() {
        return queuedBytes.get();
    }

    DrainRate rate() {
        return rate;
    }

    boolean poisoned() {
        return poisoned;
    }

    @Override
    public boolean step() {
        if (poisoned) {
            refuseQueue();
            return false;
        }
        try {
            collect();
            if (group.isEmpty()) {
                return sealIfIdle();
            }
            write();
            return true;
        } catch (Throwable e) {
            // Whatever it was: nobody knows what is durable now.
            poison(e);
            return false;
        }
    }

    @Override
    public void awaitWork(long maxNanos) {
        if (queue.isEmpty()) {
            bell.await(log.sealed() ? maxNanos : Math.min(maxNanos, IDLE_SEAL_NANOS));
        }
    }

    /// Whether nothing waits.
    boolean isEmpty() {
        return queue.isEmpty();
    }

    private void collect() {
        long bytes = 0;
        while (group.size() < MAX_GROUP_BATCHES) {
            PendingBatch next = queue.peek();
            if (next == null) {
                return;
            }
            long frameBytes = IngestNode.maxFrameBytes(next.batch());
            if (!group.isEmpty() && bytes + frameBytes > maxGroupBytes) {
                return;
            }
            queue.poll();
            if (next.take()) {
                group.add(next);
                bytes += frameBytes;
            } else {
                queuedBytes.addAndGet(-next.bytes());
            }
        }
    }

    private void write() throws IOException {
        long began = clocks.monotonicNanos();
        LogClock.Stamp stamp = log.stamp();
        judge.moveTo(stamp.logAgeNanos());
        for (PendingBatch pending : group) {
            Batch batch = pending.batch();
            Judge.Verdict verdict = judge.judge(batch.header());
            entries.add(new Log.Entry(batch.header(), verdict.mask(), verdict.duplicates(), batch.rows()));
        }
        try {
            log.append(stamp, entries);
        } catch (WalFullException e) {
            judge.withdraw();
            LOG.log(Level.FINE, "group refused: batches={0} {1}", new Object[] {group.size(), e.getMessage()});
            Outcome later = new Outcome.Throttled(false, log.retryAfterNoRoom(), "the log is full");
            for (PendingBatch pending : group) {
                pending.answer(later);
            }
            release();
            return;
        }
        try (Telemetry.Timing timing = telemetry.begin(Stage.FORCE)) {
            timing.with("batches", entries.size());
            long forcing = clocks.monotonicNanos();
            log.force();
            telemetry.metrics().walForceSeconds.observe((clocks.monotonicNanos() - forcing) / 1e9);
        }
        judge.publish();
        long now = clocks.monotonicNanos();
        lastWriteNanos = now;
        long bytes = 0;
        for (int i = 0; i < group.size(); i++) {
            PendingBatch pending = group.get(i);
            Log.Entry entry = entries.get(i);
            bytes += pending.bytes();
            count(pending, now);
            int rows = entry.header().rows();
            pending.answer(new Outcome.Accepted(rows - entry.duplicates(), entry.duplicates(), 0, ""));
        }
        rate.add(bytes, now - began);
        release();
        judge.report();
    }

    private void count(PendingBatch pending, long now) {
        telemetry
                .metrics()
                .batches
                .labelValues(
                        pending.batch().header().tenant().value(),
                        pending.batch().header().signal().label())
                .inc();
        telemetry.metrics().walWriteMillis.observe((now - pending.offeredNanos()) / 1e6);
    }

    private void release() {
        long bytes = 0;
        for (PendingBatch pending : group) {
            bytes += pending.bytes();
        }
        telemetry.metrics().walQueueBytes.set(queuedBytes.addAndGet(-bytes));
        group.clear();
        entries.clear();
    }

    private boolean sealIfIdle() throws IOException {
        if (log.sealed() || clocks.monotonicNanos() - lastWriteNanos < IDLE_SEAL_NANOS) {
            return false;
        }
        log.seal();
        return log.sealed();
    }

    private void poison(Throwable cause) {
        poisoned = true;
        judge.withdraw();
        LOG.log(Level.SEVERE, "log writer failed, and the node has to stop: batches=" + group.size(), cause);
        telemetry.alarms().raise("wal-poisoned", "the log could not be written: " + cause);
        for (PendingBatch pending : group) {
            pending.answer(failed());
        }
        release();
        refuseQueue();
        onPoison.run();
    }

    private void refuseQueue() {
        for (PendingBatch next = queue.poll(); next != null; next = queue.poll()) {
            queuedBytes.addAndGet(-next.bytes());
            next.answer(failed());
        }
    }

    private static Outcome failed() {
        return new Outcome.Unavailable("the log of this node failed");
    }
}
