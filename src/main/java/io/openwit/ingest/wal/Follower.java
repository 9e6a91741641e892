package io.openwit.ingest.wal;

import io.openwit.model.Bell;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Gives the log's durable batches in order, and remembers durably how far somebody has come with them.
///
/// It reads from its cursor, and its durable position is what [#advance] was told when [#commit] was last called. A start begins
/// at the durable position, so a replay after a crash is the normal run. A batch may be given again, and is never left out but
/// where the log is damaged, which is counted, alarmed and recorded.
///
/// Owned by one thread, but where it says so.
public final class Follower {
    private static final Logger LOG = Logger.getLogger(Follower.class.getName());
    private static final byte[] NO_NOTE = {};

    private final Log log;
    private final String name;
    private final boolean needsRows;
    private final PositionFile file;
    private final FrameCursor cursor;
    private final Bell bell = new Bell();
    private volatile long durable;
    private volatile long advanced;

    static Follower open(Log log, String name, boolean needsRows, PositionFile file, Telemetry telemetry)
            throws IOException {
        Optional<PositionFile.Value> known = file.read();
        if (file.damaged()) {
            telemetry
                    .alarms()
                    .raise(
                            "follower-position-damaged",
                            "the position of follower " + name + " cannot be read; it begins at the oldest segment again");
            LOG.log(Level.WARNING, "follower position damaged: follower={0}", name);
        }
        if (known.isPresent()) {
            // A force of the last start may have failed: then what was read stands in the page cache alone, and nothing may be
            // recycled behind it.
            file.write(known.get().position(), NO_NOTE);
        }
        long start = known.map(PositionFile.Value::position).orElseGet(() -> log.oldest(needsRows));
        return new Follower(log, name, needsRows, file, start, known.isEmpty() ? start : 0);
    }

    private Follower(Log log, String name, boolean needsRows, PositionFile file, long start, long bornAt) {
        this.log = log;
        this.name = name;
        this.needsRows = needsRows;
        this.file = file;
        cursor = new FrameCursor(log, needsRows, start, bornAt);
        durable = start;
        advanced = start;
    }

    public String name() {
        return name;
    }

    boolean needsRows() {
        return needsRows;
    }

    /// The next durable batch behind the cursor, or null while there is none. Does not wait.
    ///
    /// @throws IOException the log could not be read; it may be tried again
    public @Nullable Frame next() throws IOException {
        return cursor.next();
    }

    /// Moves the cursor, back or forth: the next batch is the first at or behind the position that the log still has.
    public void rewind(WalPosition position) throws IOException {
        cursor.move(position.bytes());
    }

    /// How far this follower has durably come: a restart begins there. Thread-safe.
    public WalPosition durable() {
        return new WalPosition(durable);
    }

    /// Says that everything before `end` is done; durable with the next [#commit].
    public void advance(WalPosition end) {
        if (end.bytes() < advanced) {
            throw new IllegalStateException(
                    "follower " + name + " went back: " + end.bytes() + " < " + advanced);
        }
        advanced = end.bytes();
    }

    /// Forces the position. Lets the log recycle what lies before it.
    ///
    /// @throws IOException this position or the one before is durable; it may be tried again
    public void commit() throws IOException {
        long position = done();
        if (position != durable) {
            file.write(position, NO_NOTE);
            durable = position;
            log.followerMoved();
        }
    }

    private long done() {
        return passed(advanced);
    }

    /// Everything before it is durably done, or holds no batch for this follower. Thread-safe.
    long passed() {
        return passed(durable);
    }

    /// `upTo`, and with it padding, seals and copies up to the cursor, where no batch lies between.
    private long passed(long upTo) {
        long at = cursor.position();
        return upTo >= cursor.given() ? Math.max(upTo, at) : upTo;
    }

    /// Returns when there may be more behind the cursor, and after `maxNanos` at the latest.
    public void awaitMore(long maxNanos) {
        if (log.durable().bytes() <= cursor.position()) {
            bell.await(maxNanos);
        }
    }

    /// Ends the present or the next [#awaitMore]: for whoever else has news for this follower's thread. Thread-safe.
    public void wake() {
        bell.ring();
    }

    /// Bytes of the log that are durable and not done. Thread-safe.
    public long lagBytes() {
        return Math.max(0, log.durable().bytes() - done());
    }

    void close() throws IOException {
        cursor.close();
        file.close();
    }
}
