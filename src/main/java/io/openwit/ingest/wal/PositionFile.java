package io.openwit.ingest.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Remembers durably how far somebody has come, with a short note.
///
/// Two slots are written in turn and each is forced, so a write that is cut leaves the value before it. Little-endian, each
/// slot 4,096 bytes, the second behind the first:
///
/// ```
///    0  magic      u32  "OWPS"
///    4  version    u32  1
///    8  turn       u64  the slot with the higher one counts
///   16  position   u64
///   24  noteBytes  u32  at most 3,072
///   28  crc        u32  CRC32C over bytes 0 to 27 and the note, seeded with 0
///   32  note
/// ```
///
/// Not thread-safe.
public final class PositionFile implements Closeable {
    /// Longest note, in bytes.
    public static final int MAX_NOTE_BYTES = 3072;

    private static final int MAGIC = 0x5350574F;
    private static final int VERSION = 1;
    private static final int SLOT_BYTES = 4096;
    private static final int FIXED_BYTES = 32;
    private static final int CRC_AT = 28;

    private final Disk disk;
    private final Path path;
    private final boolean damaged;
    private final ByteBuffer slot = ByteBuffer.allocateDirect(SLOT_BYTES).order(LITTLE_ENDIAN);
    private final ByteBuffer[] pieces = {slot};
    private final Checksum checksum = new Checksum();

    /// Closed and forgotten after a failure, as nobody knows then what is durable; the next write makes a new one.
    private @Nullable DiskFile file;

    private @Nullable Value value;
    private long turn;

    /// What is remembered.
    ///
    /// @param position in bytes, usually of the log
    /// @param note at most [#MAX_NOTE_BYTES]; empty where there is none
    public record Value(long position, byte[] note) {}

    /// Opens the file, or prepares to make it at the first write.
    public static PositionFile open(Disk disk, Path path) throws IOException {
        if (!disk.exists(path)) {
            return new PositionFile(disk, path, null, new ByteBuffer[0]);
        }
        DiskFile file = disk.open(path);
        try {
            return new PositionFile(disk, path, file, slots(file));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /// What the file says, read without opening it for writing: another process may have it.
    ///
    /// @throws java.nio.file.NoSuchFileException it is not there
    public static Optional<Value> peek(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.openForReading(path)) {
            return new PositionFile(disk, path, null, slots(file)).read();
        }
    }

    private static ByteBuffer[] slots(DiskFile file) throws IOException {
        ByteBuffer[] slots = new ByteBuffer[2];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = ByteBuffer.allocate(SLOT_BYTES).order(LITTLE_ENDIAN);
            file.read(slots[i], (long) i * SLOT_BYTES);
        }
        return slots;
    }

    private PositionFile(Disk disk, Path path, @Nullable DiskFile file, ByteBuffer[] slots) {
        this.disk = disk;
        this.path = path;
        this.file = file;
        for (ByteBuffer in : slots) {
            if (whole(in) && in.getLong(8) > turn) {
                turn = in.getLong(8);
                byte[] note = new byte[in.getInt(24)];
                in.get(FIXED_BYTES, note);
                value = new Value(in.getLong(16), note);
            }
        }
        damaged = file != null && value == null;
    }

    private boolean whole(ByteBuffer in) {
        int noteBytes = in.getInt(24);
        return in.getInt(0) == MAGIC
                && in.getInt(4) == VERSION
                && noteBytes >= 0
                && noteBytes <= MAX_NOTE_BYTES
                && checksum.begin(0).add(in, 0, CRC_AT).add(in, FIXED_BYTES, noteBytes).value() == in.getInt(CRC_AT);
    }

    /// What was last written; empty where nothing was, or both slots are damaged.
    public Optional<Value> read() {
        return Optional.ofNullable(value);
    }

    /// Whether the file was there when it was opened, and held nothing that can be read.
    public boolean damaged() {
        return damaged;
    }

    /// Writes and forces.
    ///
    /// @throws IOException this value or the one before is what a restart will find; it may be written again
    public void write(long position, byte[] note) throws IOException {
        if (note.length > MAX_NOTE_BYTES) {
            throw new IllegalArgumentException("a note has at most " + MAX_NOTE_BYTES + " bytes: " + note.length);
        }
        turn++;
        slot.clear();
        slot.putInt(0, MAGIC).putInt(4, VERSION).putLong(8, turn).putLong(16, position).putInt(24, note.length);
        slot.put(FIXED_BYTES, note);
        slot.putInt(CRC_AT, checksum.begin(0).add(slot, 0, CRC_AT).add(slot, FIXED_BYTES, note.length).value());
        DiskFile open = file;
        if (open == null) {
            make();
        } else {
            try {
                open.write(pieces, 1, turn % 2 * SLOT_BYTES);
                open.force();
            } catch (IOException e) {
                forget(open);
                throw e;
            }
        }
        value = new Value(position, note);
    }

    private void make() throws IOException {
        Path made = path.resolveSibling(path.getFileName() + ".tmp");
        DiskFile fresh = disk.create(made);
        try {
            // Both slots hold the same, so the file has its whole length at once.
            for (int i = 0; i < 2; i++) {
                slot.clear();
                fresh.write(pieces, 1, (long) i * SLOT_BYTES);
            }
            fresh.force();
            disk.rename(made, path);
            disk.syncDirectory(requireNonNull(path.toAbsolutePath().getParent()));
        } catch (IOException e) {
            forget(fresh);
            throw e;
        }
        file = fresh;
    }

    private void forget(DiskFile broken) throws IOException {
        file = null;
        broken.close();
    }

    @Override
    public void close() throws IOException {
        DiskFile open = file;
        file = null;
        if (open != null) {
            open.close();
        }
    }
}
