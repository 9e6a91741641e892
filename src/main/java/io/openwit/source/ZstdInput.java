package io.openwit.source;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;

/// Decompresses one or more zstd frames. Not thread-safe.
final class ZstdInput extends InputStream {
    /// Frames that look back further are refused: the window is native memory, and its size is the sender's choice.
    /// Source: RFC 8878, section 3.1.1.1.2, asks decoders for 8 MiB.
    private static final int MAX_WINDOW_LOG = 23;

    private final ZstdInputStreamNoFinalizer zstd;
    private final byte[] single = new byte[1];

    ZstdInput(InputStream in) throws IOException {
        zstd = new ZstdInputStreamNoFinalizer(in).setLongMax(MAX_WINDOW_LOG);
    }

    @Override
    public int read() throws IOException {
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
    }

    @Override
    public int read(byte[] out, int offset, int count) throws IOException {
        try {
            return zstd.read(out, offset, count);
        } catch (ZstdIOException e) {
            throw new CorruptBodyException("the body is not zstd: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        zstd.close();
    }
}
