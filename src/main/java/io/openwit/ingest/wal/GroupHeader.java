package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// What stands before the frames that were written and forced together.
///
/// In a segment, groups begin on 4 KiB boundaries, so that a torn write of the next never touches the sectors of one that is
/// acknowledged. In a heads file they follow one another. Little-endian, 72 bytes:
///
/// ```
///    0  magic        u32  "OWGR"
///    4  version      u8   1
///    5  kind         u8   1 data, 2 seal (no frames), 3 copy of an earlier group
///    6  zero         u16
///    8  epoch        u64  of the segment
///   16  sequence     u64  counts the groups of the epoch, from 1, over its segments
///   24  first        u64  position of this header
///   32  length       u64  of the frames, in bytes of this file
///   40  arrival      i64  ns since 1970; never goes back nor stands still in a log
///   48  logAge       i64  ns that the log has been open, continued at each start
///   56  count        u32  frames
///   60  previousCrc  u32  header crc of the group before, over segments: a chain
///   64  payloadCrc   u32  CRC32C over the frames, seeded with the file's nonce
///   68  crc          u32  CRC32C over bytes 0 to 67, seeded likewise
/// ```
record GroupHeader(
        Kind kind,
        long epoch,
        long sequence,
        long first,
        long length,
        long arrival,
        long logAge,
        int count,
        int previousCrc,
        int payloadCrc,
        int crc) {
    static final int BYTES = 72;
    static final int ALIGNMENT = 4096;

    private static final int MAGIC = 0x5247574F;
    private static final int VERSION = 1;
    private static final int CRC_AT = 68;
    /// At `code - 1`.
    private static final Kind[] KINDS = Kind.values();

    enum Kind {
        DATA(1),
        SEAL(2),
        COPY(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    static long aligned(long offset) {
        return (offset + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /// Writes this header at the start of `out`, but with a crc computed anew.
    ///
    /// @return that crc
    int encode(ByteBuffer out, long nonce, Checksum checksum) {
        out.putInt(0, MAGIC).put(4, (byte) VERSION).put(5, (byte) kind.code).putShort(6, (short) 0);
        out.putLong(8, epoch).putLong(16, sequence).putLong(24, first).putLong(32, length);
        out.putLong(40, arrival).putLong(48, logAge).putInt(56, count);
        out.putInt(60, previousCrc).putInt(64, payloadCrc);
        int newCrc = checksum.begin(nonce).add(out, 0, CRC_AT).value();
        out.putInt(CRC_AT, newCrc);
        return newCrc;
    }

    /// Reads a header from the first [#BYTES] of `in`.
    ///
    /// @param remaining bytes of the file behind `in`'s start, which bound the length
    /// @return null where the bytes are no header of this file
    static @Nullable GroupHeader decode(ByteBuffer in, SegmentHeader file, long remaining, Checksum checksum) {
        in.order(LITTLE_ENDIAN);
        if (in.limit() < BYTES || in.getInt(0) != MAGIC || in.get(4) != VERSION) {
            return null;
        }
        int kind = in.get(5);
        long length = in.getLong(32);
        int crc = in.getInt(CRC_AT);
        boolean whole = kind >= 1
                && kind <= KINDS.length
                && in.getLong(8) == file.epoch()
                && length >= 0
                && length <= remaining - BYTES
                && checksum.begin(file.nonce()).add(in, 0, CRC_AT).value() == crc;
        if (!whole) {
            return null;
        }
        return new GroupHeader(
                KINDS[kind - 1],
                in.getLong(8),
                in.getLong(16),
                in.getLong(24),
                length,
                in.getLong(40),
                in.getLong(48),
                in.getInt(56),
                in.getInt(60),
                in.getInt(64),
                crc);
    }

    /// Whether the bytes claim to be the group at this place though they are not whole: what a torn write leaves.
    static boolean claims(ByteBuffer in, long epoch, long first) {
        in.order(LITTLE_ENDIAN);
        return in.limit() >= BYTES && in.getInt(0) == MAGIC && in.getLong(8) == epoch && in.getLong(24) == first;
    }

    /// The length that such bytes claim.
    static long claimedLength(ByteBuffer in) {
        return in.order(LITTLE_ENDIAN).getLong(32);
    }
}
