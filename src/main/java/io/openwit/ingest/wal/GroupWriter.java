package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.model.BatchHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Lays out one group and writes it with one gathering write. Reused from group to group by the thread that writes.
///
/// Heads and small rows are copied one behind the other into memory of its own, so that a group of many small batches is one
/// run of bytes for the checksum and for the disk; large rows are taken from the callers' buffers as they are.
final class GroupWriter {
    /// Rows of so many bytes or more are not copied.
    private static final int LARGE_BYTES = 64 << 10;

    /// Memory is taken in chunks of so many bytes, which are kept: for the largest group, less than twice its bytes. A frame
    /// that does not fit into a chunk gets memory that is not kept.
    private static final int CHUNK_BYTES = 1 << 20;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(GroupHeader.ALIGNMENT);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Checksum checksum = new Checksum();
    private final Checksum payload = new Checksum();

    private final List<ByteBuffer> chunks = new ArrayList<>();

    /// Chunks of this group, the open one included.
    private int chunksUsed;

    /// What is written to now: a chunk, or memory for one frame that is larger.
    private ByteBuffer open = NOTHING;

    /// Where the piece begins that is not ended yet, in [#open].
    private int pieceFrom;

    /// The group so far, but for the piece that is not ended. `pieces[0]` begins with the group's header.
    private ByteBuffer[] pieces = new ByteBuffer[32];

    private int pieceCount;
    private ByteBuffer groupHeader = NOTHING;
    private int frames;
    private long nonce;
    private long first;
    private long frameBytes;

    /// Bytes that a frame takes in a segment.
    static long frameBytes(BatchHeader header, int maskWords, int rowBytes) {
        return FrameHead.FIXED_BYTES + maskWords * (long) Long.BYTES + header.encodedBytes() + (rowBytes + 7L & ~7L);
    }

    /// @param newFirst position of the group's header
    void begin(long newNonce, long newFirst) {
        nonce = newNonce;
        first = newFirst;
        forgetPieces();
        frames = 0;
        frameBytes = 0;
        payload.begin(nonce);
        chunksUsed = 0;
        open = NOTHING;
        pieceFrom = 0;
        makeRoom(GroupHeader.BYTES);
        groupHeader = open;
        open.position(GroupHeader.BYTES);
        // The payload's checksum begins behind the header.
        pieceFrom = GroupHeader.BYTES;
    }

    /// Adds a frame. What `rows` holds is read now, and again in [#write].
    ///
    /// @param flags of [FrameHead]
    /// @param original position of the batch's first frame, or -1 where this is it
    /// @param rows from position to limit; empty where the frame is header-only
    void add(
            long epoch,
            long sequence,
            int incarnation,
            int flags,
            long original,
            long[] mask,
            int duplicates,
            BatchHeader header,
            ByteBuffer rows) {
        int rowBytes = rows.remaining();
        long length = frameBytes(header, mask.length, rowBytes);
        long position = first + GroupHeader.BYTES + frameBytes;
        int rowsCrc = rowBytes == 0 ? 0 : checksum.begin(nonce).add(rows).value();
        FrameHead head = new FrameHead(
                Math.toIntExact(length),
                (int) length,
                rowBytes,
                epoch,
                sequence,
                incarnation,
                flags,
                position,
                original < 0 ? position : original,
                duplicates,
                rowsCrc,
                mask,
                header);
        add(head, rows);
    }

    /// Adds a frame as it is.
    void add(FrameHead head, ByteBuffer rows) {
        int rowBytes = rows.remaining();
        int padding = FrameHead.padded(rowBytes) - rowBytes;
        boolean large = rowBytes >= LARGE_BYTES;
        makeRoom(head.headBytes() + (large ? 0 : rowBytes + padding));
        head.encode(open, nonce, checksum);
        if (large) {
            endPiece();
            payload.add(rows);
            addPiece(rows.duplicate());
            makeRoom(padding);
        } else {
            open.put(open.position(), rows, rows.position(), rowBytes).position(open.position() + rowBytes);
        }
        for (int i = 0; i < padding; i++) {
            open.put((byte) 0);
        }
        frameBytes += head.length();
        frames++;
    }

    private void makeRoom(int bytes) {
        if (open.remaining() >= bytes) {
            return;
        }
        endPiece();
        if (bytes > CHUNK_BYTES) {
            open = ByteBuffer.allocateDirect(bytes).order(LITTLE_ENDIAN);
        } else {
            if (chunksUsed == chunks.size()) {
                chunks.add(ByteBuffer.allocateDirect(CHUNK_BYTES).order(LITTLE_ENDIAN));
            }
            open = chunks.get(chunksUsed++).clear();
        }
        pieceFrom = 0;
    }

    /// What was put into [#open] since the last piece is one.
    private void endPiece() {
        int to = open.position();
        if (to == pieceFrom && pieceCount > 0) {
            return;
        }
        payload.add(open, pieceFrom, to - pieceFrom);
        int from = pieceCount == 0 ? 0 : pieceFrom;
        if (to > from) {
            addPiece(open.slice(from, to - from));
        }
        pieceFrom = to;
    }

    private void addPiece(ByteBuffer bytes) {
        if (pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, pieceCount * 2);
        }
        pieces[pieceCount++] = bytes;
    }

    private void forgetPieces() {
        Arrays.fill(pieces, 0, pieceCount, null);
        pieceCount = 0;
    }

    /// Bytes of the group as it is now, its header included.
    long bytes() {
        return GroupHeader.BYTES + frameBytes;
    }

    /// Writes the group at `offset`.
    ///
    /// @param multiple zeros fill the group up to a multiple of so many bytes, which keeps writes to whole pages; at most 4,096
    /// @return its header's crc
    int write(
            DiskFile file,
            long offset,
            int multiple,
            GroupHeader.Kind kind,
            long epoch,
            long sequence,
            int previousCrc,
            LogClock.Stamp stamp)
            throws IOException {
        endPiece();
        GroupHeader group = new GroupHeader(
                kind,
                epoch,
                sequence,
                first,
                frameBytes,
                stamp.arrivalNanos(),
                stamp.logAgeNanos(),
                frames,
                previousCrc,
                payload.value(),
                0);
        int crc = group.encode(groupHeader, nonce, checksum);
        int odd = (int) (bytes() % multiple);
        if (odd > 0) {
            addPiece(ZEROS.slice(0, multiple - odd));
        }
        try {
            file.write(pieces, pieceCount, offset);
        } finally {
            // The callers' buffers are theirs again.
            forgetPieces();
        }
        return crc;
    }
}
