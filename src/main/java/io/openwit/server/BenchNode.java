package io.openwit.server;

import com.sun.management.ThreadMXBean;
import io.opentelemetry.api.OpenTelemetry;
import io.openwit.ingest.IngestConfig;
import io.openwit.ingest.IngestNode;
import io.openwit.ingest.archive.Archive;
import io.openwit.ingest.archive.ArchiveConfig;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.Clocks;
import io.openwit.model.NodeId;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// An ingest node by itself, with the threads and the defaults that a node gives it, and one follower.
final class BenchNode implements AutoCloseable {
    static final long SEGMENT_BYTES = ConfigKeys.WAL_SEGMENT_BYTES.defaultValue();

    private static final NodeId NODE = new NodeId("bench");
    private static final Duration STOP_LIMIT = Duration.ofMinutes(1);
    private static final long QUEUE_BYTES = 32L << 20;
    private static final long PASS_NANOS = 50_000_000;
    private static final long LOOK_MILLIS = 2;

    private final MeteredDisk disk;
    private final Loops loops;
    private final IngestNode node;
    private final Follower follower;
    private final @Nullable Archive archive;
    private final WriterThread writer;

    /// What stands behind the log.
    enum Behind {
        /// A follower that passes everything at once, without reading it: segments are recycled.
        PASSING,
        /// One that never moves: nothing is recycled.
        STANDING,
        /// The archive.
        ARCHIVING
    }

    /// Knows its thread, to ask what that has allocated.
    private static final class WriterThread implements Stepper {
        private final Stepper writeLoop;
        private volatile long id;

        private WriterThread(Stepper writeLoop) {
            this.writeLoop = writeLoop;
        }

        @Override
        public boolean step() {
            if (id == 0) {
                id = Thread.currentThread().threadId();
            }
            return writeLoop.step();
        }

        @Override
        public void awaitWork(long maxNanos) {
            writeLoop.awaitWork(maxNanos);
        }
    }

    /// Lets the log recycle everything: storage that is never behind.
    private record Passing(Follower follower, IngestNode node) implements Stepper {
        @Override
        public boolean step() {
            WalPosition durable = node.log().durable();
            if (durable.compareTo(follower.durable()) > 0) {
                try {
                    follower.rewind(durable);
                    follower.advance(durable);
                    follower.commit();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return false;
        }

        @Override
        public void awaitWork(long maxNanos) {
            LockSupport.parkNanos(PASS_NANOS);
        }
    }

    /// @param maxBytes of the log
    /// @param dedup whether duplicates are looked for, in windows of the default size
    static BenchNode open(Path directory, Behind behind, long maxBytes, boolean dedup, Clocks clocks)
            throws IOException {
        MeteredDisk disk = new MeteredDisk();
        Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        IngestConfig config = new IngestConfig(
                directory,
                NODE,
                SEGMENT_BYTES,
                maxBytes,
                BenchDirectory.RESERVE_BYTES,
                true,
                dedup,
                Map.of(),
                Duration.ofSeconds(ConfigKeys.DEDUP_WINDOW_SECONDS.defaultValue()),
                ConfigKeys.DEDUP_MAX_ENTRIES.defaultValue(),
                Duration.ofSeconds(ConfigKeys.DEDUP_REQUEST_WINDOW_SECONDS.defaultValue()),
                ConfigKeys.DEDUP_MAX_REQUESTS.defaultValue(),
                QUEUE_BYTES);
        SplittableRandom random = new SplittableRandom(clocks.wallNanos());
        IngestNode node = IngestNode.open(config, disk, clocks, random, telemetry, () -> 0, () -> {});
        return new BenchNode(directory, behind, disk, node, clocks, random, telemetry);
    }

    private BenchNode(
            Path directory,
            Behind behind,
            MeteredDisk disk,
            IngestNode node,
            Clocks clocks,
            SplittableRandom random,
            Telemetry telemetry)
            throws IOException {
        this.disk = disk;
        this.node = node;
        loops = new Loops(telemetry.alarms(), Duration.ofSeconds(1));
        follower = node.log().follower("bench", true);
        writer = new WriterThread(node.writeLoop());
        archive = behind == Behind.ARCHIVING
                ? new Archive(
                        ArchiveConfig.at(directory.resolve("archive"), Long.MAX_VALUE),
                        follower,
                        disk,
                        clocks,
                        random,
                        telemetry)
                : null;
        loops.start("wal-writer", writer);
        loops.start("wal-keeper", node.keeper());
        loops.start("wal-watch", node.queueWatch());
        if (archive != null) {
            loops.start("archive", archive);
        } else if (behind == Behind.PASSING) {
            loops.start("passing", new Passing(follower, node));
        }
    }

    IngestNode node() {
        return node;
    }

    MeteredDisk disk() {
        return disk;
    }

    /// On the heap, by the thread that writes the log, ever.
    long bytesAllocatedByWriter() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(writer.id);
    }

    /// Bytes of the log that its follower has not done.
    long lagBytes() {
        return follower.lagBytes();
    }

    /// Waits until its follower has done everything, durably.
    ///
    /// @return whether it came so far in time
    boolean awaitFollower(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (lagBytes() > 0) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        return true;
    }

    /// Ends its threads and lets go of the directory, and leaves everything else as a process leaves it that is killed.
    void abandon() throws IOException {
        stopLoops();
        disk.letGo();
    }

    private void stopLoops() {
        boolean ended = loops.stop("archive", STOP_LIMIT)
                & loops.stop("passing", STOP_LIMIT)
                & loops.stop("wal-keeper", STOP_LIMIT)
                & loops.stop("wal-watch", STOP_LIMIT)
                & loops.stop("wal-writer", STOP_LIMIT);
        if (!ended) {
            throw new IllegalStateException("a thread of the log did not end within " + STOP_LIMIT.toSeconds() + " s");
        }
    }

    @Override
    public void close() throws IOException {
        node.stopAdmission();
        stopLoops();
        if (archive != null) {
            archive.close();
        }
        node.close();
    }
}
