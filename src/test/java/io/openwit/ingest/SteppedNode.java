package io.openwit.ingest;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.Log;
import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.Outcome;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// An ingest node without threads: a batch is offered, the caller steps the writer and the keeper, and then looks for the answer.
public final class SteppedNode implements AutoCloseable {
    private final IngestNode node;
    private final Clocks clocks;

    /// A batch on its way to its answer.
    public static final class Call {
        private final PendingBatch pending;
        private final Optional<Outcome> refused;

        private Call(PendingBatch pending, Optional<Outcome> refused) {
            this.pending = pending;
            this.refused = refused;
        }

        /// Empty while there is none.
        public Optional<Outcome> outcome() {
            return refused.or(() -> Optional.ofNullable(pending.outcome()));
        }

        /// Whether it never came into the queue.
        public boolean refusedAtOnce() {
            return refused.isPresent();
        }
    }

    /// @throws IOException as [IngestNode#open]
    public static SteppedNode open(
            IngestConfig config,
            Disk disk,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry,
            Runnable onPoison)
            throws IOException {
        return new SteppedNode(IngestNode.open(config, disk, clocks, random, telemetry, () -> 0, onPoison), clocks);
    }

    private SteppedNode(IngestNode node, Clocks clocks) {
        this.node = node;
        this.clocks = clocks;
    }

    public Call offer(Batch batch) {
        PendingBatch pending = new PendingBatch(batch, clocks.monotonicNanos(), Thread.currentThread());
        return new Call(pending, Optional.ofNullable(node.offer(pending)));
    }

    public boolean stepWriter() {
        return node.writeLoop().step();
    }

    public boolean stepKeeper() {
        return node.keeper().step();
    }

    public Log log() {
        return node.log();
    }

    public boolean poisoned() {
        return node.poisoned();
    }

    @Override
    public void close() throws IOException {
        node.close();
    }
}
