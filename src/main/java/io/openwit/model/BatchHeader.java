package io.openwit.model;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a hop may know of a batch without opening its rows. Immutable; a view of its encoded bytes.
///
/// The same bytes travel over bulk gRPC and stand in the frame of the log. Little-endian:
///
/// ```
///    0  version      u8   1
///    1  signal       u8   Signal.code()
///    2  schema       u8   version of the signal's schema, 1
///    3  fingerprint  u8   version of the fingerprint's definition, 1
///    4  length       u32  of this header, a multiple of 8
///    8  rows         u32
///   12  parts        u32
///   16  sourceBytes  u64  bytes of the requests that these rows came in, after decompression
///   24  minTime      i64  ns since 1970, of the earliest row that has a time; Long.MAX_VALUE where none has
///   32  maxTime      i64  of the latest; Long.MIN_VALUE where none has
///   40  sources      u32
///   44  tenantBytes  u32
///   48  tenant       ASCII, padded with zeros to a multiple of 8
///    ·  fingerprints rows × { high u64, low u64 }
///    ·  datable      bit per row, lowest bit first, in u64 words: the row matches by itself
///    ·  parts        parts × { high u64, low u64, rows u32, flags u32 (1: matches as a whole) }
///    ·  sources      each { partition u32, topicBytes u32, first i64, last i64, topic UTF-8 padded to a multiple of 8 }
/// ```
///
/// The rows of the parts follow one another: the first part holds the first rows. Part rows sum up to `rows`.
public final class BatchHeader {
    public static final int VERSION = 1;
    public static final int FINGERPRINT_VERSION = 1;
    public static final int SCHEMA_VERSION = 1;

    /// Rows that one batch can hold.
    public static final int MAX_ROWS = 1 << 24;

    private static final int FIXED_BYTES = 48;
    private static final int PART_BYTES = 24;
    private static final int SOURCE_FIXED_BYTES = 24;
    private static final int PART_MATCHES = 1;

    private final ByteBuffer bytes;
    private final Signal signal;
    private final TenantId tenant;
    private final int rows;
    private final int parts;
    private final int fingerprintsAt;
    private final int datableAt;
    private final int partsAt;
    private final List<SourceRange> sources;

    /// Where rows came from, if that is a log of records.
    ///
    /// @param first offset of the first record, inclusive
    /// @param last offset of the last record, inclusive
    public record SourceRange(String topic, int partition, long first, long last) {}

    /// Reads a header from the start of `buffer` (position to limit); its bytes are shared, not copied.
    ///
    /// @throws MalformedBatchException the bytes are not a header of this version, or of a schema that is not known,
    ///     or contradict one another
    public static BatchHeader decode(ByteBuffer buffer) throws MalformedBatchException {
        ByteBuffer in = buffer.slice().order(LITTLE_ENDIAN);
        if (in.remaining() < FIXED_BYTES) {
            throw new MalformedBatchException("batch header is cut: " + in.remaining() + " bytes");
        }
        if (in.get(0) != VERSION) {
            throw new MalformedBatchException("batch header has version " + in.get(0) + ", known is " + VERSION);
        }
        long length = Integer.toUnsignedLong(in.getInt(4));
        if (length < FIXED_BYTES || length > in.remaining() || length % 8 != 0) {
            throw new MalformedBatchException(
                    "batch header says " + length + " bytes, there are " + in.remaining());
        }
        in.limit((int) length);
        return new BatchHeader(in);
    }

    private BatchHeader(ByteBuffer in) throws MalformedBatchException {
        bytes = in;
        long rowCount = Integer.toUnsignedLong(in.getInt(8));
        long partCount = Integer.toUnsignedLong(in.getInt(12));
        long sourceCount = Integer.toUnsignedLong(in.getInt(40));
        long tenantBytes = Integer.toUnsignedLong(in.getInt(44));
        if (rowCount > MAX_ROWS || partCount > rowCount || tenantBytes > 64 || sourceCount > in.limit()) {
            throw new MalformedBatchException("batch header counts are out of bounds: rows=" + rowCount + " parts="
                    + partCount + " sources=" + sourceCount + " tenantBytes=" + tenantBytes);
        }
        rows = (int) rowCount;
        parts = (int) partCount;
        long at = FIXED_BYTES + padded(tenantBytes);
        fingerprintsAt = (int) at;
        at += rowCount * 16;
        datableAt = (int) Math.min(at, in.limit());
        at += datableBytes(rowCount);
        partsAt = (int) Math.min(at, in.limit());
        at += partCount * PART_BYTES;
        if (at > in.limit()) {
            throw new MalformedBatchException("batch header of " + in.limit() + " bytes is too short for " + rowCount
                    + " rows in " + partCount + " parts");
        }
        try {
            signal = Signal.ofCode(in.get(1));
            if (in.get(2) != SCHEMA_VERSION) {
                throw new MalformedBatchException("batch header of " + signal.label() + " has schema version " + in.get(2)
                        + ", known is " + SCHEMA_VERSION);
            }
            byte[] name = new byte[(int) tenantBytes];
            in.get(FIXED_BYTES, name);
            tenant = new TenantId(new String(name, US_ASCII));
        } catch (IllegalArgumentException e) {
            throw new MalformedBatchException("batch header: " + e.getMessage());
        }
        long rowsOfParts = 0;
        for (int part = 0; part < parts; part++) {
            rowsOfParts += Integer.toUnsignedLong(in.getInt(partsAt + part * PART_BYTES + 16));
        }
        if (rowsOfParts != rows) {
            throw new MalformedBatchException("batch header: parts hold " + rowsOfParts + " rows of " + rows);
        }
        sources = decodeSources(in, (int) at, (int) sourceCount);
    }

    private static List<SourceRange> decodeSources(ByteBuffer in, int from, int count) throws MalformedBatchException {
        List<SourceRange> ranges = new ArrayList<>();
        long at = from;
        for (int i = 0; i < count; i++) {
            if (at + SOURCE_FIXED_BYTES > in.limit()) {
                throw new MalformedBatchException("batch header is cut in its sources");
            }
            int fixed = (int) at;
            long topicBytes = Integer.toUnsignedLong(in.getInt(fixed + 4));
            at += SOURCE_FIXED_BYTES + padded(topicBytes);
            if (at > in.limit()) {
                throw new MalformedBatchException("batch header is cut in a topic's name");
            }
            byte[] topic = new byte[(int) topicBytes];
            in.get(fixed + SOURCE_FIXED_BYTES, topic);
            ranges.add(new SourceRange(
                    new String(topic, UTF_8), in.getInt(fixed), in.getLong(fixed + 8), in.getLong(fixed + 16)));
        }
        if (at != in.limit()) {
            throw new MalformedBatchException("batch header has " + (in.limit() - at) + " bytes too many");
        }
        return List.copyOf(ranges);
    }

    public Signal signal() {
        return signal;
    }

    public TenantId tenant() {
        return tenant;
    }

    public int schemaVersion() {
        return bytes.get(2);
    }

    public int fingerprintVersion() {
        return bytes.get(3);
    }

    public int rows() {
        return rows;
    }

    /// Bytes of the requests that the rows came in, after decompression.
    public long sourceBytes() {
        return bytes.getLong(16);
    }

    /// Nanoseconds since 1970; `Long.MAX_VALUE` where no row has a time.
    public long minTime() {
        return bytes.getLong(24);
    }

    /// Nanoseconds since 1970; `Long.MIN_VALUE` where no row has a time.
    public long maxTime() {
        return bytes.getLong(32);
    }

    public long fingerprintHigh(int row) {
        return bytes.getLong(fingerprintsAt + row * 16);
    }

    public long fingerprintLow(int row) {
        return bytes.getLong(fingerprintsAt + row * 16 + 8);
    }

    /// Whether the row matches by itself: a row that is not datable repeats another only together with its part.
    public boolean datable(int row) {
        return (bytes.getLong(datableAt + (row >>> 6) * 8) >>> row & 1) != 0;
    }

    public int parts() {
        return parts;
    }

    public int partRows(int part) {
        return bytes.getInt(partsAt + part * PART_BYTES + 16);
    }

    public long partHigh(int part) {
        return bytes.getLong(partsAt + part * PART_BYTES);
    }

    public long partLow(int part) {
        return bytes.getLong(partsAt + part * PART_BYTES + 8);
    }

    /// Whether an equal part in the window makes this one a repeat: it has a datable row, or the client named it.
    public boolean partMatches(int part) {
        return (bytes.getInt(partsAt + part * PART_BYTES + 20) & PART_MATCHES) != 0;
    }

    public List<SourceRange> sources() {
        return sources;
    }

    public int encodedBytes() {
        return bytes.limit();
    }

    /// A read-only view of the encoded bytes, position 0 to limit.
    public ByteBuffer encoded() {
        return bytes.asReadOnlyBuffer().order(LITTLE_ENDIAN).rewind();
    }

    private static long padded(long length) {
        return (length + 7) & ~7L;
    }

    private static long datableBytes(long rows) {
        return (rows + 63) / 64 * 8;
    }

    /// Writes a header; the columns of a batch fill it when they are sealed. Not thread-safe.
    public static final class Writer {
        private final ByteBuffer out;
        private final int datableAt;
        private final int partsAt;
        private final List<SourceRange> sources;
        private int row;
        private int part;

        /// @param rows exactly as many [#row] calls follow
        /// @param parts exactly as many [#part] calls follow
        public Writer(Signal signal, TenantId tenant, int rows, int parts, List<SourceRange> sources) {
            if (rows > MAX_ROWS) {
                throw new IllegalArgumentException("more than " + MAX_ROWS + " rows in a batch: " + rows);
            }
            this.sources = sources;
            byte[] name = tenant.value().getBytes(US_ASCII);
            int fingerprintsAt = (int) (FIXED_BYTES + padded(name.length));
            datableAt = fingerprintsAt + rows * 16;
            partsAt = (int) (datableAt + datableBytes(rows));
            long length = partsAt + (long) parts * PART_BYTES;
            for (SourceRange source : sources) {
                length += SOURCE_FIXED_BYTES + padded(source.topic().getBytes(UTF_8).length);
            }
            out = ByteBuffer.allocate(Math.toIntExact(length)).order(LITTLE_ENDIAN);
            out.put((byte) VERSION).put((byte) signal.code()).put((byte) SCHEMA_VERSION).put((byte) FINGERPRINT_VERSION);
            out.putInt((int) length).putInt(rows).putInt(parts);
            out.putInt(40, sources.size()).putInt(44, name.length);
            out.put(FIXED_BYTES, name);
            out.position(fingerprintsAt);
            times(Long.MAX_VALUE, Long.MIN_VALUE);
        }

        public Writer sourceBytes(long sourceBytes) {
            out.putLong(16, sourceBytes);
            return this;
        }

        /// Nanoseconds since 1970 of the earliest and the latest row.
        public Writer times(long min, long max) {
            out.putLong(24, min).putLong(32, max);
            return this;
        }

        public Writer row(long high, long low, boolean datable) {
            out.putLong(high).putLong(low);
            if (datable) {
                int word = datableAt + (row >>> 6) * 8;
                out.putLong(word, out.getLong(word) | 1L << row);
            }
            row++;
            return this;
        }

        public Writer part(long high, long low, int rows, boolean matches) {
            int at = partsAt + part * PART_BYTES;
            out.putLong(at, high).putLong(at + 8, low).putInt(at + 16, rows).putInt(at + 20, matches ? PART_MATCHES : 0);
            part++;
            return this;
        }

        /// @throws IllegalStateException rows and parts do not add up
        public BatchHeader finish() {
            out.position(partsAt + part * PART_BYTES);
            for (SourceRange source : sources) {
                byte[] topic = source.topic().getBytes(UTF_8);
                out.putInt(source.partition()).putInt(topic.length);
                out.putLong(source.first()).putLong(source.last()).put(topic);
                out.position((int) padded(out.position()));
            }
            try {
                return decode(out.rewind());
            } catch (MalformedBatchException e) {
                throw new IllegalStateException("wrote a header that cannot be read", e);
            }
        }
    }
}
