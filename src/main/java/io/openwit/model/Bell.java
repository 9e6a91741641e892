package io.openwit.model;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Wakes one waiting thread: a ring is never lost, and many rings before a wait count as one.
///
/// [#ring] may be called by any thread and costs a volatile read where nobody waits; [#await] by one thread alone.
public final class Bell {
    private final AtomicBoolean rung = new AtomicBoolean();
    private volatile @Nullable Thread waiter;

    /// Ends the present or the next [#await].
    public void ring() {
        if (!rung.getAndSet(true)) {
            Thread thread = waiter;
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }
    }

    /// Waits for a ring, for at most `maxNanos`; an interrupt ends the wait too, and stays set.
    public void await(long maxNanos) {
        waiter = Thread.currentThread();
        if (!rung.get()) {
            LockSupport.parkNanos(this, maxNanos);
        }
        waiter = null;
        rung.set(false);
    }
}
