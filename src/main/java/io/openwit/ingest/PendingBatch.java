package io.openwit.ingest;

import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.Outcome;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A batch on its way through the queue to its answer, and the thread that waits for it.
final class PendingBatch {
    private static final int WAITING = 0;
    private static final int TAKEN = 1;
    private static final int WITHDRAWN = 2;
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final Batch batch;
    private final long offeredNanos;
    private final Thread waiter;
    private final AtomicInteger state = new AtomicInteger(WAITING);
    private volatile @Nullable Outcome outcome;

    PendingBatch(Batch batch, long offeredNanos, Thread waiter) {
        this.batch = batch;
        this.offeredNanos = offeredNanos;
        this.waiter = waiter;
    }

    Batch batch() {
        return batch;
    }

    int bytes() {
        return batch.bytes();
    }

    long offeredNanos() {
        return offeredNanos;
    }

    /// The writer takes it, and from now on uses its buffers until it answers.
    ///
    /// @return false where the waiter has gone
    boolean take() {
        return state.compareAndSet(WAITING, TAKEN);
    }

    void answer(Outcome answer) {
        outcome = answer;
        LockSupport.unpark(waiter);
    }

    /// Null while there is no answer.
    @Nullable
    Outcome outcome() {
        return outcome;
    }

    /// Waits for the answer. Once the writer has taken the batch there is no limit, as its buffers are in use.
    ///
    /// @param maxNanos to wait in the queue
    /// @return null where the writer has not taken it in that time, and never will
    @Nullable
    Outcome await(Clocks clocks, long maxNanos) {
        boolean interrupted = false;
        try {
            while (true) {
                Outcome answer = outcome;
                if (answer != null) {
                    return answer;
                }
                long left = maxNanos - (clocks.monotonicNanos() - offeredNanos);
                if (left <= 0 && state.compareAndSet(WAITING, WITHDRAWN)) {
                    return null;
                }
                LockSupport.parkNanos(this, left <= 0 ? LOOK_NANOS : Math.min(left, LOOK_NANOS));
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
