package io.openwit.ingest.archive;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.Begun;
import io.openwit.ingest.archive.CatalogueEntry.Ended;
import io.openwit.ingest.archive.CatalogueEntry.LeftOut;
import io.openwit.ingest.archive.CatalogueEntry.Merged;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// How the entries of a day's catalogue, `archive/day=YYYY-MM-DD/batches.catalogue`, lie in the file. Little-endian.
///
/// ```
/// file   magic "OWARCAT1", then entries
/// entry  length u32 of what follows the checksum │ CRC32C u32 of it │ type u8 │ file u32 │ fields
/// type 1, begun     signal u8 │ length u64 │ tenantBytes u8 │ tenant │ nameBytes u16 │ name
/// type 2, archived  position u64 │ offset u64 │ length u64 │ rows u32 │ minTime i64 │ maxTime i64 │ arrival i64 │
///                   idBytes u16 │ id
/// type 3, ended     length u64
/// type 4, left out  first u64 │ end u64; the file is 0xFFFFFFFF
/// type 5, merged    signal u8 │ schemaBytes u64 │ tenantBytes u8 │ tenant │ nameBytes u16 │ name │ length u64 │
///                   sources u8 │ the file of each u32
/// ```
///
/// Entries are appended and forced after the bytes that they speak of. It holds no file.
final class CatalogueFormat {
    static final String NAME = "batches.catalogue";
    static final byte[] MAGIC = "OWARCAT1".getBytes(US_ASCII);

    /// No entry is longer: a name is at most 255 bytes, a tenant 64.
    static final int MAX_ENTRY_BYTES = 1024;

    private static final int PREFIX_BYTES = 8;
    private static final byte BEGUN = 1;
    private static final byte ARCHIVED = 2;
    private static final byte ENDED = 3;
    private static final byte LEFT_OUT = 4;
    private static final byte MERGED = 5;

    private CatalogueFormat() {}

    /// @param out has [#MAX_ENTRY_BYTES] of room
    static void write(CatalogueEntry entry, ByteBuffer out) {
        out.order(LITTLE_ENDIAN);
        int start = out.position();
        out.position(start + PREFIX_BYTES);
        switch (entry) {
            case Begun begun -> {
                out.put(BEGUN).putInt(begun.file());
                putFile(out, begun.signal(), begun.length(), begun.tenant(), begun.name());
            }
            case Merged merged -> {
                out.put(MERGED).putInt(merged.file());
                putFile(out, merged.signal(), merged.schemaBytes(), merged.tenant(), merged.name());
                out.putLong(merged.length()).put((byte) merged.sources().size());
                merged.sources().forEach(out::putInt);
            }
            case Archived archived -> {
                out.put(ARCHIVED).putInt(archived.file());
                out.putLong(archived.position()).putLong(archived.offset()).putLong(archived.length());
                out.putInt(archived.rows());
                out.putLong(archived.minTimeNanos()).putLong(archived.maxTimeNanos()).putLong(archived.arrivalNanos());
                putText(out, archived.id().toString());
            }
            case Ended ended -> out.put(ENDED).putInt(ended.file()).putLong(ended.length());
            case LeftOut gap -> out.put(LEFT_OUT).putInt(gap.file()).putLong(gap.first()).putLong(gap.end());
        }
        int length = out.position() - start - PREFIX_BYTES;
        out.putInt(start, length);
        out.putInt(start + 4, checksum(out, start + PREFIX_BYTES, length));
    }

    /// Reads the entry at the position and moves behind it.
    ///
    /// @return null, and the position stays, where no whole and sound entry follows
    static @Nullable CatalogueEntry read(ByteBuffer in) {
        in.order(LITTLE_ENDIAN);
        int start = in.position();
        if (in.remaining() < PREFIX_BYTES) {
            return null;
        }
        int length = in.getInt(start);
        if (length < 5
                || length > MAX_ENTRY_BYTES
                || length > in.remaining() - PREFIX_BYTES
                || in.getInt(start + 4) != checksum(in, start + PREFIX_BYTES, length)) {
            return null;
        }
        in.position(start + PREFIX_BYTES);
        byte type = in.get();
        int file = in.getInt();
        CatalogueEntry entry =
                switch (type) {
                    case BEGUN -> {
                        Signal signal = Signal.ofCode(in.get());
                        long schemaBytes = in.getLong();
                        yield new Begun(file, tenant(in), signal, text(in), schemaBytes);
                    }
                    case MERGED -> {
                        Signal signal = Signal.ofCode(in.get());
                        long schemaBytes = in.getLong();
                        TenantId tenant = tenant(in);
                        String name = text(in);
                        long bytes = in.getLong();
                        int count = in.get() & 0xff;
                        List<Integer> sources = new ArrayList<>(count);
                        for (int i = 0; i < count; i++) {
                            sources.add(in.getInt());
                        }
                        yield new Merged(file, tenant, signal, name, schemaBytes, bytes, sources);
                    }
                    case ARCHIVED -> {
                        long position = in.getLong();
                        long offset = in.getLong();
                        long bytes = in.getLong();
                        int rows = in.getInt();
                        long min = in.getLong();
                        long max = in.getLong();
                        long arrival = in.getLong();
                        yield new Archived(
                                file, BatchId.parse(text(in)), position, offset, bytes, rows, min, max, arrival);
                    }
                    case ENDED -> new Ended(file, in.getLong());
                    case LEFT_OUT -> new LeftOut(file, in.getLong(), in.getLong());
                    default -> null;
                };
        in.position(entry == null ? start : start + PREFIX_BYTES + length);
        return entry;
    }

    private static void putFile(ByteBuffer out, Signal signal, long schemaBytes, TenantId tenant, String name) {
        out.put((byte) signal.code()).putLong(schemaBytes);
        byte[] ascii = tenant.value().getBytes(US_ASCII);
        out.put((byte) ascii.length).put(ascii);
        putText(out, name);
    }

    private static TenantId tenant(ByteBuffer in) {
        byte[] ascii = new byte[in.get()];
        in.get(ascii);
        return new TenantId(new String(ascii, US_ASCII));
    }

    private static void putText(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        out.putShort((short) bytes.length).put(bytes);
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort()];
        in.get(bytes);
        return new String(bytes, US_ASCII);
    }

    private static int checksum(ByteBuffer bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(from, length));
        return (int) crc.getValue();
    }
}
