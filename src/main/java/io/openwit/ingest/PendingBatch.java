package io.openwit.ingest;

import io.openwit.model.Batch;
import io.openwit.model.Outcome;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A batch on its way through the queue to its answer, and the thread that waits for it.
final class PendingBatch {
    private final Batch batch;
    private final long offeredNanos;
    private final Thread waiter;
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

    /// By whoever has taken it out of the queue. From now on its buffers are the waiter's again.
    void answer(Outcome answer) {
        outcome = answer;
        LockSupport.unpark(waiter);
    }

    /// Null while there is no answer.
    @Nullable
    Outcome outcome() {
        return outcome;
    }

    /// Waits for the answer, which comes in any case: from the writer, or from [WriteLoop#expire] where the writer does not come
    /// to it. Once the writer has taken the batch there is no limit, as its buffers are in use.
    ///
    /// Design note: parked without a time, as timers of so many threads would cost more than all else that is done for a small
    /// batch here.
    Outcome await() {
        boolean interrupted = false;
        try {
            while (true) {
                Outcome answer = outcome;
                if (answer != null) {
                    return answer;
                }
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
