package io.openwit.ingest.archive;

import io.openwit.ingest.wal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/// Reads a day's catalogue from its beginning to its last whole entry, a piece at a time.
final class CatalogueReader {
    private static final int PIECE_BYTES = 1 << 20;

    private CatalogueReader() {}

    /// @param limit bytes of the file to look at, at most
    /// @param entries is given each entry in order
    /// @return where the last whole entry within the limit ends; 0 where the file is no catalogue
    static long read(DiskFile file, long limit, Consumer<CatalogueEntry> entries) throws IOException {
        byte[] magic = new byte[CatalogueFormat.MAGIC.length];
        file.read(ByteBuffer.wrap(magic), 0);
        if (!Arrays.equals(magic, CatalogueFormat.MAGIC)) {
            return 0;
        }
        long at = CatalogueFormat.MAGIC.length;
        long end = Math.min(limit, file.size());
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        while (at < end) {
            piece.clear().limit((int) Math.min(PIECE_BYTES, end - at));
            file.read(piece, at);
            piece.flip();
            CatalogueEntry entry = CatalogueFormat.read(piece);
            if (entry == null) {
                return at;
            }
            while (entry != null) {
                entries.accept(entry);
                entry = CatalogueFormat.read(piece);
            }
            at += piece.position();
        }
        return at;
    }
}
