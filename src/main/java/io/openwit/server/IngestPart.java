package io.openwit.server;

import io.openwit.bulk.BulkServer;
import io.openwit.bulk.BulkServerConfig;
import io.openwit.ingest.IngestConfig;
import io.openwit.ingest.IngestNode;
import io.openwit.ingest.archive.Archive;
import io.openwit.ingest.archive.ArchiveConfig;
import io.openwit.ingest.handoff.FlightEndpoint;
import io.openwit.ingest.handoff.Handoff;
import io.openwit.ingest.handoff.HandoffConfig;
import io.openwit.ingest.metastore.Metastore;
import io.openwit.ingest.metastore.NodeStart;
import io.openwit.ingest.metastore.WatchedPosition;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Log;
import io.openwit.model.NodeId;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The ingest node of this process: its log, the followers of the log, and the door for gateways.
final class IngestPart {
    private static final Logger LOG = Logger.getLogger(IngestPart.class.getName());

    /// Bytes of batches that wait for the log writer; beyond it requests are throttled, which keeps their latency flat.
    private static final long MAX_QUEUE_BYTES = 32L << 20;

    /// What stays free of the volume besides two segments: the largest group.
    private static final long LARGEST_GROUP_BYTES = 64L << 20;

    private static final int MIN_SEGMENTS = 4;
    private static final long LOOK_MILLIS = 5;

    private final Wiring wiring;
    private final MetadataPart metadata;
    private final IngestNode node;
    private final Handoff handoff;
    private final @Nullable Archive archive;
    private final List<Follower> followers;
    private final BulkServer bulk;

    /// Where the handoff sends to.
    record Target(FlightEndpoint endpoint, Optional<Path> tokenFile) {}

    /// Whether there is a log in the directory already.
    static boolean hasLog(Wiring wiring) throws IOException {
        return Log.lastEpoch(new FileDisk(), config(wiring).logDirectory()).isPresent();
    }

    /// Opens the log, starts the threads and the followers. No door is open yet.
    ///
    /// @param metadata stopped by whoever started it, after this
    static IngestPart start(Wiring wiring, MetadataPart metadata, Target target, Predicate<String> gateways)
            throws IOException, CommandException, InterruptedException {
        Disk disk = new FileDisk();
        IngestConfig config = config(wiring);
        boolean hasLog = hasLog(wiring);
        long epochFloor = metadata.epochFloor(config.node(), hasLog);
        Runnable onPoison = () -> wiring.fatal()
                .accept("the log in " + config.logDirectory()
                        + " failed: what was not forced was not acknowledged; mend the disk and start again");
        IngestNode node = IngestNode.open(
                config, disk, wiring.clocks(), wiring.random(), wiring.telemetry(), () -> epochFloor, onPoison);
        return new IngestPart(wiring, disk, metadata, node, hasLog, target, gateways);
    }

    private static IngestConfig config(Wiring wiring) throws IOException {
        Path directory = wiring.directory().path();
        long volume = Files.getFileStore(directory).getTotalSpace();
        long segment = wiring.get(ConfigKeys.WAL_SEGMENT_BYTES);
        Map<TenantId, Boolean> dedupOfTenant = new HashMap<>();
        wiring.config()
                .all(ConfigKeys.DEDUP_TENANTS)
                .forEach((tenant, enabled) -> dedupOfTenant.put(new TenantId(tenant), enabled));
        return new IngestConfig(
                directory,
                wiring.get(ConfigKeys.NODE_ID_KEY),
                segment,
                wiring.get(ConfigKeys.WAL_MAX_BYTES).orElse(Math.max(MIN_SEGMENTS * segment, volume / 2)),
                wiring.get(ConfigKeys.WAL_RESERVE_BYTES).orElse(2 * segment + Math.min(segment, LARGEST_GROUP_BYTES)),
                wiring.get(ConfigKeys.WAL_SYNC),
                wiring.get(ConfigKeys.DEDUP_ENABLED),
                dedupOfTenant,
                Duration.ofSeconds(wiring.get(ConfigKeys.DEDUP_WINDOW_SECONDS)),
                wiring.get(ConfigKeys.DEDUP_MAX_ENTRIES),
                Duration.ofSeconds(wiring.get(ConfigKeys.DEDUP_REQUEST_WINDOW_SECONDS)),
                wiring.get(ConfigKeys.DEDUP_MAX_REQUESTS),
                MAX_QUEUE_BYTES);
    }

    private IngestPart(
            Wiring wiring,
            Disk disk,
            MetadataPart metadata,
            IngestNode node,
            boolean hadLog,
            Target target,
            Predicate<String> gateways)
            throws IOException {
        this.wiring = wiring;
        this.metadata = metadata;
        this.node = node;
        Log log = node.log();
        followers = new ArrayList<>();
        handoff = handoff(target, follower("handoff", true));
        archive = wiring.get(ConfigKeys.ARCHIVE_ENABLED) ? archive(disk, follower("archive", true)) : null;
        Metastore metastore = metastore(follower("metastore", false), hadLog);
        bulk = new BulkServer(
                BulkServerConfig.of(wiring.get(ConfigKeys.INGEST_BIND), wiring.get(ConfigKeys.INGEST_PORT)),
                log.node(),
                node.fingerprintKey(),
                node,
                gateways,
                wiring.telemetry(),
                wiring.virtualThreads());
        Loops loops = wiring.loops();
        loops.startCritical("wal-writer", node.writeLoop(), thrown -> {
            LOG.log(Level.SEVERE, "the log's writer failed", thrown);
            wiring.fatal().accept("the log's writer failed: " + thrown + "; start again, and report this");
        });
        loops.start("wal-keeper", node.keeper());
        loops.start("handoff", handoff);
        if (archive != null) {
            loops.start("archive", archive);
        }
        loops.start("metastore", metastore);
    }

    private Follower follower(String name, boolean needsRows) throws IOException {
        Follower follower = node.log().follower(name, needsRows);
        followers.add(follower);
        return follower;
    }

    private Handoff handoff(Target target, Follower follower) {
        HandoffConfig config = new HandoffConfig(
                target.endpoint(),
                target.tokenFile(),
                wiring.get(ConfigKeys.FLIGHT_ACKNOWLEDGE),
                wiring.get(ConfigKeys.FLIGHT_STREAM_BATCHES),
                wiring.get(ConfigKeys.FLIGHT_MAX_IN_FLIGHT),
                HandoffConfig.DEFAULT_ANSWER_TIMEOUT);
        return new Handoff(
                config, follower, node.node(), node.epoch(), wiring.clocks(), randomOfOneThread(), wiring.telemetry());
    }

    private Archive archive(Disk disk, Follower follower) throws IOException {
        Path directory = wiring.directory().resolve("archive");
        long volume = Files.getFileStore(wiring.directory().path()).getTotalSpace();
        ArchiveConfig config = ArchiveConfig.at(directory, 1)
                .withRetention(
                        wiring.get(ConfigKeys.ARCHIVE_DAYS),
                        wiring.get(ConfigKeys.ARCHIVE_MAX_BYTES).orElse(Math.max(1, volume / 5)))
                .withLag(
                        wiring.get(ConfigKeys.ARCHIVE_MAX_LAG).orElse(config(wiring).maxBytes() / 2),
                        wiring.get(ConfigKeys.ARCHIVE_ON_LAG));
        return new Archive(config, follower, disk, wiring.clocks(), randomOfOneThread(), wiring.telemetry());
    }

    private Metastore metastore(Follower follower, boolean hadLog) {
        NodeId name = node.node();
        List<WatchedPosition> watched = new ArrayList<>();
        watched.add(new WatchedPosition(WatchedPosition.STORED, handoff::storedBytes));
        watched.add(new WatchedPosition(WatchedPosition.HANDED_OFF, handoff::sentBytes));
        Archive archived = archive;
        if (archived != null) {
            watched.add(new WatchedPosition(WatchedPosition.ARCHIVED, archived::archivedBytes));
        }
        return new Metastore(
                metadata.database(),
                follower,
                new NodeStart(name, node.epoch(), node.incarnation(), !hadLog),
                watched,
                wiring.clocks(),
                randomOfOneThread(),
                wiring.telemetry());
    }

    private SplittableRandom randomOfOneThread() {
        return new SplittableRandom(wiring.random().nextLong());
    }

    IngestNode node() {
        return node;
    }

    /// Bytes of the log that some follower has not done: of the one farthest behind.
    long lagBytes() {
        return followers.stream().mapToLong(Follower::lagBytes).max().orElse(0);
    }

    MetadataPart metadata() {
        return metadata;
    }

    /// Lets gateways in.
    void openDoor() throws CommandException {
        String host = wiring.get(ConfigKeys.INGEST_BIND);
        wiring.doors().open("bulk", ConfigKeys.INGEST_PORT, host, wiring.get(ConfigKeys.INGEST_PORT), () -> {
            bulk.start();
            return bulk.port();
        });
    }

    void closeDoor() {
        bulk.close(wiring.stopTimeout());
    }

    /// Takes no further batch, and gives the followers the time of `shutdown.timeout_ms` to catch up; then ends the
    /// threads and seals the log.
    void stop() throws IOException {
        node.stopAdmission();
        awaitFollowers();
        Loops loops = wiring.loops();
        Duration limit = wiring.stopTimeout().plusSeconds(1);
        boolean ended = loops.stop("handoff", limit) & loops.stop("archive", limit) & loops.stop("metastore", limit)
                & loops.stop("wal-keeper", limit) & loops.stop("wal-writer", limit);
        if (!ended) {
            // What a thread still uses is not closed beneath it: the next start finds the log as after a crash.
            LOG.warning("the log is left unsealed: a thread did not end");
            return;
        }
        handoff.close();
        if (archive != null) {
            archive.close();
        }
        node.close();
    }

    private void awaitFollowers() {
        long end = wiring.clocks().monotonicNanos() + wiring.stopTimeout().toNanos();
        try {
            while (followers.stream().anyMatch(follower -> follower.lagBytes() > 0)) {
                if (wiring.clocks().monotonicNanos() - end >= 0) {
                    followers.stream()
                            .filter(follower -> follower.lagBytes() > 0)
                            .forEach(follower -> LOG.log(
                                    Level.INFO,
                                    "follower goes on at the next start: follower={0} lag_bytes={1}",
                                    new Object[] {follower.name(), follower.lagBytes()}));
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
