package io.openwit.ingest;

import io.openwit.ingest.dedup.DedupWindow;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.Log;
import io.openwit.ingest.wal.LogConfig;
import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.BatchHeader;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Takes batches, judges which of their rows are duplicates, and answers when they are in the short-term WAL.
///
/// [#consume] is thread-safe and waits; the work is done by whoever steps [#writeLoop] and [#keeper], each on a thread of its
/// own. When the log fails, nothing is acknowledged any more, and `onPoison` is called once: the process has to end, as only a
/// new start can say what is durable.
public final class IngestNode implements BatchConsumer, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(IngestNode.class.getName());

    /// The longest that a batch waits before the writer takes it up.
    private static final long MAX_QUEUE_NANOS = 10_000_000_000L;

    private final IngestConfig config;
    private final Log log;
    private final Judge judge;
    private final WriteLoop writeLoop;
    private final FingerprintKey fingerprintKey;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private volatile boolean closing;

    /// Opens the log, or makes it, and rebuilds the dedup windows from it.
    ///
    /// @param random unpredictable, such as SecureRandom: draws the fingerprint key
    /// @param epochFloor the last epoch that the metadata knows of this node, or 0
    /// @param onPoison called once, by the writer's thread, when the log has failed
    /// @throws io.openwit.ingest.wal.ForeignLogException the directory belongs to another node or version
    /// @throws IOException another process has the directory, or the disk fails
    public static IngestNode open(
            IngestConfig config,
            Disk disk,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry,
            LongSupplier epochFloor,
            Runnable onPoison)
            throws IOException {
        LogConfig logConfig = new LogConfig(
                config.logDirectory(),
                config.node(),
                config.segmentBytes(),
                config.maxBytes(),
                config.reserveBytes(),
                config.syncOnWrite(),
                config.longestWindow());
        Log log = Log.open(logConfig, disk, clocks, random, telemetry, epochFloor);
        Judge judge = new Judge(config, telemetry);
        try {
            FingerprintKey key = FingerprintKeyFile.load(disk, config.logDirectory(), random, telemetry.alarms());
            judge.learn(log);
            judge.report();
            return new IngestNode(config, log, judge, key, clocks, telemetry, onPoison);
        } catch (IOException | RuntimeException e) {
            judge.close();
            log.close();
            throw e;
        }
    }

    private IngestNode(
            IngestConfig config,
            Log log,
            Judge judge,
            FingerprintKey fingerprintKey,
            Clocks clocks,
            Telemetry telemetry,
            Runnable onPoison) {
        this.config = config;
        this.log = log;
        this.judge = judge;
        this.fingerprintKey = fingerprintKey;
        this.clocks = clocks;
        this.telemetry = telemetry;
        writeLoop = new WriteLoop(log, judge, clocks, telemetry, onPoison);
        LOG.log(Level.INFO, "ingest node opened: node={0} epoch={1} sync_on_write={2} dedup_bytes_when_full={3}", new Object[] {
            config.node(),
            log.epoch(),
            config.syncOnWrite(),
            DedupWindow.bytes(config.maxRows()) + DedupWindow.bytes(config.maxParts())
        });
        telemetry.metrics().walSyncOnWrite.set(config.syncOnWrite() ? 1 : 0);
        if (!config.syncOnWrite()) {
            LOG.warning("rows are acknowledged before they are on the disk: processing.wal.sync_on_write=false;"
                    + " a power cut or a crash of the system loses the last of them");
        }
    }

    // --- batches in

    @Override
    public Outcome consume(Batch batch) {
        try (Telemetry.Timing timing = telemetry.begin(Stage.APPEND)) {
            timing.with("tenant", batch.header().tenant().value())
                    .with("rows", batch.header().rows());
            PendingBatch pending = new PendingBatch(batch, clocks.monotonicNanos(), Thread.currentThread());
            Outcome refused = offer(pending);
            Outcome outcome = refused != null ? refused : pending.await(clocks, MAX_QUEUE_NANOS);
            if (outcome == null) {
                outcome = new Outcome.Throttled(
                        false, writeLoop.rate().timeFor(writeLoop.queuedBytes()), "the log writer is far behind");
            }
            if (!(outcome instanceof Outcome.Accepted)) {
                timing.failed(outcome.getClass().getSimpleName());
            }
            return outcome;
        }
    }

    /// Lets a batch into the queue.
    ///
    /// @return the answer where it is refused at once; null where the writer will answer
    @Nullable
    Outcome offer(PendingBatch pending) {
        Batch batch = pending.batch();
        if (writeLoop.poisoned() || closing) {
            return new Outcome.Unavailable(closing ? "the node is stopping" : "the log of this node failed");
        }
        if (batch.header().rows() == 0) {
            return new Outcome.Accepted(0, 0, 0, "");
        }
        long frameBytes = maxFrameBytes(batch);
        if (frameBytes > log.maxFrameBytes()) {
            return new Outcome.Rejected(
                    Refusal.TOO_LARGE, "a batch of " + frameBytes + " bytes does not fit a segment of the log");
        }
        long queued = writeLoop.queuedBytes();
        if (queued > 0 && queued + batch.bytes() > config.maxQueueBytes()) {
            return busy(queued);
        }
        String whyNoRoom = log.whyNoRoom(frameBytes);
        if (whyNoRoom != null) {
            return new Outcome.Throttled(false, log.retryAfterNoRoom(), whyNoRoom);
        }
        return writeLoop.offer(pending) ? null : busy(queued);
    }

    private Outcome busy(long queued) {
        Duration delay = writeLoop.rate().timeFor(queued);
        return new Outcome.Throttled(false, delay, "the log writer has " + queued + " bytes to do");
    }

    /// Bytes of the batch's frame if it has duplicates.
    static long maxFrameBytes(Batch batch) {
        BatchHeader header = batch.header();
        return Log.maxFrameBytes(header, batch.rows().remaining());
    }

    // --- who it is

    public NodeId node() {
        return log.node();
    }

    public int incarnation() {
        return log.incarnation();
    }

    public long epoch() {
        return log.epoch();
    }

    /// The secret by which gateways key their fingerprints.
    public FingerprintKey fingerprintKey() {
        return fingerprintKey;
    }

    /// For its followers and its clock. Nobody but this node appends.
    public Log log() {
        return log;
    }

    /// Whether the log has failed: nothing is acknowledged any more.
    public boolean poisoned() {
        return writeLoop.poisoned();
    }

    // --- threads

    /// For the thread `wal-writer`: a platform thread that nobody interrupts.
    public Stepper writeLoop() {
        return writeLoop;
    }

    /// For the thread `wal-keeper`. Begin when all followers are open.
    public Stepper keeper() {
        return log.keeper();
    }

    // --- the end

    /// Refuses what comes from now on; what waits is still written. The first step of an orderly end.
    public void stopAdmission() {
        closing = true;
    }

    /// Writes what waits, seals the log and lets go of the directory. Call it when no thread steps or follows any more.
    @Override
    public void close() throws IOException {
        closing = true;
        while (!writeLoop.isEmpty()) {
            writeLoop.step();
        }
        judge.close();
        log.close();
    }
}
