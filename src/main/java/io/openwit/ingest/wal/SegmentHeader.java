package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The first block of a segment file (`000042.wal`) and of a heads file (`000042.heads`).
///
/// Little-endian, 4,096 bytes, the rest zero. Magic, version and the place of the crc stay in every version:
///
/// ```
///     0  magic         u64  "OWITWAL1"
///     8  version       u32  1
///    12  kind          u32  1 segment, 2 heads
///    16  number        u64  counts the segments of the log, from 1
///    24  epoch         u64  counts the starts of the node, from 1
///    32  incarnation   u32  random, drawn at every start
///    36  flags         u32  1: behind the last group may stand bytes of a recycled segment; else zeros
///    40  first         u64  position of this block: position = first + offset in the segment file
///    48  nonce         u64  random; seeds every checksum of the file behind this block
///    56  previousEnd   u64  position behind the predecessor's last group, 0 where there is none
///    64  previousCrc   u32  header crc of that group, 0 where there is none
///    68  nodeBytes     u32
///    72  logAge        i64  ns that the log has been open, when this segment was opened
///    80  arrival       i64  ns since 1970, when this segment was opened
///    88  end           u64  heads: position behind the segment's last group
///    96  lastCrc       u32  heads: header crc of that group
///   100  groups        u32  heads: in this file
///   104  fileBytes     u64  heads: of this file
///   112  rows          u64  heads: new rows of all batches
///   120  parts         u64  heads: of all batches
///   128  node          64 bytes ASCII, padded with zeros
///     ·
///  4092  crc           u32  CRC32C over bytes 0 to 4,091, seeded with 0
/// ```
///
/// @param summary of a heads file; [Summary#NONE] in a segment
record SegmentHeader(
        boolean heads,
        long number,
        long epoch,
        int incarnation,
        NodeId node,
        boolean reused,
        long first,
        long nonce,
        long previousEnd,
        int previousCrc,
        long logAge,
        long arrival,
        Summary summary) {
    static final int BLOCK_BYTES = 4096;
    static final int VERSION = 1;

    private static final long MAGIC = 0x314C41575449574FL;
    private static final int KIND_SEGMENT = 1;
    private static final int KIND_HEADS = 2;
    private static final int FLAG_REUSED = 1;
    private static final int NODE_AT = 128;
    private static final int NODE_BYTES = 64;
    private static final int CRC_AT = BLOCK_BYTES - 4;

    /// What a heads file says of its segment.
    record Summary(long end, int lastCrc, int groups, long fileBytes, long rows, long parts) {
        static final Summary NONE = new Summary(0, 0, 0, 0, 0, 0);
    }

    /// The header of this segment's heads file. A heads file has checksums of its own, so it may share the nonce.
    SegmentHeader asHeads(Summary newSummary) {
        return new SegmentHeader(
                true, number, epoch, incarnation, node, false, first, nonce, previousEnd, previousCrc, logAge, arrival,
                newSummary);
    }

    ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocateDirect(BLOCK_BYTES).order(LITTLE_ENDIAN);
        byte[] name = node.value().getBytes(US_ASCII);
        out.putLong(MAGIC).putInt(VERSION).putInt(heads ? KIND_HEADS : KIND_SEGMENT);
        out.putLong(number).putLong(epoch).putInt(incarnation).putInt(reused ? FLAG_REUSED : 0);
        out.putLong(first).putLong(nonce).putLong(previousEnd).putInt(previousCrc).putInt(name.length);
        out.putLong(logAge).putLong(arrival);
        out.putLong(summary.end).putInt(summary.lastCrc).putInt(summary.groups).putLong(summary.fileBytes);
        out.putLong(summary.rows).putLong(summary.parts);
        out.put(NODE_AT, name);
        out.putInt(CRC_AT, new Checksum().begin(0).add(out, 0, CRC_AT).value());
        return out.rewind();
    }

    /// Reads the header of an open file.
    ///
    /// @return null where the block is damaged
    /// @throws ForeignLogException it is whole, and of a version that is not known
    /// @throws IOException it could not be read
    static @Nullable SegmentHeader read(DiskFile file, String name) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(BLOCK_BYTES).order(LITTLE_ENDIAN);
        if (file.read(in, 0) < BLOCK_BYTES) {
            return null;
        }
        return decode(in.rewind(), name);
    }

    static @Nullable SegmentHeader decode(ByteBuffer in, String name) throws ForeignLogException {
        boolean whole = in.getLong(0) == MAGIC
                && new Checksum().begin(0).add(in, 0, CRC_AT).value() == in.getInt(CRC_AT);
        if (!whole) {
            return null;
        }
        if (in.getInt(8) != VERSION) {
            throw new ForeignLogException(name + ": the log has version " + Integer.toUnsignedString(in.getInt(8))
                    + ", and this program knows version " + VERSION + ": start the program that wrote it");
        }
        int nodeBytes = in.getInt(68);
        if (nodeBytes < 1 || nodeBytes > NODE_BYTES) {
            return null;
        }
        byte[] node = new byte[nodeBytes];
        in.get(NODE_AT, node);
        return new SegmentHeader(
                in.getInt(12) == KIND_HEADS,
                in.getLong(16),
                in.getLong(24),
                in.getInt(32),
                new NodeId(new String(node, US_ASCII)),
                (in.getInt(36) & FLAG_REUSED) != 0,
                in.getLong(40),
                in.getLong(48),
                in.getLong(56),
                in.getInt(64),
                in.getLong(72),
                in.getLong(80),
                new Summary(
                        in.getLong(88), in.getInt(96), in.getInt(100), in.getLong(104), in.getLong(112), in.getLong(120)));
    }
}
