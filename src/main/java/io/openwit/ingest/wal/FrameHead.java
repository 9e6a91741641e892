package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A frame but for its rows: which batch it is, which of its rows are duplicates, and the batch's header.
///
/// Frames follow one another within a group, each a multiple of 8 bytes. Little-endian:
///
/// ```
///    0  length       u32  of the frame in this file
///    4  logLength    u32  of the frame in the segment: more than `length` in a heads file, where rows are left out
///    8  headerBytes  u32  of the batch's header
///   12  rowBytes     u32  of the sealed rows, in the segment; 0 in a frame that is all duplicates
///   16  epoch        u64  of the batch's id
///   24  sequence     u64  of the batch's id
///   32  incarnation  u32  of the batch's id
///   36  flags        u32  1 header only: every row is a duplicate; 2 copy; 4 rows left out
///   40  position     u64  of this frame in the segment
///   48  original     u64  of the first frame of this batch; `position` but in a copy
///   56  duplicates   u32  rows
///   60  rowsCrc      u32  CRC32C over the rows, seeded with the nonce of the segment
///   64  maskBytes    u32  0 where there is no duplicate
///   68  headCrc      u32  CRC32C over bytes 0 to 67, the mask and the header, seeded with the file's nonce
///   72  mask         bit a row, lowest first, in u64 words: 1 is a duplicate; rows behind the last word are none
///    ·  header       as model.BatchHeader describes
///    ·  rows         sealed rows, padded with zeros to a multiple of 8
/// ```
///
/// @param mask words of the mask; empty where there is no duplicate
record FrameHead(
        int length,
        int logLength,
        int rowBytes,
        long epoch,
        long sequence,
        int incarnation,
        int flags,
        long position,
        long original,
        int duplicates,
        int rowsCrc,
        long[] mask,
        BatchHeader header) {
    static final int FIXED_BYTES = 72;
    static final int HEADER_ONLY = 1;
    static final int COPY = 2;
    static final int ROWS_LEFT_OUT = 4;

    /// Where a frame says where it begins.
    static final int POSITION_AT = 40;

    private static final int HEAD_CRC_AT = 68;

    static int padded(int bytes) {
        return (bytes + 7) & -8;
    }

    boolean headerOnly() {
        return (flags & HEADER_ONLY) != 0;
    }

    boolean copy() {
        return (flags & COPY) != 0;
    }

    BatchId id(NodeId node) {
        return new BatchId(node, incarnation, epoch, sequence);
    }

    /// Bytes before the rows.
    int headBytes() {
        return FIXED_BYTES + mask.length * Long.BYTES + header.encodedBytes();
    }

    /// The same head as it stands in a heads file.
    FrameHead withoutRows() {
        int bytes = headBytes();
        return new FrameHead(
                bytes, logLength, rowBytes, epoch, sequence, incarnation, flags | ROWS_LEFT_OUT, position, original,
                duplicates, rowsCrc, mask, header);
    }

    /// Writes the fixed part and the mask from `out`'s position on; the batch's header and the rows go behind them.
    void encode(ByteBuffer out, long nonce, Checksum checksum) {
        int at = out.position();
        int maskBytes = mask.length * Long.BYTES;
        out.putInt(length).putInt(logLength).putInt(header.encodedBytes()).putInt(rowBytes);
        out.putLong(epoch).putLong(sequence).putInt(incarnation).putInt(flags);
        out.putLong(position).putLong(original).putInt(duplicates).putInt(rowsCrc).putInt(maskBytes).putInt(0);
        for (long word : mask) {
            out.putLong(word);
        }
        checksum.begin(nonce).add(out, at, HEAD_CRC_AT).add(out, at + FIXED_BYTES, maskBytes);
        out.putInt(at + HEAD_CRC_AT, checksum.add(header.encoded()).value());
    }

    /// How many bytes the head has that begins at `in`'s position, from its fixed part alone and unchecked.
    ///
    /// @param remaining bytes of the group from there on
    /// @return -1 where it contradicts itself
    static int headBytes(ByteBuffer in, long remaining) {
        int at = in.position();
        long length = Integer.toUnsignedLong(in.getInt(at));
        long headerBytes = Integer.toUnsignedLong(in.getInt(at + 8));
        long rowBytes = Integer.toUnsignedLong(in.getInt(at + 12));
        long maskBytes = Integer.toUnsignedLong(in.getInt(at + 64));
        boolean leftOut = (in.getInt(at + 36) & ROWS_LEFT_OUT) != 0;
        long head = FIXED_BYTES + maskBytes + headerBytes;
        boolean whole = length % 8 == 0
                && maskBytes % 8 == 0
                && length <= Math.min(remaining, Integer.MAX_VALUE)
                && head + (leftOut ? 0 : rowBytes + 7 & ~7L) == length;
        return whole ? (int) head : -1;
    }

    /// The new rows of the frame whose head fills `bytes`, whatever its checksum says.
    ///
    /// @return -1 where its batch's header or the count of duplicates contradicts itself
    static int claimedRows(ByteBuffer bytes) {
        ByteBuffer in = bytes.order(LITTLE_ENDIAN);
        int headerAt = FIXED_BYTES + in.getInt(64);
        int duplicates = in.getInt(56);
        try {
            int rows = BatchHeader.decode(in.slice(headerAt, in.limit() - headerAt)).rows();
            return duplicates >= 0 && duplicates <= rows ? rows - duplicates : -1;
        } catch (MalformedBatchException _) {
            return -1; // says nothing that could be counted
        }
    }

    /// Reads the head that fills `bytes`.
    ///
    /// @param bytes kept: the header is a view of them
    /// @return null where its checksum is wrong or it contradicts itself
    static @Nullable FrameHead decode(ByteBuffer bytes, long nonce, Checksum checksum) {
        ByteBuffer in = bytes.order(LITTLE_ENDIAN);
        int maskBytes = in.getInt(64);
        checksum.begin(nonce).add(in, 0, HEAD_CRC_AT).add(in, FIXED_BYTES, in.limit() - FIXED_BYTES);
        if (checksum.value() != in.getInt(HEAD_CRC_AT)) {
            return null;
        }
        long[] mask = new long[maskBytes / Long.BYTES];
        for (int i = 0; i < mask.length; i++) {
            mask[i] = in.getLong(FIXED_BYTES + i * Long.BYTES);
        }
        try {
            BatchHeader header =
                    BatchHeader.decode(in.slice(FIXED_BYTES + maskBytes, in.limit() - FIXED_BYTES - maskBytes));
            return new FrameHead(
                    in.getInt(0),
                    in.getInt(4),
                    in.getInt(12),
                    in.getLong(16),
                    in.getLong(24),
                    in.getInt(32),
                    in.getInt(36),
                    in.getLong(40),
                    in.getLong(48),
                    in.getInt(56),
                    in.getInt(60),
                    mask,
                    header);
        } catch (MalformedBatchException _) {
            // Its checksum is right, so a writer of another version made it: for this reader it is damage all the same.
            return null;
        }
    }
}
