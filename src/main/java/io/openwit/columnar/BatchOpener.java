package io.openwit.columnar;

import io.openwit.model.Signal;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;

/// Opens sealed rows: as an Arrow stream of one batch, in any codec.
public final class BatchOpener {
    /// What ends an Arrow stream: the marker and a length of 0.
    private static final byte[] END = {-1, -1, -1, -1, 0, 0, 0, 0};

    private BatchOpener() {}

    /// A reader over schema message, rows and end mark. Its vectors hold dictionary indices; the dictionaries are in
    /// [ArrowReader#getDictionaryVectors] once a batch is loaded.
    ///
    /// @param rows dictionaries and a record batch, from position to limit; borrowed until the reader is closed
    /// @param allocator bounds what is opened; the caller closes the reader before it
    public static ArrowReader open(Signal signal, ByteBuffer rows, BufferAllocator allocator) {
        List<InputStream> parts =
                List.of(stream(ByteBuffer.wrap(Schemas.schemaMessage(signal))), stream(rows), stream(ByteBuffer.wrap(END)));
        InputStream in = new SequenceInputStream(Collections.enumeration(parts));
        return new ArrowStreamReader(in, allocator, new CompressionCodecs());
    }

    private static InputStream stream(ByteBuffer bytes) {
        ByteBuffer left = bytes.duplicate();
        return new InputStream() {
            @Override
            public int read() {
                return left.hasRemaining() ? left.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] into, int at, int length) {
                if (length == 0) {
                    return 0;
                }
                int count = Math.min(length, left.remaining());
                if (count == 0) {
                    return -1;
                }
                left.get(into, at, count);
                return count;
            }
        };
    }
}
