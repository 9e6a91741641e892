package io.openwit.ingest.wal;

import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Keeps the log's house: has a spare segment ready, writes heads files, recycles what nobody needs, and looks once a second
/// whether everything is there. One bounded job a step; owned by the thread that steps it.
final class Keeper implements Stepper {
    private static final Logger LOG = Logger.getLogger(Keeper.class.getName());
    private static final String FAILING = "wal-keeper-failing";
    private static final String MISSING = "wal-segment-missing";
    private static final String FULL = "wal-full";
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final Log log;
    private final Spares spares;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private final Bell bell = new Bell();
    private long nextLookNanos;
    private long lastPassed = -1;

    /// Log bytes a second by which the slowest follower that needs rows moves on.
    private volatile double passedPerSecond;
    private long pausedUntilNanos;

    Keeper(Log log, Spares spares, Clocks clocks, Telemetry telemetry) {
        this.log = log;
        this.spares = spares;
        this.clocks = clocks;
        this.telemetry = telemetry;
        nextLookNanos = clocks.monotonicNanos();
        pausedUntilNanos = nextLookNanos;
    }

    /// Thread-safe.
    void wake() {
        bell.ring();
    }

    @Override
    public boolean step() {
        long now = clocks.monotonicNanos();
        if (now - nextLookNanos >= 0) {
            nextLookNanos = now + SECOND_NANOS;
            look();
        }
        if (now - pausedUntilNanos < 0) {
            return false;
        }
        try {
            // Recycling first: it makes room, and what it gains need not be written.
            boolean worked = recycle() || writeHeads() || dropHeads() || spares.prepare();
            telemetry.alarms().clear(FAILING);
            return worked;
        } catch (WalFullException _) {
            pausedUntilNanos = now + SECOND_NANOS; // the gauges, the alarm and every refusal tell of it
        } catch (IOException e) {
            pausedUntilNanos = now + SECOND_NANOS;
            LOG.log(Level.WARNING, "keeper of the log failed, and will try again: {0}", String.valueOf(e));
            telemetry.alarms().raise(FAILING, "segments are not prepared or recycled: " + e);
        }
        return false;
    }

    @Override
    public void awaitWork(long maxNanos) {
        bell.await(Math.min(maxNanos, SECOND_NANOS));
    }

    private boolean recycle() throws IOException {
        long rowsPassed = rowsPassed();
        for (Segment segment : log.segments()) {
            if (!segment.closed() || segment.end() > rowsPassed) {
                return false;
            }
            if (segment.hasRows() && segment.hasHeads()) {
                // Said before it is done: who then finds other bytes in the file, or none, knows why.
                segment.rowsGone();
                try {
                    spares.recycle(segment.path());
                } catch (IOException e) {
                    if (log.disk().exists(segment.path())) {
                        segment.rowsStay();
                    }
                    throw e;
                }
                return true;
            }
        }
        return false;
    }

    private boolean writeHeads() throws IOException {
        for (Segment segment : log.segments()) {
            if (segment.closed() && segment.hasRows() && !segment.hasHeads()) {
                try {
                    HeadsFile.write(log.disk(), log.config().directory(), segment, log.quarantine());
                } catch (NoSuchFileException | DamagedSegmentException e) {
                    log.quarantine().add(segment.first(), segment.end(), "the segment is lost: " + e.getMessage());
                    segment.rowsGone();
                    log.forget(segment);
                }
                return true;
            }
        }
        return false;
    }

    private boolean dropHeads() throws IOException {
        // Not what they have passed without having to say so: with the heads goes the proof that nothing else stood there.
        long headsPassed = Long.MAX_VALUE;
        for (Follower follower : log.followers()) {
            headsPassed = Math.min(headsPassed, follower.durable().bytes());
        }
        long youngest = log.clock().lastAgeNanos() - log.config().headsAge().toNanos();
        Segment before = null;
        for (Segment segment : log.segments()) {
            // A segment ends when the next one opens.
            if (before != null
                    && !before.hasRows()
                    && before.end() <= headsPassed
                    && segment.header().logAge() < youngest) {
                log.forget(before);
                log.disk().delete(before.headsPath());
                return true;
            }
            if (before != null) {
                return false;
            }
            before = segment;
        }
        return false;
    }

    /// What all followers that need rows have durably passed; nothing while there is none.
    private long rowsPassed() {
        long passed = Long.MAX_VALUE;
        boolean any = false;
        for (Follower follower : log.followers()) {
            if (follower.needsRows()) {
                any = true;
                passed = Math.min(passed, follower.passed());
            }
        }
        return any ? passed : 0;
    }

    /// How long it takes, at the pace of the last seconds, until a segment is recycled.
    long nanosUntilRoom() {
        double seconds = log.config().segmentBytes() / Math.max(1.0, passedPerSecond);
        return (long) (Math.clamp(seconds, 1.0, 30.0) * SECOND_NANOS);
    }

    private void look() {
        long passed = rowsPassed();
        if (lastPassed >= 0) {
            passedPerSecond = passedPerSecond * 0.7 + Math.max(0, passed - lastPassed) * 0.3;
        }
        lastPassed = passed;
        for (Follower follower : log.followers()) {
            telemetry.metrics().followerLagBytes.labelValues(follower.name()).set(follower.lagBytes());
        }
        long usable = log.disk().usableBytes(log.config().directory());
        telemetry.metrics().diskReserveBytes.labelValues("usable").set(usable);
        telemetry.metrics().diskReserveBytes.labelValues("reserved").set(log.config().reserveBytes());
        telemetry.metrics().diskReserveBytes.labelValues("wal").set(log.usedBytes());
        String noRoom = log.whyNoRoom(0);
        if (noRoom == null) {
            telemetry.alarms().clear(FULL);
        } else {
            telemetry.alarms().raise(FULL, noRoom + "; clients are told to come again");
        }
        Segment missing = null;
        for (Segment segment : log.segments()) {
            if (segment.hasRows() && !log.disk().exists(segment.path()) && segment.hasRows()) {
                missing = segment;
            }
        }
        if (missing == null) {
            telemetry.alarms().clear(MISSING);
        } else {
            telemetry.alarms().raise(MISSING, missing.path() + " is gone, and nobody of ours removed it");
        }
    }
}
