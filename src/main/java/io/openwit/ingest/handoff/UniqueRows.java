package io.openwit.ingest.handoff;

import io.openwit.columnar.RowFilter;
import io.openwit.columnar.Sealer;
import io.openwit.ingest.wal.Frame;
import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// The rows of a frame as they leave the log: the sealed bytes as they are, or, where some repeat earlier rows, sealed
/// anew without those. Owned by one thread.
public final class UniqueRows implements AutoCloseable {
    /// Memory for one batch that is opened and sealed again.
    public static final long MAX_BYTES = 512L << 20;

    private final BufferAllocator allocator = new RootAllocator(MAX_BYTES);
    private final Sealer sealer = new Sealer(Sealer.Codec.LZ4_FRAME);

    /// @param frame not header-only
    /// @return dictionaries, then one record batch, from position to limit
    /// @throws IOException the log cannot be read
    /// @throws MalformedBatchException the rows are not what was sealed
    public ByteBuffer of(Frame frame) throws IOException, MalformedBatchException {
        ByteBuffer rows = frame.rows();
        return frame.hasDuplicates()
                ? RowFilter.keep(frame.header().signal(), rows, frame.keep(), allocator, sealer)
                : rows;
    }

    @Override
    public void close() {
        allocator.close();
    }
}
