package io.openwit.ingest.wal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// CRC32C over several pieces, seeded with the nonce of a file, so that bytes which a client sent cannot pass for a group.
/// Not thread-safe.
final class Checksum {
    private final CRC32C crc = new CRC32C();
    private final byte[] seed = new byte[Long.BYTES];

    /// Begins anew. The seed is the nonce's eight bytes, lowest first.
    Checksum begin(long nonce) {
        crc.reset();
        for (int i = 0; i < seed.length; i++) {
            seed[i] = (byte) (nonce >>> (i * 8));
        }
        crc.update(seed, 0, seed.length);
        return this;
    }

    /// Adds the bytes from position to limit; both stay.
    Checksum add(ByteBuffer bytes) {
        crc.update(bytes.duplicate());
        return this;
    }

    Checksum add(ByteBuffer bytes, int from, int length) {
        crc.update(bytes.slice(from, length));
        return this;
    }

    int value() {
        return (int) crc.getValue();
    }
}
