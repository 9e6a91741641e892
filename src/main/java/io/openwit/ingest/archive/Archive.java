package io.openwit.ingest.archive;

import io.openwit.ingest.archive.ArchiveConfig.OnLag;
import io.openwit.ingest.handoff.UniqueRows;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.PositionFile;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Follows the log into the long-term WAL: `archive/day=YYYY-MM-DD/tenant=T/signal=S/*.arrows`.
///
/// Each file is an Arrow stream: the schema message, for each batch a note ([BatchNote]) and its messages as they were
/// sealed, duplicates left out, and the end mark once no more comes. The day is the UTC day of a batch's arrival; one is
/// written to at a time.
///
/// About once a second everything written is forced: streams, names, catalogue, then the note `archive/state`, and only
/// then does the follower's position move. Whatever the note does not vouch for is cut at the next start and comes
/// again from the log; what it vouches for and comes again is known by its batch id and is not written twice.
///
/// A disk that fails costs what was not forced: the day is closed, the follower goes back, and all is tried again after
/// a pause, with alarm `archive-failing`. With `archive.on_lag: gap` it does not hold up the log for ever: farther behind
/// than `archive.max_lag_bytes`, it leaves out all but the last half of that, as an [ArchiveGap] whose file is forced
/// before the position moves, with alarm `archive-gap`.
///
/// Days that are over are compacted a piece a step, while nothing waits to be read, by [ArchiveCompaction].
///
/// Owned by the thread that steps it, but for [#archivedBytes].
public final class Archive implements Stepper, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Archive.class.getName());
    private static final String NAME = "archive";

    /// The file of the archive's note, an [ArchiveNote].
    static final String STATE = "state";

    private static final String FAILING = "archive-failing";
    private static final String GAP = "archive-gap";
    private static final String COMPACTION = "archive-compaction-failing";
    private static final String DAMAGED = "archive-damaged";
    private static final String UNREADABLE = "archive-cannot-read";

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long COMMIT_NANOS = SECOND_NANOS;
    private static final long COMMIT_BYTES = 64L << 20;
    private static final long RETENTION_BYTES = 256L << 20;
    private static final long COMPACTION_PAUSE_NANOS = 60 * SECOND_NANOS;
    private static final int FRAMES_PER_STEP = 64;
    private static final int FRAMES_PER_COMMIT = 65_536;
    private static final long SHORTEST_BACKOFF_NANOS = SECOND_NANOS / 10;
    private static final long LONGEST_BACKOFF_NANOS = 5 * SECOND_NANOS;

    /// In a pause after a failure, how often it is looked whether a gap is due.
    private static final long LOOK_NANOS = SECOND_NANOS / 10;

    private final ArchiveConfig config;
    private final Follower follower;
    private final Disk disk;
    private final Clocks clocks;
    private final RandomGenerator random;
    private final Telemetry telemetry;
    private final ArchiveRetention retention;
    private final ArchiveCompaction compaction;
    private final UniqueRows uniqueRows = new UniqueRows();

    private final Bell pause = new Bell();
    private final List<Long> arrivals = new ArrayList<>();

    /// Left out, and not in a catalogue yet.
    private final List<ArchiveGap> gaps = new ArrayList<>();

    /// Its file is forced, and the position is not yet. Null nearly always.
    private @Nullable ArchiveGap leaving;

    private @Nullable PositionFile state;
    private @Nullable ArchiveDay day;
    private @Nullable BatchId last;
    private @Nullable BatchId sureLast;
    private long gapsTo;
    private long sureGapsTo;
    private WalPosition readTo;
    private WalPosition advanced;
    private boolean uncommitted;
    private long uncommittedBytes;
    private long bytesSinceRetention;
    private boolean pastDaysNoted;
    private long compactAtNanos;
    private boolean compactionFailed;
    private long commitAtNanos;
    private int failures;
    private long retryAtNanos;
    private volatile long archivedBytes;

    /// @param follower of the log, named `archive`, with rows; owned by this from now on
    /// @param random spreads the pauses after failures
    public Archive(
            ArchiveConfig config,
            Follower follower,
            Disk disk,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry) {
        this.config = config;
        this.follower = follower;
        this.disk = disk;
        this.clocks = clocks;
        this.random = random;
        this.telemetry = telemetry;
        retention = new ArchiveRetention(config, disk);
        compaction = new ArchiveCompaction(config, disk, telemetry, this::damaged);
        readTo = follower.durable();
        advanced = readTo;
        archivedBytes = readTo.bytes();
        retryAtNanos = clocks.monotonicNanos();
        commitAtNanos = retryAtNanos;
        compactAtNanos = retryAtNanos;
    }

    /// Everything before it is in the archive, and forced; in bytes since the log began. Thread-safe.
    public long archivedBytes() {
        return archivedBytes;
    }

    @Override
    public boolean step() {
        long now = clocks.monotonicNanos();
        boolean worked = false;
        try {
            boolean due = now - retryAtNanos >= 0;
            if (due && leaving == null) {
                worked = work(now);
            }
            // Asked behind the work, and also in a pause, as the log goes on in it. What waits to be forced goes first.
            if (leaving == null ? !uncommitted && tooFarBehind() : due) {
                leaveGap();
                worked = true;
            }
        } catch (IOException e) {
            failed(e);
        }
        return worked;
    }

    private boolean work(long now) throws IOException {
        if (state == null) {
            recover();
        }
        int followed = follow(now);
        if (uncommitted
                && (now - commitAtNanos >= 0
                        || uncommittedBytes >= COMMIT_BYTES
                        || arrivals.size() >= FRAMES_PER_COMMIT
                        || tooFarBehind())) {
            commit();
        }
        // Beside what comes, but not while it has to catch up.
        boolean compacted = followed < FRAMES_PER_STEP && compact(now);
        return followed > 0 || compacted;
    }

    private boolean compact(long now) {
        if (now - compactAtNanos < 0) {
            return false;
        }
        try {
            boolean worked = compaction.step();
            if (compactionFailed) {
                compactionFailed = false;
                telemetry.alarms().clear(COMPACTION);
            }
            return worked;
        } catch (IOException e) {
            compaction.abandon();
            compactAtNanos = now + COMPACTION_PAUSE_NANOS;
            compactionFailed = true;
            telemetry.alarms().raise(COMPACTION, config.dir() + ": " + e.getMessage()
                    + "; the small files of past days stay, and are tried again");
            return false;
        }
    }

    @Override
    public void awaitWork(long maxNanos) {
        long now = clocks.monotonicNanos();
        long wait = maxNanos;
        if (uncommitted) {
            wait = Math.min(wait, Math.max(0, commitAtNanos - now));
        }
        if (now - retryAtNanos < 0) {
            // Nothing is read before then, whatever comes; only how far it is behind is looked at.
            pause.await(Math.min(Math.min(maxNanos, LOOK_NANOS), retryAtNanos - now));
        } else {
            follower.awaitMore(wait);
        }
    }

    /// Forces what was written and closes the files; the streams go on at the next start.
    ///
    /// Call it when no thread steps any more.
    @Override
    public void close() throws IOException {
        try {
            if (uncommitted) {
                commit();
            }
        } finally {
            closeFiles();
            compaction.abandon();
            uniqueRows.close();
        }
    }

    private void recover() throws IOException {
        readTo = follower.durable();
        follower.rewind(readTo);
        disk.createDirectories(config.dir());
        Path path = config.dir().resolve(STATE);
        PositionFile file = PositionFile.open(disk, path);
        try {
            if (file.damaged()) {
                damaged(path + " cannot be read; the archive goes on in new files, and holds some batches twice, with "
                        + "the same ids");
            }
            ArchiveNote note = file.damaged() || file.read().isEmpty()
                    ? ArchiveNote.NOTHING
                    : ArchiveNote.decode(file.read().get().note());
            last = note.last();
            sureLast = last;
            gapsTo = note.gapsTo();
            sureGapsTo = gapsTo;
            recoverGaps();
            LocalDate date = note.day();
            if (date != null) {
                day = ArchiveDay.open(config, disk, date, note.catalogueBytes(), last, this::damaged);
            }
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        state = file;
        notePastDays(day == null ? null : day.date());
    }

    /// Once: what a start finds of days that are over.
    private void notePastDays(@Nullable LocalDate today) throws IOException {
        if (!pastDaysNoted && today != null) {
            for (String name : disk.list(config.dir())) {
                LocalDate date = ArchiveRetention.dateOf(name);
                if (date != null && date.isBefore(today)) {
                    compaction.dayOver(date);
                }
            }
            pastDaysNoted = true;
        }
    }

    /// A crash between a gap's file and the position leaves the file alone: then nothing was left out.
    private void recoverGaps() throws IOException {
        gaps.clear();
        for (ArchiveGap gap : ArchiveGap.list(disk, config.dir())) {
            if (gap.first() >= gapsTo && gap.first() >= readTo.bytes()) {
                LOG.info("archive gap taken back: file=" + gap.file() + " reason=the log still has it");
                gap.remove(disk);
            } else if (gap.first() >= gapsTo) {
                gaps.add(gap);
            }
        }
        sayGaps();
    }

    private void sayGaps() throws IOException {
        List<ArchiveGap> left = ArchiveGap.list(disk, config.dir());
        if (left.isEmpty()) {
            telemetry.alarms().clear(GAP);
            return;
        }
        ArchiveGap lastGap = left.getLast();
        telemetry.alarms().raise(GAP, left.size() + " parts of the log, "
                + left.stream().mapToLong(ArchiveGap::bytes).sum() + " bytes, are not in the archive, the last "
                + lastGap.file() + "; remove the files once that is dealt with");
    }

    private boolean tooFarBehind() {
        return config.onLag() == OnLag.GAP && follower.lagBytes() > config.maxLagBytes();
    }

    /// Leaves out what it is behind, all but half of what it may be. Nothing that was read waits to be forced then, or
    /// the disk has failed and it is given up.
    private void leaveGap() throws IOException {
        ArchiveGap gap = leaving;
        if (gap == null) {
            long first = follower.durable().bytes();
            long end = first + follower.lagBytes() - config.maxLagBytes() / 2;
            if (end <= first || end < advanced.bytes()) {
                return;
            }
            Instant now = Instant.ofEpochSecond(Math.floorDiv(clocks.wallNanos(), SECOND_NANOS));
            gap = ArchiveGap.leave(disk, config.dir(), first, end, now);
            // From here on it is a gap, also if the position cannot be forced at once: that is tried again.
            leaving = gap;
            advanced = new WalPosition(end);
            follower.advance(advanced);
        }
        follower.commit();
        leaving = null;
        gaps.add(gap);
        readTo = advanced;
        archivedBytes = follower.durable().bytes();
        telemetry.metrics().archiveGapBytes.inc(gap.bytes());
        LOG.warning("archive gap left: file=" + gap.file() + " bytes=" + gap.bytes() + " reason=archive.max_lag_bytes");
        // Last, as the log recycles also what the cursor has passed.
        follower.rewind(readTo);
        sayGaps();
    }

    private void damaged(String what) {
        telemetry.alarms().raise(DAMAGED, what);
    }

    /// @return frames that were read
    private int follow(long now) throws IOException {
        for (int i = 0; i < FRAMES_PER_STEP; i++) {
            Frame frame = follower.next();
            if (frame == null) {
                return i;
            }
            BatchId before = last;
            boolean known = before != null
                    && before.node().equals(frame.id().node())
                    && frame.id().compareTo(before) <= 0;
            if (!known) {
                if (!frame.headerOnly()) {
                    append(frame);
                }
                last = frame.id();
            }
            arrivals.add(frame.arrivalNanos());
            readTo = frame.end();
            if (!uncommitted) {
                uncommitted = true;
                commitAtNanos = now + COMMIT_NANOS;
            }
        }
        return FRAMES_PER_STEP;
    }

    private void append(Frame frame) throws IOException {
        ByteBuffer rows;
        try {
            rows = uniqueRows.of(frame);
        } catch (MalformedBatchException e) {
            // Without knowing what is a duplicate in it, it is kept as it is: too much is better than too little.
            telemetry.alarms().raise(UNREADABLE, "batch " + frame.id() + " cannot be opened, and is archived with its "
                    + frame.duplicates() + " duplicates: " + e.getMessage());
            rows = frame.rows();
        }
        ArchiveDay open = dayOf(frame);
        for (ArchiveGap gap : gaps) {
            open.leaveOut(gap);
            gapsTo = Math.max(gapsTo, gap.end());
        }
        gaps.clear();
        long bytes = open.append(frame, rows);
        telemetry.metrics().archiveBytesWritten.inc(bytes);
        uncommittedBytes += bytes;
        bytesSinceRetention += bytes;
    }

    private ArchiveDay dayOf(Frame frame) throws IOException {
        LocalDate date = Instant.ofEpochSecond(Math.floorDiv(frame.arrivalNanos(), SECOND_NANOS))
                .atOffset(ZoneOffset.UTC)
                .toLocalDate();
        ArchiveDay open = day;
        if (open != null && open.date().equals(date)) {
            return open;
        }
        if (open != null) {
            open.end();
            commit();
            open.close();
            day = null;
            compaction.dayOver(open.date());
        }
        Path folder = config.dir().resolve("day=" + date);
        boolean fresh = !disk.exists(folder)
                || (!disk.exists(folder.resolve(CatalogueFormat.NAME)) && DayFiles.streams(disk, folder).isEmpty());
        if (fresh) {
            // Said before the first file is made: a start then knows that what it finds there is not sure.
            note(date, 0);
        }
        ArchiveDay opened = ArchiveDay.open(config, disk, date, fresh ? 0 : ArchiveDay.ALL, sureLast, this::damaged);
        day = opened;
        note(date, opened.catalogueBytes());
        bytesSinceRetention = RETENTION_BYTES;
        return opened;
    }

    private void note(LocalDate date, long catalogueBytes) throws IOException {
        PositionFile file = state;
        if (file != null) {
            file.write(archivedBytes, new ArchiveNote(sureLast, date, catalogueBytes, sureGapsTo).encoded());
        }
    }

    private void commit() throws IOException {
        ArchiveDay open = day;
        if (open != null) {
            open.force();
            sureLast = last;
            sureGapsTo = gapsTo;
            note(open.date(), open.catalogueBytes());
        }
        if (readTo.compareTo(advanced) > 0) {
            advanced = readTo;
            follower.advance(readTo);
        }
        follower.commit();
        archivedBytes = follower.durable().bytes();
        uncommitted = false;
        uncommittedBytes = 0;
        long wall = clocks.wallNanos();
        for (long arrival : arrivals) {
            telemetry.metrics().followerLagSeconds.labelValues(NAME).observe(Math.max(0, wall - arrival) / 1e9);
        }
        arrivals.clear();
        telemetry.metrics().followerLagBytes.labelValues(NAME).set(follower.lagBytes());
        if (failures > 0) {
            failures = 0;
            telemetry.alarms().clear(FAILING);
        }
        if (open != null && bytesSinceRetention >= RETENTION_BYTES) {
            bytesSinceRetention = 0;
            if (retention.enforce(open.date())) {
                compaction.abandon(); // it may have been at work there
            }
            sayGaps();
        }
    }

    /// Forgets what was not forced: it comes again from the log.
    private void failed(IOException e) {
        closeFiles();
        uncommitted = false;
        uncommittedBytes = 0;
        arrivals.clear();
        long backoff = Math.min(LONGEST_BACKOFF_NANOS, SHORTEST_BACKOFF_NANOS << Math.min(failures, 16));
        failures++;
        retryAtNanos = clocks.monotonicNanos() + backoff / 2 + random.nextLong(backoff / 2 + 1);
        telemetry
                .alarms()
                .raise(FAILING, config.dir() + ": " + e.getMessage() + "; batches stay in the log and are tried again");
    }

    private void closeFiles() {
        ArchiveDay open = day;
        PositionFile file = state;
        day = null;
        state = null;
        try (open;
                file) {
            // Closing is all.
        } catch (IOException e) {
            LOG.warning("archive files do not close well: dir=" + config.dir() + " reason=" + e.getMessage());
        }
    }
}
