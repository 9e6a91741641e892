package io.openwit.ingest;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.model.FingerprintKey;
import io.openwit.telemetry.Alarms;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Keeps the secret that keys fingerprints, in `wal/dedup.key`. Little-endian, 32 bytes:
///
/// ```
///    0  magic    u64  "OWDEDUPK"
///    8  version  u32  1
///   12  crc      u32  CRC32C over the key
///   16  key      high u64, low u64
/// ```
final class FingerprintKeyFile {
    private static final String NAME = "dedup.key";
    private static final long MAGIC = 0x4B5055444544574FL;
    private static final int VERSION = 1;
    private static final int BYTES = 32;
    private static final int KEY_AT = 16;

    private FingerprintKeyFile() {}

    /// Reads the key, or draws and stores one where there is none. A damaged one is put aside and replaced, with an alarm: what
    /// was sent before is not recognised any more, but the node goes on.
    ///
    /// @param random unpredictable
    static FingerprintKey load(Disk disk, Path directory, RandomGenerator random, Alarms alarms) throws IOException {
        Path path = directory.resolve(NAME);
        if (disk.exists(path)) {
            FingerprintKey key = read(disk, path);
            if (key != null) {
                return key;
            }
            disk.rename(path, directory.resolve(NAME + ".damaged"));
            alarms.raise(
                    "dedup-key-damaged",
                    path + " is damaged and has been replaced: repeats of what came before this start are not recognised");
        }
        FingerprintKey key = new FingerprintKey(random.nextLong(), random.nextLong());
        write(disk, directory, path, key);
        return key;
    }

    private static @Nullable FingerprintKey read(Disk disk, Path path) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(BYTES).order(LITTLE_ENDIAN);
        try (DiskFile file = disk.openForReading(path)) {
            file.read(in, 0);
        }
        boolean whole = in.position() == BYTES
                && in.getLong(0) == MAGIC
                && in.getInt(8) == VERSION
                && in.getInt(12) == crcOf(in);
        return whole ? new FingerprintKey(in.getLong(KEY_AT), in.getLong(KEY_AT + 8)) : null;
    }

    private static void write(Disk disk, Path directory, Path path, FingerprintKey key) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(BYTES).order(LITTLE_ENDIAN);
        out.putLong(0, MAGIC).putInt(8, VERSION).putLong(KEY_AT, key.high()).putLong(KEY_AT + 8, key.low());
        out.putInt(12, crcOf(out));
        Path made = path.resolveSibling(NAME + ".tmp");
        try (DiskFile file = disk.create(made)) {
            file.write(new ByteBuffer[] {out}, 1, 0);
            file.force();
        }
        disk.rename(made, path);
        disk.syncDirectory(directory);
    }

    private static int crcOf(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(KEY_AT, BYTES - KEY_AT));
        return (int) crc.getValue();
    }
}
