package io.openwit.ingest.wal;

import io.openwit.model.BatchHeader;
import io.openwit.model.Clocks;
import io.openwit.model.NodeId;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The short-term WAL of a node: batches in the order in which they were accepted, in segment files that are recycled behind
/// the followers.
///
/// What is appended is durable when [#force] returns, and no group is written before the one before it is durable. So only the
/// last group of a log that was not closed can be torn. Every start opens a new segment and a new epoch, and copies the last
/// group of the log before anything is trusted.
///
/// The writing half ([#stamp], [#append], [#force], [#seal]) belongs to one platform thread that nobody interrupts; a [Follower]
/// belongs to its own thread, and [#keeper] to a third. Everything else is thread-safe.
public final class Log implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Log.class.getName());
    private static final String LOCK = "LOCK";
    private static final String POSITION_SUFFIX = ".position";

    /// Room that every segment keeps for the seal behind its last group.
    private static final int SEAL_BYTES = GroupHeader.ALIGNMENT;

    private final LogConfig config;
    private final Disk disk;
    private final RandomGenerator random;
    private final Telemetry telemetry;
    private final Closeable lock;
    private final Quarantine quarantine;
    private final Spares spares;
    private final LogClock clock;
    private final Keeper keeper;
    private final int incarnation;
    private final long epoch;

    /// Of segments and spares.
    private final AtomicLong usedBytes = new AtomicLong();

    private final ConcurrentSkipListMap<Long, Segment> segments = new ConcurrentSkipListMap<>();
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private volatile long durable;
    private volatile long remaining;

    // The writer's own.
    private final GroupWriter writer = new GroupWriter();
    private long nextNumber;
    private long nextFirst;
    private long written;
    private int previousCrc;
    private long groupSequence = 1;
    private long batchSequence = 1;
    private boolean sealed;
    private boolean broken;

    /// Null before the first, and after a segment that was abandoned as the disk was full.
    private @Nullable DiskFile file;

    private @Nullable Segment open;

    /// A batch to be appended, with the verdict on its rows.
    ///
    /// @param mask a bit a row, lowest first: 1 is a duplicate; empty where there is none
    /// @param duplicates bits that are set; if all of `header.rows()` are, the rows are not written
    /// @param rows sealed rows from position to limit; borrowed until [Log#append] returns
    public record Entry(BatchHeader header, long[] mask, int duplicates, ByteBuffer rows) {
        boolean headerOnly() {
            return duplicates > 0 && duplicates == header.rows();
        }

        /// Bytes of its frame.
        public long bytes() {
            return GroupWriter.frameBytes(header, mask.length, headerOnly() ? 0 : rows.remaining());
        }
    }

    /// Opens the log in the folder, or makes it.
    ///
    /// @param random draws incarnation and nonces
    /// @param epochFloor the last epoch that anyone else knows of this node, or 0: the new one is higher
    /// @throws ForeignLogException the directory belongs to another node or version
    /// @throws IOException another process has the directory, or the disk fails
    public static Log open(
            LogConfig config,
            Disk disk,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry,
            LongSupplier epochFloor)
            throws IOException {
        Path directory = config.directory();
        disk.createDirectories(directory);
        Path shown = directory.toAbsolutePath().getParent() == null ? directory : directory.toAbsolutePath().getParent();
        Closeable lock = disk.lock(directory.resolve(LOCK))
                .orElseThrow(() -> new IOException("data directory " + shown + " is in use by another process"));
        try {
            return new Log(config, disk, clocks, random, telemetry, epochFloor, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /// The highest epoch in the folder, without opening the log: empty where there is no log yet.
    public static OptionalLong lastEpoch(Disk disk, Path directory) throws IOException {
        long epoch = Recovery.lastEpoch(disk, directory);
        return epoch == 0 ? OptionalLong.empty() : OptionalLong.of(epoch);
    }

    private Log(
            LogConfig config,
            Disk disk,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry,
            LongSupplier epochFloor,
            Closeable lock)
            throws IOException {
        this.config = config;
        this.disk = disk;
        this.random = random;
        this.telemetry = telemetry;
        this.lock = lock;
        quarantine = new Quarantine(disk, config.directory(), telemetry);
        spares = new Spares(disk, config, telemetry, usedBytes);
        Recovery.Found found = new Recovery(disk, config, quarantine, telemetry).run();
        for (Segment segment : found.segments().values()) {
            segments.put(segment.number(), segment);
            if (segment.hasRows()) {
                usedBytes.addAndGet(bytesOf(segment.path()));
            }
        }
        clock = new LogClock(clocks, telemetry.alarms(), found.lastStamp());
        incarnation = random.nextInt();
        epoch = 1 + Math.max(found.lastEpoch(), epochFloor.getAsLong());
        nextNumber = found.lastNumber() + 1;
        nextFirst = GroupHeader.aligned(Math.max(found.end(), farthestFollower(found.end())));
        written = found.end();
        previousCrc = found.lastCrc();
        begin(found.doubtful());
        keeper = new Keeper(this, spares, clocks, telemetry);
        LOG.log(Level.INFO, "log opened: directory={0} epoch={1} segments={2} first={3} durable={4} copied={5}", new Object[] {
            config.directory(), epoch, segments.size(), oldest(false), durable, found.doubtful().size()
        });
    }

    private long bytesOf(Path path) throws IOException {
        try (DiskFile at = disk.openForReading(path)) {
            return at.size();
        }
    }

    /// Positions are never given twice: also not where the log has lost its end, and a follower had been farther.
    private long farthestFollower(long end) throws IOException {
        long farthest = 0;
        for (String name : disk.list(config.directory())) {
            if (name.endsWith(POSITION_SUFFIX)) {
                try (PositionFile at = PositionFile.open(disk, config.directory().resolve(name))) {
                    farthest = Math.max(farthest, at.read().map(PositionFile.Value::position).orElse(0L));
                }
            }
        }
        if (farthest > GroupHeader.aligned(end)) {
            telemetry
                    .alarms()
                    .raise(
                            "wal-end-missing",
                            config.directory() + " ends at " + end + ", but a follower has been at " + farthest
                                    + ": the last segment is missing or was never forced");
        }
        return farthest;
    }

    /// Opens the first segment of this start. The copy is forced before anything else is.
    private void begin(List<Recovery.Recovered> doubtful) throws IOException {
        long bytes = GroupHeader.BYTES;
        for (Recovery.Recovered frame : doubtful) {
            bytes += frame.bytes();
        }
        LogClock.Stamp stamp = clock.next();
        long wanted = SegmentHeader.BLOCK_BYTES + GroupHeader.aligned(bytes) + SEAL_BYTES;
        // Also over the limits: what is there can be recycled only once the log is open.
        openSegment(spares.takeAnyway(wanted), stamp);
        if (!doubtful.isEmpty()) {
            Segment segment = current();
            writer.begin(segment.header().nonce(), nextFirst);
            for (Recovery.Recovered frame : doubtful) {
                FrameHead head = frame.head();
                writer.add(
                        head.epoch(),
                        head.sequence(),
                        head.incarnation(),
                        head.flags() | FrameHead.COPY,
                        head.original(),
                        head.mask(),
                        head.duplicates(),
                        head.header(),
                        frame.rows());
            }
            writeGroup(GroupHeader.Kind.COPY, stamp);
            force();
        }
        sealed = doubtful.isEmpty();
    }

    // --- who it is

    public NodeId node() {
        return config.node();
    }

    /// Random, drawn at this start.
    public int incarnation() {
        return incarnation;
    }

    /// Counts the starts of the node, this one included.
    public long epoch() {
        return epoch;
    }

    /// Position behind the last durable group.
    public WalPosition durable() {
        return new WalPosition(durable);
    }

    /// The oldest segment's first position; with rows, of those that still have them.
    public WalPosition oldest() {
        return new WalPosition(oldest(true));
    }

    long oldest(boolean withRows) {
        for (Segment segment : segments.values()) {
            if (!withRows || segment.hasRows()) {
                return segment.first();
            }
        }
        return durable;
    }

    /// The times that the log gives.
    public LogClock clock() {
        return clock;
    }

    // --- writing

    /// The times of the group that is appended next: duplicates are judged by its log age.
    public LogClock.Stamp stamp() {
        return clock.next();
    }

    /// Whether the group fits into the open segment, or one can be had; asked before a batch is let in. Thread-safe.
    ///
    /// @return why not, for people; null where there is room
    public @Nullable String whyNoRoom(long bytes) {
        long usable = disk.usableBytes(config.directory());
        if (usable < config.reserveBytes()) {
            return "the volume of the log has " + usable + " bytes left, less than processing.wal.reserve_bytes";
        }
        if (GroupHeader.aligned(GroupHeader.BYTES + bytes) > remaining && spares.count() == 0 && !spares.mayMakeOne()) {
            return "the log has reached processing.wal.max_bytes, and its followers need all of it";
        }
        return null;
    }

    /// When to come again after [#whyNoRoom], by the pace of the slowest follower. Thread-safe.
    public Duration retryAfterNoRoom() {
        return Duration.ofNanos(keeper.nanosUntilRoom());
    }

    /// Bytes that the frame of a batch takes at most, which is when some of its rows are duplicates.
    public static long maxFrameBytes(BatchHeader header, int rowBytes) {
        return GroupWriter.frameBytes(header, (header.rows() + 63) >>> 6, rowBytes);
    }

    /// Longest frame that any group can hold.
    public long maxFrameBytes() {
        return config.segmentBytes() - SegmentHeader.BLOCK_BYTES - GroupHeader.BYTES - GroupHeader.ALIGNMENT - SEAL_BYTES;
    }

    /// Writes the entries as one group, in their order. They are durable when [#force] has returned.
    ///
    /// @param stamp the last that [#stamp] gave
    /// @throws WalFullException there is no room; the entries count as not written, and the log goes on
    /// @throws IOException the write failed; nothing more is ever written by this log
    public void append(LogClock.Stamp stamp, List<Entry> entries) throws IOException {
        checkWhole();
        long bytes = GroupHeader.BYTES;
        for (Entry entry : entries) {
            bytes += entry.bytes();
        }
        try {
            if (file == null || GroupHeader.aligned(bytes) > remaining) {
                roll(stamp, bytes);
            }
            writer.begin(current().header().nonce(), nextFirst);
            for (Entry entry : entries) {
                boolean headerOnly = entry.headerOnly();
                writer.add(
                        epoch,
                        batchSequence++,
                        incarnation,
                        headerOnly ? FrameHead.HEADER_ONLY : 0,
                        -1,
                        entry.mask,
                        entry.duplicates,
                        entry.header,
                        headerOnly ? ByteBuffer.allocate(0) : entry.rows);
            }
            writeGroup(GroupHeader.Kind.DATA, stamp);
            sealed = false;
        } catch (WalFullException e) {
            throw e;
        } catch (IOException e) {
            if (DiskFull.is(e)) {
                throw abandon(e);
            }
            broken = true;
            throw e;
        } catch (RuntimeException | Error e) {
            broken = true;
            throw e;
        }
    }

    private void roll(LogClock.Stamp stamp, long bytes) throws IOException {
        Spares.Spare spare = spares.take(SegmentHeader.BLOCK_BYTES + GroupHeader.aligned(bytes) + SEAL_BYTES);
        DiskFile full = file;
        if (full != null) {
            file = null;
            full.close();
        }
        Segment last = open;
        openSegment(spare, stamp);
        if (last != null) {
            LOG.log(Level.FINE, "segment closed: file={0} end={1}", new Object[] {last.path(), last.end()});
        }
        keeper.wake();
    }

    /// Makes the spare the open segment: header, force, name, force of the name.
    private void openSegment(Spares.Spare spare, LogClock.Stamp stamp) throws IOException {
        SegmentHeader header = new SegmentHeader(
                false,
                nextNumber,
                epoch,
                incarnation,
                config.node(),
                spare.reused(),
                nextFirst,
                random.nextLong(),
                written,
                previousCrc,
                stamp.logAgeNanos(),
                stamp.arrivalNanos(),
                SegmentHeader.Summary.NONE);
        long first = nextFirst + SegmentHeader.BLOCK_BYTES;
        Segment segment = new Segment(config.directory(), header, first, false, true, false);
        DiskFile next = disk.open(spare.path());
        try {
            next.write(new ByteBuffer[] {header.encode()}, 1, 0);
            next.force();
            disk.rename(spare.path(), segment.path());
            disk.syncDirectory(config.directory());
        } catch (IOException e) {
            next.close();
            throw e;
        }
        Segment before = open;
        file = next;
        open = segment;
        nextNumber++;
        nextFirst = first;
        written = first;
        remaining = spare.bytes() - SegmentHeader.BLOCK_BYTES - SEAL_BYTES;
        segments.put(segment.number(), segment);
        if (before != null) {
            before.close();
        }
        durable = first;
    }

    private void writeGroup(GroupHeader.Kind kind, LogClock.Stamp stamp) throws IOException {
        DiskFile at = Objects.requireNonNull(file);
        long bytes = writer.bytes();
        long offset = nextFirst - current().first();
        previousCrc = writer.write(at, offset, kind, epoch, groupSequence, previousCrc, stamp);
        groupSequence++;
        telemetry.metrics().walBytesWritten.inc(bytes);
        nextFirst += GroupHeader.aligned(bytes);
        remaining = remaining - GroupHeader.aligned(bytes);
    }

    /// The disk was full in the middle of a write: what stands behind the last whole group is never looked at again, as the next
    /// segment's header says where that group ended.
    private WalFullException abandon(IOException cause) throws IOException {
        LOG.log(Level.WARNING, "segment abandoned: file={0} end={1} reason=disk-full", new Object[] {
            current().path(), written
        });
        nextFirst = written;
        remaining = 0;
        DiskFile full = file;
        file = null;
        if (full != null) {
            try {
                full.close();
            } catch (IOException e) {
                broken = true;
                throw e;
            }
        }
        return new WalFullException("the volume of " + config.directory() + " is full", cause);
    }

    /// Makes everything that was appended durable, and lets the followers see it.
    ///
    /// @throws IOException nobody knows what is durable; nothing more is ever written by this log
    public void force() throws IOException {
        checkWhole();
        DiskFile at = Objects.requireNonNull(file);
        try {
            if (config.syncOnWrite()) {
                at.force();
            }
        } catch (IOException | RuntimeException | Error e) {
            broken = true;
            throw e;
        }
        written = nextFirst;
        current().moveEnd(written);
        durable = written;
        for (Follower follower : followers) {
            follower.wake();
        }
    }

    /// Whether the last group is a seal, or there is none: then a start has nothing to doubt.
    public boolean sealed() {
        return sealed;
    }

    /// Writes and forces a group of no frames, which proves the one before it.
    ///
    /// @throws IOException as [#append] and [#force]
    public void seal() throws IOException {
        checkWhole();
        if (sealed || file == null) {
            return;
        }
        try {
            writer.begin(current().header().nonce(), nextFirst);
            writeGroup(GroupHeader.Kind.SEAL, clock.next());
        } catch (IOException | RuntimeException | Error e) {
            broken = true;
            throw e;
        }
        force();
        sealed = true;
    }

    private void checkWhole() throws IOException {
        if (broken) {
            throw new IOException("the log is closed after a failure");
        }
    }

    private Segment current() {
        return Objects.requireNonNull(open);
    }

    // --- reading

    /// Opens a follower; its position is remembered under its name. All of them are opened before the keeper's first step, as
    /// it recycles what those that it knows have passed.
    ///
    /// @param name of letters, digits and dashes: a file's name and a label's value
    /// @param needsRows whether [Frame#rows] is wanted, for which segments are kept
    public Follower follower(String name, boolean needsRows) throws IOException {
        if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException("not a follower's name: " + name);
        }
        for (Follower other : followers) {
            if (other.name().equals(name)) {
                throw new IllegalStateException("follower is open already: " + name);
            }
        }
        PositionFile positions = PositionFile.open(disk, config.directory().resolve(name + POSITION_SUFFIX));
        Follower follower = Follower.open(this, name, needsRows, positions, telemetry);
        followers.add(follower);
        return follower;
    }

    /// Gives every durable frame that is not older than `maxAgeNanos` by the log's age, in order and without rows, to rebuild
    /// what depends on the past. May give older ones.
    public void replayHeads(long maxAgeNanos, Consumer<Frame> each) throws IOException {
        long since = clock.next().logAgeNanos() - maxAgeNanos;
        long start = durable;
        for (Segment segment : segments.descendingMap().values()) {
            start = segment.first();
            if (segment.header().logAge() < since) {
                break;
            }
        }
        try (FrameCursor cursor = new FrameCursor(this, false, start, start)) {
            for (Frame frame = cursor.next(); frame != null; frame = cursor.next()) {
                each.accept(frame);
            }
        }
    }

    /// The first position of the youngest segments that together hold `rows` new rows: what lies before it has been pushed out
    /// of a window of so many.
    public WalPosition positionHolding(long rows) {
        long held = 0;
        for (Segment segment : segments.descendingMap().values()) {
            held += segment.summary().rows();
            if (held >= rows) {
                return new WalPosition(segment.first());
            }
        }
        return WalPosition.BEGINNING;
    }

    // --- the rest

    /// Pre-writes segments, writes heads files and recycles, on a thread of its own.
    public Stepper keeper() {
        return keeper;
    }

    /// Seals, and lets go of the directory. Call it when no thread steps or follows any more.
    @Override
    public void close() throws IOException {
        try (lock) {
            if (!broken && file != null) {
                seal();
            }
            DiskFile at = file;
            file = null;
            if (at != null) {
                at.close();
            }
            for (Follower follower : followers) {
                follower.close();
            }
        }
    }

    // --- for the keeper and the cursors

    Disk disk() {
        return disk;
    }

    LogConfig config() {
        return config;
    }

    Quarantine quarantine() {
        return quarantine;
    }

    /// By number.
    Collection<Segment> segments() {
        return segments.values();
    }

    void forget(Segment segment) {
        segments.remove(segment.number());
    }

    List<Follower> followers() {
        return followers;
    }

    void followerMoved() {
        keeper.wake();
    }

    long usedBytes() {
        return usedBytes.get();
    }
}
