package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.model.BatchHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Lays out one group and writes it with one gathering write, batches from the callers' buffers as they are.
/// Reused from group to group by the thread that writes.
final class GroupWriter {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(8);
    private static final int SCRATCH_BYTES = 256 << 10;

    private final Checksum checksum = new Checksum();
    private final Checksum payload = new Checksum();

    /// Fixed parts and masks. When it is full another takes its place; what was sliced from the old one stays valid.
    private ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES).order(LITTLE_ENDIAN);

    /// `pieces[0]` is the group's header.
    private ByteBuffer[] pieces = new ByteBuffer[256];

    private int pieceCount;
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
        scratch.clear();
        Arrays.fill(pieces, 0, pieceCount, null);
        pieces[0] = take(GroupHeader.BYTES);
        pieceCount = 1;
        frames = 0;
        frameBytes = 0;
        payload.begin(nonce);
    }

    /// Adds a frame. What `rows` and the header hold is read now and again in [#write].
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
        ByteBuffer fixed = take(FrameHead.FIXED_BYTES + head.mask().length * Long.BYTES);
        head.encode(fixed, nonce, checksum);
        piece(fixed.flip());
        piece(head.header().encoded());
        if (rows.hasRemaining()) {
            piece(rows.duplicate());
            int padding = FrameHead.padded(rows.remaining()) - rows.remaining();
            if (padding > 0) {
                piece(ZEROS.slice(0, padding));
            }
        }
        frameBytes += head.length();
        frames++;
    }

    private void piece(ByteBuffer bytes) {
        payload.add(bytes);
        if (pieceCount == pieces.length) {
            pieces = Arrays.copyOf(pieces, pieceCount * 2);
        }
        pieces[pieceCount++] = bytes;
    }

    private ByteBuffer take(int bytes) {
        if (scratch.remaining() < bytes) {
            scratch = ByteBuffer.allocateDirect(Math.max(bytes, SCRATCH_BYTES)).order(LITTLE_ENDIAN);
        }
        ByteBuffer slice = scratch.slice(scratch.position(), bytes).order(LITTLE_ENDIAN);
        scratch.position(scratch.position() + bytes);
        return slice;
    }

    /// Bytes of the group as it is now, its header included.
    long bytes() {
        return GroupHeader.BYTES + frameBytes;
    }

    /// Writes the group at `offset`.
    ///
    /// @return its header's crc
    int write(
            DiskFile file,
            long offset,
            GroupHeader.Kind kind,
            long epoch,
            long sequence,
            int previousCrc,
            LogClock.Stamp stamp)
            throws IOException {
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
        int crc = group.encode(pieces[0], nonce, checksum);
        try {
            file.write(pieces, pieceCount, offset);
        } finally {
            // The callers' buffers are theirs again.
            Arrays.fill(pieces, 1, pieceCount, null);
            pieceCount = 1;
        }
        return crc;
    }
}
