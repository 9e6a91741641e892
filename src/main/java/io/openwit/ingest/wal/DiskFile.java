package io.openwit.ingest.wal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open file of a [Disk]. Used by one thread at a time.
public interface DiskFile extends Closeable {
    /// Writes `buffers[0]` to `buffers[count - 1]`, each from position to limit, one behind the other from `offset` on.
    ///
    /// @throws IOException any part of it may have been written
    void write(ByteBuffer[] buffers, int count, long offset) throws IOException;

    /// Reads until the buffer is full or the file ends.
    ///
    /// @return the bytes read, 0 at the end of the file
    int read(ByteBuffer buffer, long offset) throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    /// Makes the bytes durable (fdatasync). When it throws, nobody knows what is durable: never call it again.
    void force() throws IOException;
}
