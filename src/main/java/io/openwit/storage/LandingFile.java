package io.openwit.storage;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.Objects.requireNonNull;

import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A file of batches as they were sent, in the order they landed. Little-endian, entries at multiples of 8:
///
/// ```
///    0  magic      u64  "OWLAND01"
///    8  nonce      u64  random: bytes that a client sent cannot pass for an entry
///
///    0  nonce      u64  of the file
///    8  metadata   u32  bytes of the metadata
///   12  sealed     u32  bytes of the sealed rows
///   16  newest     i64  time of the newest row, ns since 1970
///   24  payload    u32  CRC32C of metadata and sealed rows
///   28  head       u32  CRC32C of the 28 bytes before
///   32  metadata   JSON, as it was sent (manual.md §5)
///    ·  sealed     Arrow IPC messages: dictionaries, then one record batch; zeros to a multiple of 8
/// ```
///
/// A group of entries is written only after the one before it was forced. So what is damaged at the very end was never
/// answered; damage with a whole entry behind it is a disk that lost something, and is told apart.
final class LandingFile implements AutoCloseable {
    static final int FILE_HEAD_BYTES = 16;
    static final int ENTRY_HEAD_BYTES = 32;

    private static final long MAGIC = 0x3130444e414c574fL;
    private static final int WRITE_PIECES = 512;
    private static final int SEARCH_BYTES = 64 << 10;

    private final Path path;
    private final FileChannel channel;
    private final long nonce;
    private long bytes;
    private long forcedBytes;

    /// A batch on its way into the file.
    ///
    /// @param sealed from position to limit; not changed
    record Arrival(BatchMetadata metadata, byte[] json, ByteBuffer sealed, long newestNanos) {
        int bytes() {
            return ENTRY_HEAD_BYTES + json.length + sealed.remaining();
        }
    }

    /// What a file turned out to hold.
    ///
    /// @param wholeBytes the file's length up to the last whole entry
    /// @param tornBytes bytes behind it, of a group that was never answered
    /// @param damagedBytes bytes between whole entries that are none
    record Contents(List<LandedBatch> batches, long wholeBytes, long tornBytes, long damagedBytes) {}

    private LandingFile(Path path, FileChannel channel, long nonce) {
        this.path = path;
        this.channel = channel;
        this.nonce = nonce;
    }

    /// Makes an empty file; its name and head are on the disk when this returns.
    static LandingFile create(Path path, long nonce) throws IOException {
        FileChannel channel = FileChannel.open(path, CREATE_NEW, WRITE);
        LandingFile file = new LandingFile(path, channel, nonce);
        try {
            ByteBuffer head = ByteBuffer.allocate(FILE_HEAD_BYTES).order(LITTLE_ENDIAN);
            head.putLong(MAGIC).putLong(nonce).flip();
            file.write(List.of(head));
            file.force();
            ForcedFiles.forceDirectory(requireNonNull(path.toAbsolutePath().getParent()));
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    long bytes() {
        return bytes;
    }

    /// Writes entries behind one another; they are durable only after [#force].
    ///
    /// @return where each lies
    /// @throws IOException the write failed; [#takeBack] the rest before anything else is written
    List<LandedBatch> append(List<Arrival> arrivals) throws IOException {
        List<LandedBatch> landed = new ArrayList<>(arrivals.size());
        List<ByteBuffer> pieces = new ArrayList<>(arrivals.size() * 3);
        long at = bytes;
        for (Arrival arrival : arrivals) {
            CRC32C payload = new CRC32C();
            payload.update(arrival.json());
            payload.update(arrival.sealed().duplicate());
            int sealedBytes = arrival.sealed().remaining();
            ByteBuffer head = ByteBuffer.allocate(ENTRY_HEAD_BYTES + arrival.json().length).order(LITTLE_ENDIAN);
            head.putLong(nonce)
                    .putInt(arrival.json().length)
                    .putInt(sealedBytes)
                    .putLong(arrival.newestNanos())
                    .putInt((int) payload.getValue());
            head.putInt(headChecksum(head)).put(arrival.json()).flip();
            pieces.add(head);
            pieces.add(arrival.sealed().duplicate());
            int padding = -arrival.bytes() & 7;
            if (padding > 0) {
                pieces.add(ByteBuffer.allocate(padding));
            }
            BatchMetadata metadata = arrival.metadata();
            landed.add(new LandedBatch(
                    metadata.id(),
                    metadata.tenant(),
                    metadata.signal(),
                    metadata.rows(),
                    arrival.newestNanos(),
                    at,
                    arrival.json().length,
                    sealedBytes,
                    (int) payload.getValue()));
            at += arrival.bytes() + padding;
        }
        write(pieces);
        return landed;
    }

    private void write(List<ByteBuffer> pieces) throws IOException {
        for (int from = 0; from < pieces.size(); from += WRITE_PIECES) {
            ByteBuffer[] some =
                    pieces.subList(from, Math.min(pieces.size(), from + WRITE_PIECES)).toArray(ByteBuffer[]::new);
            ByteBuffer last = some[some.length - 1];
            while (last.hasRemaining()) {
                bytes += channel.write(some);
            }
        }
    }

    /// Puts everything written on the disk.
    ///
    /// @throws IOException nothing written since the last force may be trusted, nor this file used again
    void force() throws IOException {
        channel.force(false);
        forcedBytes = bytes;
    }

    /// Cuts off what a failed write left behind the last force.
    void takeBack() throws IOException {
        channel.truncate(forcedBytes);
        channel.force(true);
        bytes = forcedBytes;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /// Reads where the entries of a file are, checking every byte.
    ///
    /// @throws IOException the file cannot be read, or is no landing file
    static Contents scan(Path path) throws IOException {
        try (FileChannel in = FileChannel.open(path, READ)) {
            long size = in.size();
            if (size < FILE_HEAD_BYTES) {
                // Killed while it was made: nothing in it was answered.
                return new Contents(List.of(), 0, size, 0);
            }
            ByteBuffer head = read(in, path, 0, FILE_HEAD_BYTES);
            if (head.getLong(0) != MAGIC) {
                throw new IOException(path + " is not a landing file of this version");
            }
            long nonce = head.getLong(8);
            List<LandedBatch> batches = new ArrayList<>();
            long whole = FILE_HEAD_BYTES;
            long damaged = 0;
            for (long at = FILE_HEAD_BYTES; at + ENTRY_HEAD_BYTES <= size; ) {
                LandedBatch batch = entryAt(in, path, nonce, at, size);
                if (batch == null) {
                    at = nextNonce(in, path, nonce, at + 8, size);
                    continue;
                }
                damaged += at - whole;
                batches.add(batch);
                long length = ENTRY_HEAD_BYTES + (long) batch.metadataBytes() + batch.sealedBytes();
                at += (length + 7) & -8L;
                whole = Math.min(at, size);
            }
            return new Contents(batches, whole, size - whole, damaged);
        }
    }

    /// Where, from `at` on, the nonce stands the next time; `size` if nowhere.
    private static long nextNonce(FileChannel in, Path path, long nonce, long at, long size) throws IOException {
        while (at + 8 <= size) {
            ByteBuffer piece = read(in, path, at, (int) Math.min(SEARCH_BYTES, (size - at) & -8L));
            for (int i = 0; i < piece.limit(); i += 8) {
                if (piece.getLong(i) == nonce) {
                    return at + i;
                }
            }
            at += piece.limit();
        }
        return size;
    }

    private static @Nullable LandedBatch entryAt(
            FileChannel in, Path path, long nonce, long at, long size) throws IOException {
        ByteBuffer head = read(in, path, at, ENTRY_HEAD_BYTES);
        if (head.getLong(0) != nonce || head.getInt(28) != headChecksum(head)) {
            return null;
        }
        int metadataBytes = head.getInt(8);
        int sealedBytes = head.getInt(12);
        long payloadBytes = (long) metadataBytes + sealedBytes;
        if (metadataBytes < 0 || sealedBytes < 0 || at + ENTRY_HEAD_BYTES + payloadBytes > size) {
            return null;
        }
        ByteBuffer payload = read(in, path, at + ENTRY_HEAD_BYTES, (int) payloadBytes);
        if (checksum(payload) != head.getInt(24)) {
            return null;
        }
        byte[] json = new byte[metadataBytes];
        payload.get(0, json);
        try {
            BatchMetadata metadata = BatchMetadata.parse(json);
            return new LandedBatch(
                    metadata.id(),
                    metadata.tenant(),
                    metadata.signal(),
                    metadata.rows(),
                    head.getLong(16),
                    at,
                    metadataBytes,
                    sealedBytes,
                    head.getInt(24));
        } catch (MalformedBatchException e) {
            throw new IOException(path + ": entry at " + at + " has metadata that was never accepted", e);
        }
    }

    /// Reads the sealed rows of one batch and checks them.
    ///
    /// @throws IOException the file cannot be read, or its bytes are not those that landed
    static ByteBuffer readSealed(FileChannel in, Path path, LandedBatch batch) throws IOException {
        ByteBuffer payload = read(
                in, path, batch.offset() + ENTRY_HEAD_BYTES, Math.addExact(batch.metadataBytes(), batch.sealedBytes()));
        int checksum = checksum(payload);
        if (checksum != batch.checksum()) {
            throw new IOException(String.format(
                    "%s: batch %s at %d has crc %08x, expected %08x",
                    path, batch.id(), batch.offset(), checksum, batch.checksum()));
        }
        return payload.slice(batch.metadataBytes(), batch.sealedBytes());
    }

    /// Copies the first `bytes` of a file into a new one that is on the disk when this returns, and puts it in its
    /// place.
    ///
    /// What an earlier process wrote but perhaps never forced, or failed to force, is trusted only after this.
    static void rewrite(Path path, long bytes) throws IOException {
        Path draft = path.resolveSibling(path.getFileName() + ".tmp");
        try (FileChannel in = FileChannel.open(path, READ);
                FileChannel out = FileChannel.open(
                        draft, CREATE, WRITE,
                        TRUNCATE_EXISTING)) {
            for (long at = 0; at < bytes; ) {
                long moved = in.transferTo(at, bytes - at, out);
                if (moved <= 0) {
                    throw new IOException(path + " ends at " + at + ", expected " + bytes + " bytes");
                }
                at += moved;
            }
            out.force(true);
        }
        ForcedFiles.rename(draft, path);
    }

    private static ByteBuffer read(FileChannel in, Path path, long at, int length) throws IOException {
        ByteBuffer buffer = length < 4096 ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
        buffer.order(LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (in.read(buffer, at + buffer.position()) < 0) {
                throw new IOException(path + " ends at " + (at + buffer.position()) + ", expected " + (at + length));
            }
        }
        return buffer.flip();
    }

    private static int checksum(ByteBuffer payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload.duplicate());
        return (int) crc.getValue();
    }

    private static int headChecksum(ByteBuffer head) {
        CRC32C crc = new CRC32C();
        crc.update(head.duplicate().limit(28).position(0));
        return (int) crc.getValue();
    }
}
