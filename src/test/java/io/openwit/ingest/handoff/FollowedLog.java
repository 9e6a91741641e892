package io.openwit.ingest.handoff;

import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.Log;
import io.openwit.ingest.wal.LogConfig;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import io.openwit.model.Clocks;
import io.openwit.model.NodeId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// A real log that tests append to and follow. Rows that stand in it already are marked as duplicates.
public final class FollowedLog implements AutoCloseable {
    public static final NodeId NODE = new NodeId("n1");

    private final LogConfig config;
    private final Clocks clocks;
    private final Random random = new Random(42);
    private final Set<List<Long>> seen = new HashSet<>();
    private final Set<String> followers = new HashSet<>();
    private final List<BatchId> ids = new ArrayList<>();
    private Log log;
    private Follower observer;
    private long endBytes;

    /// @param data the data directory
    public FollowedLog(Path data, Clocks clocks) throws IOException {
        this.clocks = clocks;
        config = new LogConfig(data.resolve("wal"), NODE, 1 << 20, 64 << 20, 0, true, Duration.ofHours(1));
        open();
    }

    private void open() throws IOException {
        log = Log.open(
                config, new FileDisk(), clocks, random, new Telemetry(clocks, OpenTelemetry.noop()), () -> 0);
        observer = log.follower("observer", false);
    }

    /// Appends and forces.
    public BatchId append(Batch batch) throws IOException {
        BatchHeader header = batch.header();
        BitSet duplicates = new BitSet();
        for (int row = 0; row < header.rows(); row++) {
            if (!seen.add(List.of(header.fingerprintHigh(row), header.fingerprintLow(row)))) {
                duplicates.set(row);
            }
        }
        log.append(
                log.stamp(),
                List.of(new Log.Entry(header, duplicates.toLongArray(), duplicates.cardinality(), batch.rows())));
        log.force();
        Frame frame = observer.next();
        ids.add(frame.id());
        endBytes = frame.end().bytes();
        observer.advance(frame.end());
        observer.commit();
        return frame.id();
    }

    /// Opens a follower. If it has been open before, the node starts again first.
    public Follower follower(String name, boolean needsRows) throws IOException {
        if (!followers.add(name)) {
            log.close();
            open();
        }
        return log.follower(name, needsRows);
    }

    /// Stops the node and takes away what the follower knew.
    public void forgetPosition(String name) throws IOException {
        log.close();
        Files.delete(config.directory().resolve(name + ".position"));
        followers.remove(name);
        open();
    }

    public long epoch() {
        return log.epoch();
    }

    public int incarnation() {
        return log.incarnation();
    }

    /// Where the last batch ends.
    public long endBytes() {
        return endBytes;
    }

    /// Of all batches, in order.
    public List<BatchId> ids() {
        return List.copyOf(ids);
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
