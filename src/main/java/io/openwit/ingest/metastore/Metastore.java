package io.openwit.ingest.metastore;

import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;

/// Follows the log into Postgres: one row a batch, and once a second how far every follower is.
///
/// Postgres may be away, slow or restored from an old snapshot: nobody but this follower waits. While it is away, alarm
/// `postgres-unreachable` stands, positions are noted once a second in memory, and the log keeps the headers. Whenever
/// it is there again, it is asked how far it has come, and what it lacks is read from the log once more; a row that
/// stands already is left as it is.
///
/// Owned by the thread that steps it.
public final class Metastore implements Stepper {
    /// Batches in one transaction.
    public static final int BATCHES_PER_TRANSACTION = 2_000;

    /// Positions noted while Postgres is away: an hour and more for three followers. Past it the oldest are forgotten,
    /// and times of that while are then known less exactly.
    static final int MAX_WAITING_SAMPLES = 12_000;

    private static final Logger LOG = Logger.getLogger(Metastore.class.getName());
    private static final String NAME = "metastore";
    private static final String ALARM = "postgres-unreachable";
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long SAMPLE_NANOS = SECOND_NANOS;
    private static final long COMMIT_NANOS = SECOND_NANOS / 5;
    private static final long HISTORY_CARE_NANOS = 3_600 * SECOND_NANOS;
    private static final long SHORTEST_BACKOFF_NANOS = SECOND_NANOS / 10;
    private static final long LONGEST_BACKOFF_NANOS = 5 * SECOND_NANOS;

    private final MetadataDatabase database;
    private final Follower follower;
    private final NodeStart start;
    private final List<WatchedPosition> watched;
    private final Clocks clocks;
    private final RandomGenerator random;
    private final Telemetry telemetry;

    private final Bell pause = new Bell();
    private final List<BatchRow> pending = new ArrayList<>();
    private final ArrayDeque<PositionSample> samples = new ArrayDeque<>();
    private final Map<String, Long> lastSampled = new HashMap<>();
    private boolean connected;
    private long logEpoch;
    private int failures;
    private long retryAtNanos;
    private long nextSampleNanos;
    private long nextCommitNanos;
    private long nextHistoryCareNanos;
    private boolean positionToCommit;
    private WalPosition readTo;
    private WalPosition advanced;

    /// @param follower of the log, named `metastore`, without rows; owned by this from now on
    /// @param watched what else to write down: how far the handoff and the archive are
    public Metastore(
            MetadataDatabase database,
            Follower follower,
            NodeStart start,
            List<WatchedPosition> watched,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry) {
        this.database = database;
        this.follower = follower;
        this.start = start;
        this.watched = List.copyOf(watched);
        this.clocks = clocks;
        this.random = random;
        this.telemetry = telemetry;
        readTo = follower.durable();
        advanced = readTo;
        long now = clocks.monotonicNanos();
        retryAtNanos = now;
        nextSampleNanos = now;
        nextCommitNanos = now;
        nextHistoryCareNanos = now;
    }

    @Override
    public boolean step() {
        long now = clocks.monotonicNanos();
        if (now - nextSampleNanos >= 0) {
            nextSampleNanos = now + SAMPLE_NANOS;
            sample();
        }
        if (now - retryAtNanos < 0) {
            return false;
        }
        try {
            if (!connected) {
                connect();
            }
            read();
            boolean worked = write();
            commitPosition(now);
            if (now - nextHistoryCareNanos >= 0) {
                nextHistoryCareNanos = now + HISTORY_CARE_NANOS;
                database.dropOldHistory(clocks.wallNanos());
            }
            return worked;
        } catch (IOException | MetastoreConfigException e) {
            // A refusal ends the node at its start. Later it is someone's mistake in Postgres, which can be put right.
            failed(e.getMessage() == null ? e.toString() : e.getMessage());
        }
        return false;
    }

    @Override
    public void awaitWork(long maxNanos) {
        long now = clocks.monotonicNanos();
        long wait = Math.min(maxNanos, Math.max(0, nextSampleNanos - now));
        if (positionToCommit) {
            wait = Math.min(wait, Math.max(0, nextCommitNanos - now));
        }
        if (now - retryAtNanos < 0) {
            // Nothing is read before then, whatever comes.
            pause.await(Math.min(wait, retryAtNanos - now));
        } else {
            follower.awaitMore(wait);
        }
    }

    /// Notes who has moved since the last time.
    private void sample() {
        long at = clocks.wallNanos();
        for (WatchedPosition position : watched) {
            sample(position.follower(), position.position().getAsLong(), at);
        }
        sample(NAME, follower.durable().bytes(), at);
        telemetry.metrics().followerLagBytes.labelValues(NAME).set(follower.lagBytes());
    }

    private void sample(String name, long position, long at) {
        Long last = lastSampled.put(name, position);
        if (last != null && last == position) {
            return;
        }
        if (samples.size() == MAX_WAITING_SAMPLES) {
            samples.removeFirst();
        }
        samples.addLast(new PositionSample(name, position, at));
    }

    private void connect() throws IOException, MetastoreConfigException {
        database.prepare();
        logEpoch = database.recordStart(start, clocks.wallNanos());
        long known = database.position(start.node(), NAME, logEpoch).orElse(0);
        if (known < follower.durable().bytes()) {
            // It always is a little behind, as it is told once a second. Far behind, it was restored from a snapshot.
            LOG.log(Level.FINE, "postgres is behind the log: known={0} durable={1}", new Object[] {
                known, follower.durable().bytes()
            });
            pending.clear();
            readTo = new WalPosition(known);
            follower.rewind(readTo);
        }
        // A restored Postgres has forgotten positions too, also of those who have not moved since.
        lastSampled.clear();
        connected = true;
    }

    private void read() throws IOException {
        while (pending.size() < BATCHES_PER_TRANSACTION) {
            Frame frame = follower.next();
            if (frame == null) {
                return;
            }
            pending.add(BatchRow.of(frame));
            readTo = frame.end();
        }
    }

    private boolean write() throws IOException {
        if (pending.isEmpty() && samples.isEmpty()) {
            return false;
        }
        database.write(start.node(), logEpoch, pending, List.copyOf(samples));
        if (failures > 0) {
            failures = 0;
            telemetry.alarms().clear(ALARM);
        }
        samples.clear();
        if (pending.isEmpty()) {
            return false;
        }
        long wall = clocks.wallNanos();
        for (BatchRow batch : pending) {
            telemetry
                    .metrics()
                    .followerLagSeconds
                    .labelValues(NAME)
                    .observe(Math.max(0, wall - batch.arrivalNanos()) / 1e9);
        }
        pending.clear();
        if (readTo.compareTo(advanced) > 0) {
            advanced = readTo;
            follower.advance(readTo);
            positionToCommit = true;
        }
        return true;
    }

    private void commitPosition(long now) throws IOException {
        if (positionToCommit && now - nextCommitNanos >= 0) {
            nextCommitNanos = now + COMMIT_NANOS;
            follower.commit();
            positionToCommit = false;
        }
    }

    private void failed(String detail) {
        connected = false;
        failures++;
        long backoff = Math.min(LONGEST_BACKOFF_NANOS, SHORTEST_BACKOFF_NANOS << Math.min(failures - 1, 16));
        retryAtNanos = clocks.monotonicNanos() + backoff / 2 + random.nextLong(backoff / 2 + 1);
        telemetry.alarms().raise(ALARM, detail + "; batches are taken all the same, and written there when it is back");
    }
}
