package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.ingest.wal.LogVerifier.Damage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One segment or heads file from its first group to its last, as [LogVerifier] reads it. One batch is in memory at a time.
///
/// The group behind which nothing whole stands is the log's last if no segment follows: where it is not whole either, it was never
/// finished, and is no damage.
final class SegmentWalk {
    private static final ByteBuffer NO_ROWS = ByteBuffer.allocate(0).asReadOnlyBuffer();
    private static final int CHUNK_BYTES = 1 << 20;

    private final String name;
    private final DiskFile file;
    private final SegmentHeader header;
    private final @Nullable SegmentHeader following;
    private final List<Damage> damages;
    private final long fileBytes;
    private final Checksum checksum = new Checksum();

    /// Where the groups end, or -1 where nobody says.
    private final long knownEnd;

    /// Where what is there of the groups ends.
    private long readable;

    private long end;
    private long tailBytes;

    /// Takes what stands in the file, in its order.
    interface Visitor {
        /// Whether the group's frames are to be read.
        boolean wants(GroupHeader group);

        /// Whether the batch's rows are to be read, and so checked.
        boolean wantsRows(GroupHeader group, FrameHead head);

        /// A batch whose checksums are right.
        ///
        /// @param rows empty where there are none, or they were not wanted
        void frame(GroupHeader group, FrameHead head, ByteBuffer rows) throws IOException;

        /// Behind the frames of a group that is whole.
        void group(GroupHeader group);

        /// Whether nothing more is wanted.
        boolean enough();
    }

    /// @param next header of the file behind this one, if it is there
    /// @param damages takes what is found
    SegmentWalk(
            String name, DiskFile file, SegmentHeader header, @Nullable SegmentHeader next, List<Damage> damages)
            throws IOException {
        this.name = name;
        this.file = file;
        this.header = header;
        this.damages = damages;
        fileBytes = file.size();
        following = next != null && next.number() == header.number() + 1 ? next : null;
        if (header.heads()) {
            knownEnd = header.summary().fileBytes();
        } else if (following != null) {
            knownEnd = Math.max(SegmentHeader.BLOCK_BYTES, following.previousEnd() - header.first());
        } else {
            knownEnd = -1;
        }
    }

    SegmentHeader header() {
        return header;
    }

    String name() {
        return name;
    }

    long fileBytes() {
        return fileBytes;
    }

    /// Whether all of its groups end at or before the position.
    boolean endsBefore(long position) {
        return knownEnd >= 0 && header.first() + knownEnd <= position;
    }

    /// Position behind the last group, once it has been read.
    long end() {
        return end;
    }

    /// Bytes behind it of a group that was never finished.
    long tailBytes() {
        return tailBytes;
    }

    /// @param everything whether the checksums over whole groups are checked, too
    void run(Visitor visitor, boolean everything) throws IOException {
        long at = SegmentHeader.BLOCK_BYTES;
        int previousCrc = header.heads() ? 0 : header.previousCrc();
        boolean chained = true;
        boolean any = false;
        long limit = knownEnd < 0 ? fileBytes : knownEnd;
        readable = Math.min(limit, fileBytes);
        if (limit > fileBytes) {
            damages.add(Damage.ofUnknownRows(
                    name, fileBytes, positionOf(fileBytes), "the file is cut: it has " + fileBytes + " bytes of " + limit));
        }
        while (at < readable && !visitor.enough()) {
            GroupHeader group = groupAt(at, limit);
            if (isTail(at, group, limit)) {
                tailBytes = tailAt(at);
                break;
            }
            if (group == null || !frames(at, group, visitor, everything)) {
                long next = header.heads() ? -1 : nextGroup(at, group, limit);
                long until = next < 0 ? readable : next;
                if (group == null) {
                    damages.add(damage(at, at + GroupHeader.BYTES, until, -1, "no whole group"));
                }
                chained = false;
                at = until;
            } else {
                if (chained && group.previousCrc() != previousCrc) {
                    damages.add(Damage.ofUnknownRows(name, at, positionOf(at),
                            "the group does not follow the one before it: a group is missing"));
                }
                chained = true;
                any = true;
                previousCrc = group.crc();
                visitor.group(group);
                long behind = at + GroupHeader.BYTES + group.length();
                at = header.heads() ? behind : GroupHeader.aligned(behind);
            }
        }
        if (chained && any && at >= limit && following != null && following.previousCrc() != previousCrc) {
            damages.add(Damage.ofUnknownRows(
                    name, at, positionOf(at), "the last group is not the one that the next segment names"));
        }
        end = header.heads() ? header.summary().end() : header.first() + at;
    }

    private long positionOf(long offset) {
        return header.heads() ? -1 : header.first() + offset;
    }

    // --- groups

    private @Nullable GroupHeader groupAt(long at, long limit) throws IOException {
        ByteBuffer in = bytes(at, GroupHeader.BYTES);
        GroupHeader group = in == null ? null : GroupHeader.decode(in, header, limit - at, checksum);
        return group != null && (header.heads() || group.first() == header.first() + at) ? group : null;
    }

    /// Whether what stands here was never finished: nobody says that there is more, and nothing whole follows.
    private boolean isTail(long at, @Nullable GroupHeader group, long limit) throws IOException {
        boolean whole = knownEnd >= 0 || group != null && payloadIsWhole(at, group);
        return !whole && nextGroup(at, group, limit) < 0;
    }

    /// The next group on a boundary, or -1. Where nobody says how far the file goes, only a whole one counts.
    private long nextGroup(long at, @Nullable GroupHeader damaged, long limit) throws IOException {
        long from = damaged == null
                ? at + GroupHeader.ALIGNMENT
                : GroupHeader.aligned(at + GroupHeader.BYTES + damaged.length());
        for (long next = from; next < readable; next += GroupHeader.ALIGNMENT) {
            GroupHeader group = groupAt(next, limit);
            if (group != null && (knownEnd >= 0 || payloadIsWhole(next, group))) {
                return next;
            }
        }
        return -1;
    }

    private boolean payloadIsWhole(long at, GroupHeader group) throws IOException {
        Checksum payload = new Checksum().begin(header.nonce());
        long payloadEnd = at + GroupHeader.BYTES + group.length();
        for (long from = at + GroupHeader.BYTES; from < payloadEnd; ) {
            int part = (int) Math.min(CHUNK_BYTES, payloadEnd - from);
            ByteBuffer in = bytes(from, part);
            if (in == null) {
                return false;
            }
            payload.add(in);
            from += part;
        }
        return payload.value() == group.payloadCrc();
    }

    private long tailAt(long at) throws IOException {
        ByteBuffer in = bytes(at, GroupHeader.BYTES);
        boolean claims = in != null && GroupHeader.claims(in, header.epoch(), header.first() + at);
        return claims && in != null
                ? Math.clamp(GroupHeader.claimedLength(in), 0, fileBytes - at - GroupHeader.BYTES) + GroupHeader.BYTES
                : 0;
    }

    // --- frames

    /// Gives the group's frames, and says which of them are damaged.
    ///
    /// @return whether none is
    private boolean frames(long groupAt, GroupHeader group, Visitor visitor, boolean everything) throws IOException {
        if (!visitor.wants(group)) {
            return true;
        }
        boolean whole = true;
        long at = groupAt + GroupHeader.BYTES;
        long framesEnd = at + group.length();
        for (int i = 0; i < group.count() && !visitor.enough(); i++) {
            FrameHead head = headAt(at, framesEnd);
            if (head == null) {
                int left = group.count() - i;
                damages.add(damage(at, at, framesEnd, left, "no whole frame, and none of the " + left + " from there on"));
                return false;
            }
            boolean wanted = head.rowBytes() > 0 && !header.heads() && visitor.wantsRows(group, head);
            ByteBuffer rows = wanted ? rowsOf(at, head) : NO_ROWS;
            if (rows == null) {
                whole = false;
                damages.add(new Damage(
                        name, at, positionOf(at), newRows(head), true,
                        "the rows of batch " + head.id(header.node()) + " do not match their checksum"));
            } else {
                visitor.frame(group, head, rows);
            }
            at += head.length();
        }
        if (whole && everything && !payloadIsWhole(groupAt, group)) {
            damages.add(new Damage(
                    name, groupAt, positionOf(groupAt), 0, true,
                    "the group does not match its checksum, though its frames do"));
            return false;
        }
        return whole;
    }

    private static int newRows(FrameHead head) {
        return head.header().rows() - head.duplicates();
    }

    private @Nullable FrameHead headAt(long at, long framesEnd) throws IOException {
        ByteBuffer in = headBytesAt(at, framesEnd);
        return in == null ? null : FrameHead.decode(in, header.nonce(), checksum);
    }

    private @Nullable ByteBuffer headBytesAt(long at, long framesEnd) throws IOException {
        ByteBuffer fixed = framesEnd - at < FrameHead.FIXED_BYTES ? null : bytes(at, FrameHead.FIXED_BYTES);
        int headBytes = fixed == null ? -1 : FrameHead.headBytes(fixed, framesEnd - at);
        return headBytes < 0 ? null : bytes(at, headBytes);
    }

    private @Nullable ByteBuffer rowsOf(long at, FrameHead head) throws IOException {
        ByteBuffer in = bytes(at + head.headBytes(), head.rowBytes());
        return in != null && checksum.begin(header.nonce()).add(in).value() == head.rowsCrc() ? in : null;
    }

    // --- what is lost

    /// Damage that reaches from `at` to `damagedTo`, with the rows of the frames that are still recognisable in it.
    ///
    /// @param framesFrom where its first frame should begin
    /// @param frames that are lost, -1 where nobody says
    private Damage damage(long at, long framesFrom, long damagedTo, int frames, String what) throws IOException {
        if (header.heads()) {
            return Damage.ofUnknownRows(name, at, -1, what);
        }
        long until = Math.min(damagedTo, fileBytes);
        long rows = 0;
        int found = 0;
        boolean gapless = true;
        long next = framesFrom;
        for (long frame = claimFrom(next, until); frame >= 0; frame = claimFrom(next, until)) {
            ByteBuffer in = headBytesAt(frame, until);
            if (in == null) {
                throw new IllegalStateException(name + ": the frame at " + frame + " has gone while it was read");
            }
            gapless &= frame == next;
            rows += FrameHead.claimedRows(in);
            found++;
            next = frame + Integer.toUnsignedLong(in.getInt(0));
        }
        boolean exact = frames < 0
                ? gapless && isPadding(next, until) && (until < readable || readable == knownEnd)
                : found == frames;
        return found == 0 && !exact
                ? Damage.ofUnknownRows(name, at, positionOf(at), what)
                : new Damage(name, at, positionOf(at), rows, exact, what);
    }

    /// Where the next frame begins that says so itself, whatever its checksum: it names its position and agrees with itself.
    private long claimFrom(long from, long until) throws IOException {
        if (isClaim(from, until)) {
            return from;
        }
        for (long chunk = from; chunk + FrameHead.FIXED_BYTES <= until; chunk += CHUNK_BYTES) {
            int length = (int) Math.min(CHUNK_BYTES + FrameHead.FIXED_BYTES - 8L, until - chunk);
            ByteBuffer in = bytes(chunk, length);
            for (int i = 0; in != null && i + FrameHead.FIXED_BYTES <= length; i += 8) {
                boolean namesItself = in.getLong(i + FrameHead.POSITION_AT) == header.first() + chunk + i;
                if (namesItself && isClaim(chunk + i, until)) {
                    return chunk + i;
                }
            }
        }
        return -1;
    }

    private boolean isClaim(long at, long until) throws IOException {
        ByteBuffer in = headBytesAt(at, until);
        return in != null
                && in.getLong(FrameHead.POSITION_AT) == header.first() + at
                && FrameHead.claimedRows(in) >= 0;
    }

    /// Whether what is left is shorter than the padding behind a group may be, and holds nothing of ours.
    private boolean isPadding(long from, long until) throws IOException {
        if (until - from >= GroupHeader.ALIGNMENT) {
            return false;
        }
        ByteBuffer in = bytes(from, (int) (until - from));
        while (in != null && in.hasRemaining()) {
            if (in.get() != 0) {
                return false;
            }
        }
        return in != null;
    }

    private @Nullable ByteBuffer bytes(long at, int length) throws IOException {
        if (length < 0 || at + length > fileBytes) {
            return null;
        }
        ByteBuffer in = ByteBuffer.allocate(length).order(LITTLE_ENDIAN);
        return file.read(in, at) < length ? null : in.flip().order(LITTLE_ENDIAN);
    }
}
