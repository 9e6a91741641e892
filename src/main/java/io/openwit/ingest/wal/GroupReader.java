package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Reads groups and frames of one segment or heads file, through a buffer of its own. Used by one thread at a time.
///
/// It judges nothing: what is not whole is null, and whoever asks knows whether that is the end, a torn tail or damage.
/// Reading ahead stops at the limit that the caller gives, as what lies behind it may still change.
final class GroupReader implements Closeable {
    /// Read ahead where rows are wanted as well.
    static final int CHUNK_WITH_ROWS = 1 << 20;

    /// Read ahead where rows are passed over.
    static final int CHUNK_HEADS = 64 << 10;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(CHUNK_WITH_ROWS);

    private final Path path;
    private final DiskFile file;
    private final SegmentHeader header;
    private final long size;
    private final int chunkBytes;
    private final Checksum checksum = new Checksum();

    /// Holds the file's bytes from `windowAt`, position 0 to limit.
    private ByteBuffer window;

    private long windowAt;

    private GroupReader(
            Path path, DiskFile file, SegmentHeader header, long size, int chunkBytes, ByteBuffer window) {
        this.path = path;
        this.file = file;
        this.header = header;
        this.size = size;
        this.chunkBytes = chunkBytes;
        this.window = window.clear().limit(0);
    }

    /// @throws DamagedSegmentException its first block is damaged
    /// @throws IOException the file cannot be read, or has another version
    static GroupReader open(Disk disk, Path path, int chunkBytes) throws IOException {
        return open(disk, path, chunkBytes, NOTHING.duplicate());
    }

    /// As above, with the buffer of a reader that is closed: [#buffer].
    static GroupReader open(Disk disk, Path path, int chunkBytes, ByteBuffer buffer) throws IOException {
        DiskFile file = disk.openForReading(path);
        try {
            SegmentHeader header = SegmentHeader.read(file, path.toString());
            if (header == null) {
                throw new DamagedSegmentException(path + ": the header of the segment is damaged");
            }
            return new GroupReader(path, file, header, file.size(), chunkBytes, buffer);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /// What it reads through, which may serve the next reader when this one is closed.
    ByteBuffer buffer() {
        return window;
    }

    Path path() {
        return path;
    }

    SegmentHeader header() {
        return header;
    }

    /// Bytes of the file.
    long size() {
        return size;
    }

    /// The group that begins at `offset`, by its header alone, or null where there is none.
    @Nullable
    GroupHeader groupAt(long offset, long limit) throws IOException {
        ByteBuffer in = bytes(offset, GroupHeader.BYTES, limit);
        if (in == null) {
            return null;
        }
        GroupHeader group = GroupHeader.decode(in, header, limit - offset, checksum);
        boolean inPlace = group != null && (header.heads() || group.first() == header.first() + offset);
        return inPlace ? group : null;
    }

    /// Where to begin in a segment in order to find what stands at `offset`: at the group that holds it, or behind the last whole
    /// one before it.
    ///
    /// Looks backwards through the 4 KiB boundaries, each by itself, so that nothing is read ahead.
    long groupBefore(long offset, long limit) throws IOException {
        ByteBuffer probe = ByteBuffer.allocate(GroupHeader.BYTES);
        for (long at = offset & -GroupHeader.ALIGNMENT; at >= SegmentHeader.BLOCK_BYTES; at -= GroupHeader.ALIGNMENT) {
            if (at + GroupHeader.BYTES > limit) {
                continue;
            }
            file.read(probe.clear(), at);
            GroupHeader group = GroupHeader.decode(probe.flip(), header, limit - at, checksum);
            if (group != null && group.first() == header.first() + at) {
                long end = GroupHeader.aligned(at + GroupHeader.BYTES + group.length());
                return offset < end ? at : end;
            }
        }
        return SegmentHeader.BLOCK_BYTES;
    }

    /// Whether the group's frames match its checksum. Reads all of them.
    boolean payloadIsWhole(long offset, GroupHeader group, long limit) throws IOException {
        // A checksum of its own: reading does not disturb it.
        Checksum payload = new Checksum().begin(header.nonce());
        long at = offset + GroupHeader.BYTES;
        long end = at + group.length();
        while (at < end) {
            int part = (int) Math.min(end - at, CHUNK_WITH_ROWS);
            ByteBuffer in = bytes(at, part, limit);
            if (in == null) {
                return false;
            }
            payload.add(in);
            at += part;
        }
        return payload.value() == group.payloadCrc();
    }

    /// The first whole group on a 4 KiB boundary in `from` to `limit`, or -1 where there is none. For segments alone.
    long search(long from, long limit) throws IOException {
        for (long at = GroupHeader.aligned(from); at + GroupHeader.BYTES <= limit; at += GroupHeader.ALIGNMENT) {
            GroupHeader group = groupAt(at, limit);
            if (group != null && payloadIsWhole(at, group, limit)) {
                return at;
            }
        }
        return -1;
    }

    /// The head of the frame that begins at `offset`, in memory of its own, or null where it is damaged.
    ///
    /// @param end of the group's frames in this file
    @Nullable
    FrameHead headAt(long offset, long end, long limit) throws IOException {
        ByteBuffer fixed = end - offset < FrameHead.FIXED_BYTES ? null : bytes(offset, FrameHead.FIXED_BYTES, limit);
        int headBytes = fixed == null ? -1 : FrameHead.headBytes(fixed, end - offset);
        ByteBuffer in = headBytes < 0 ? null : bytes(offset, headBytes, limit);
        if (in == null) {
            return null;
        }
        FrameHead head = FrameHead.decode(ByteBuffer.allocate(headBytes).put(in).flip(), header.nonce(), checksum);
        boolean inPlace = head != null && (header.heads() || head.position() == header.first() + offset);
        return inPlace ? head : null;
    }

    /// The rows of the frame, as a view that the next call spoils; null where they do not match their checksum.
    @Nullable
    ByteBuffer rowsOf(FrameHead head, long limit) throws IOException {
        if (head.rowBytes() == 0) {
            return NOTHING.duplicate();
        }
        long offset = head.position() - header.first() + head.headBytes();
        ByteBuffer rows = bytes(offset, head.rowBytes(), limit);
        boolean whole = rows != null && checksum.begin(header.nonce()).add(rows).value() == head.rowsCrc();
        return whole ? rows : null;
    }

    /// A view of the file's bytes from `offset`, or null where the limit or the file ends before.
    @Nullable
    ByteBuffer bytes(long offset, int length, long limit) throws IOException {
        long skip = offset - windowAt;
        if (skip < 0 || skip + length > window.limit()) {
            long readable = Math.min(limit, size) - offset;
            if (length > readable) {
                return null;
            }
            fill(offset, length, readable);
            skip = 0;
            if (window.limit() < length) {
                return null;
            }
        }
        return window.slice((int) skip, length).order(LITTLE_ENDIAN);
    }

    private void fill(long offset, int length, long readable) throws IOException {
        int wanted = (int) Math.min(readable, Math.max(length, chunkBytes));
        if (window.capacity() < wanted) {
            // Most files are read through chunks of one size; a batch beyond it gets a buffer of its own, and keeps it.
            window = ByteBuffer.allocateDirect(Math.max(wanted, (int) Math.min(size, chunkBytes)));
        }
        window.clear().limit(wanted);
        windowAt = offset;
        try {
            file.read(window, offset);
        } finally {
            window.flip();
        }
    }

    /// Bytes that are not zero, up to the last such, from `offset` to the end of the file.
    long usedBytesFrom(long offset) throws IOException {
        long used = offset;
        for (long at = offset; at < size; ) {
            int part = (int) Math.min(size - at, CHUNK_WITH_ROWS);
            ByteBuffer in = bytes(at, part, size);
            if (in == null) {
                break;
            }
            if (in.mismatch(ZEROS.slice(0, part)) >= 0) {
                int last = part - 1;
                while (in.get(last) == 0) {
                    last--;
                }
                used = at + last + 1;
            }
            at += part;
        }
        return used - offset;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
