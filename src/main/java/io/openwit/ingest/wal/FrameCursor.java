package io.openwit.ingest.wal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the frames of a log in order, over segments and heads files, up to what is durable. Owned by one thread.
///
/// What is damaged is passed over and told to [Quarantine], never silently. A copy is passed over too, unless its original is
/// damaged, or lies before the place where this cursor began without knowing any more.
final class FrameCursor implements Closeable {
    private static final ByteBuffer NO_ROWS = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final Log log;
    private final boolean withRows;

    /// Copies of what stands before this are not known to it.
    private final long bornAt;

    /// All frames before it have been delivered, or passed over.
    private volatile long position;

    /// End of the last frame in the log that was given out; written before [#position], and so read behind it.
    private volatile long given;

    private @Nullable Segment segment;
    private @Nullable GroupReader reader;

    /// Originals of the copies that were given since the last frame that is none: each start may copy the same group again.
    private final Set<Long> copiesGiven = new HashSet<>();

    /// Goes from reader to reader.
    private ByteBuffer buffer = ByteBuffer.allocate(0);

    /// Offset in the file of the next group.
    private long groupAt;

    private @Nullable GroupHeader group;
    private long frameAt;
    private long framesEnd;
    private int framesLeft;

    /// @param withRows frames are verified with their rows, and [#rows] gives them
    /// @param bornAt where nothing before is known: its copies are delivered; 0 where all before is done
    FrameCursor(Log log, boolean withRows, long start, long bornAt) {
        this.log = log;
        this.withRows = withRows;
        this.bornAt = bornAt;
        given = start;
        position = start;
    }

    /// Any thread may ask.
    long position() {
        return position;
    }

    /// Any thread may ask, behind [#position].
    long given() {
        return given;
    }

    void move(long newPosition) throws IOException {
        GroupReader in = reader;
        Segment at = segment;
        position = newPosition;
        if (in != null && at != null && !in.header().heads() && newPosition >= at.first() && newPosition < at.end()) {
            find(in, at);
        } else {
            leave();
        }
    }

    /// Lets the group that holds the position be the next.
    private void find(GroupReader in, Segment at) throws IOException {
        framesLeft = 0;
        group = null;
        groupAt = in.groupBefore(position - at.first(), at.end() - at.first());
    }

    @Nullable
    Frame next() throws IOException {
        try {
            while (true) {
                GroupReader in = reader;
                Segment at = segment;
                if (in == null || at == null) {
                    if (!enter()) {
                        return null;
                    }
                } else if (framesLeft == 0) {
                    if (!nextGroup(in, at)) {
                        return null;
                    }
                } else {
                    Frame frame = nextFrame(in, at);
                    if (frame != null) {
                        remember(frame);
                        long end = frame.end().bytes();
                        given = Math.max(given, end);
                        position = end;
                        return frame;
                    }
                }
            }
        } catch (IOException e) {
            // Whatever it was, the next try opens the file anew.
            leave();
            throw e;
        }
    }

    // --- into a segment

    /// Opens the segment that holds the position, or the first one behind it.
    private boolean enter() throws IOException {
        for (Segment candidate : log.segments()) {
            boolean closed = candidate.closed();
            if (closed && candidate.end() <= position) {
                continue;
            }
            passGapBefore(candidate);
            if (withRows && !candidate.hasRows()) {
                if (holdsMore(candidate)) {
                    lost(candidate, "its rows are gone, and a follower still needs them");
                }
                position = Math.max(position, candidate.end());
                continue;
            }
            String whyNot = open(candidate);
            if (whyNot == null) {
                return true;
            }
            lost(candidate, whyNot);
            if (!closed) {
                return false;
            }
        }
        return false;
    }

    /// Segments follow one another without a gap, and what is left of one goes only when every follower has durably passed it. So what
    /// lies between the position and the next segment has been lost.
    private void passGapBefore(Segment candidate) {
        long first = candidate.first();
        if (first > position) {
            log.quarantine().add(position, first, candidate.path() + ": what stood before it is missing");
            position = first;
        }
    }

    /// Whether the segment holds a batch behind the position, by its heads. Padding, seals and copies may stand behind the last one:
    /// a follower passes them, and need not have made that durable when the segment was recycled.
    private boolean holdsMore(Segment candidate) throws IOException {
        try (FrameCursor heads = new FrameCursor(log, false, position, bornAt)) {
            Frame next = heads.next();
            return next != null && next.position().bytes() < candidate.end();
        }
    }

    private void lost(Segment candidate, String why) {
        long end = candidate.end();
        if (end > position) {
            log.quarantine().add(position, end, candidate.path() + ": " + why);
            position = end;
        }
    }

    /// Opens the segment's file, or its heads file where rows are not wanted.
    ///
    /// @return null, or why neither can be read
    private @Nullable String open(Segment candidate) throws IOException {
        if (!withRows && candidate.hasHeads() && open(candidate, candidate.headsPath()) == null) {
            return null;
        }
        String whyNot = candidate.hasRows() ? open(candidate, candidate.path()) : "it is recycled";
        // Asked again: it may have been recycled between the two.
        return whyNot != null && !withRows && candidate.hasHeads() ? open(candidate, candidate.headsPath()) : whyNot;
    }

    private @Nullable String open(Segment candidate, Path path) throws IOException {
        try {
            int chunk = withRows ? GroupReader.CHUNK_WITH_ROWS : GroupReader.CHUNK_HEADS;
            GroupReader in = GroupReader.open(log.disk(), path, chunk, buffer);
            if (in.header().nonce() != candidate.header().nonce()) {
                in.close();
                return "another segment has its name";
            }
            begin(candidate, in);
            if (!in.header().heads()) {
                find(in, candidate);
            }
            return null;
        } catch (NoSuchFileException _) {
            return "the file is missing";
        } catch (DamagedSegmentException _) {
            return "its header is damaged";
        }
    }

    private void begin(Segment candidate, GroupReader in) {
        segment = candidate;
        reader = in;
        groupAt = SegmentHeader.BLOCK_BYTES;
        group = null;
        framesLeft = 0;
    }

    private void leave() throws IOException {
        GroupReader in = reader;
        reader = null;
        segment = null;
        group = null;
        framesLeft = 0;
        if (in != null) {
            buffer = in.buffer();
            in.close();
        }
    }

    // --- through a segment

    /// Enters the next group, or leaves the segment at its end.
    ///
    /// @return false where there is nothing more that is durable
    private boolean nextGroup(GroupReader in, Segment at) throws IOException {
        // Asked in this order: the end does not move any more once the segment is closed.
        boolean closed = at.closed();
        long limit = in.header().heads() ? in.size() : at.end() - at.first();
        if (groupAt >= limit) {
            // The end as it was asked above: it may have moved since.
            position = Math.max(position, in.header().heads() ? at.end() : at.first() + limit);
            if (closed) {
                leave();
            }
            return closed;
        }
        GroupHeader next = in.groupAt(groupAt, limit);
        if (next == null) {
            if (!readsElsewhere(in, at)) {
                passOverGroup(in, at, limit);
            }
            return true;
        }
        group = next;
        frameAt = groupAt + GroupHeader.BYTES;
        framesEnd = frameAt + next.length();
        groupAt = in.header().heads() ? framesEnd : GroupHeader.aligned(framesEnd);
        boolean passed = !in.header().heads() && at.first() + groupAt <= position;
        framesLeft = passed ? 0 : next.count();
        return true;
    }

    /// Whether what cannot be read here can be read in the segment's other file: a cursor without rows leaves a segment that
    /// was recycled under it, and a heads file that is damaged while its segment is still there.
    private boolean readsElsewhere(GroupReader in, Segment at) throws IOException {
        if (withRows || in.header().heads() != at.hasRows()) {
            return false;
        }
        if (in.header().heads()) {
            at.headsGone();
        }
        leave();
        return true;
    }

    private void passOverGroup(GroupReader in, Segment at, long limit) throws IOException {
        long from = groupAt;
        long next = in.header().heads() ? -1 : in.search(from + GroupHeader.ALIGNMENT, limit);
        long until = next < 0 ? limit : next;
        if (in.header().heads()) {
            log.quarantine().add(position, at.end(), in.path() + ": no whole group at offset " + from);
            position = at.end();
        } else {
            log.quarantine().add(at.first() + from, at.first() + until, in.path() + ": no whole group at offset " + from);
            position = Math.max(position, at.first() + until);
        }
        groupAt = until;
    }

    /// The next frame of the group, or null where it was passed over.
    private @Nullable Frame nextFrame(GroupReader in, Segment at) throws IOException {
        GroupHeader of = Objects.requireNonNull(group);
        long limit = in.header().heads() ? in.size() : at.end() - at.first();
        long offset = frameAt;
        FrameHead head = in.headAt(offset, framesEnd, limit);
        if (head == null) {
            if (!readsElsewhere(in, at)) {
                passOverFrames(in, at, offset);
            }
            return null;
        }
        framesLeft--;
        frameAt += head.length();
        if (head.position() < position || isKnownCopy(head)) {
            return null;
        }
        if (withRows && in.rowsOf(head, limit) == null) {
            log.quarantine()
                    .add(
                            head.position(),
                            head.position() + head.logLength(),
                            in.path() + ": rows of batch " + head.id(in.header().node()) + " at offset " + offset
                                    + " do not match their checksum, rows=" + head.header().rows());
            position = head.position() + head.logLength();
            return null;
        }
        return new Frame(this, at, head, of);
    }

    private void passOverFrames(GroupReader in, Segment at, long offset) {
        framesLeft = 0;
        // A heads file does not say how far a damaged frame reached in the segment, so its first byte stands for it.
        long from = in.header().heads() ? position : at.first() + offset;
        long to = in.header().heads() ? from + 1 : at.first() + framesEnd;
        log.quarantine().add(from, to, in.path() + ": no whole frame at offset " + offset);
        position = Math.max(position, to);
    }

    private boolean isKnownCopy(FrameHead head) {
        boolean originalGiven = head.original() >= bornAt && !log.quarantine().covers(head.original());
        return head.copy() && (originalGiven || copiesGiven.contains(head.original()));
    }

    private void remember(Frame frame) {
        if (frame.copy()) {
            copiesGiven.add(frame.original());
        } else {
            copiesGiven.clear();
        }
    }

    // --- rows

    /// The rows of a frame that this cursor has given, in a buffer of the caller's own.
    ByteBuffer rows(Segment of, FrameHead head) throws IOException {
        if (!withRows) {
            throw new IllegalStateException("this follower was opened without rows");
        }
        if (head.rowBytes() == 0) {
            return NO_ROWS;
        }
        GroupReader in = reader;
        if (in != null && of.equals(segment)) {
            return copyOf(in, of, head);
        }
        try (GroupReader other = GroupReader.open(log.disk(), of.path(), GroupReader.CHUNK_HEADS)) {
            return copyOf(other, of, head);
        }
    }

    private static ByteBuffer copyOf(GroupReader in, Segment of, FrameHead head) throws IOException {
        ByteBuffer rows =
                in.header().nonce() == of.header().nonce() ? in.rowsOf(head, of.end() - of.first()) : null;
        if (rows == null) {
            throw new IOException(of.path() + ": the rows at position " + head.position() + " are gone");
        }
        return ByteBuffer.allocate(rows.remaining()).put(rows).flip();
    }

    @Override
    public void close() throws IOException {
        leave();
    }
}
