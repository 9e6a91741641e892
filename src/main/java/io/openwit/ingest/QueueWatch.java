package io.openwit.ingest;

import io.openwit.model.Bell;
import io.openwit.model.Stepper;

/// Looks once a second whether batches wait too long for the log's writer. Apart from the writer, as it is needed when that hangs.
final class QueueWatch implements Stepper {
    private static final long LOOK_NANOS = 1_000_000_000L;

    private final WriteLoop writeLoop;
    private final Bell never = new Bell();

    QueueWatch(WriteLoop writeLoop) {
        this.writeLoop = writeLoop;
    }

    @Override
    public boolean step() {
        writeLoop.expire();
        return false;
    }

    @Override
    public void awaitWork(long maxNanos) {
        never.await(Math.min(maxNanos, LOOK_NANOS));
    }
}
