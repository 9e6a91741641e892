package io.openwit.source.grpc;

import io.grpc.Codec;
import io.grpc.Decompressor;
import io.grpc.DecompressorRegistry;
import io.openwit.source.Compression;
import java.io.IOException;
import java.io.InputStream;

/// The compressions that a client may use, for every service of the server: gRPC's own gzip would take what is cut or
/// followed by something else.
final class Codecs {
    private Codecs() {}

    /// @param maxMessageBytes of one message after decompression; reading on beyond it throws RESOURCE_EXHAUSTED
    static DecompressorRegistry decompressors(int maxMessageBytes) {
        return DecompressorRegistry.emptyInstance()
                .with(Codec.Identity.NONE, false)
                .with(new Decompression(Compression.GZIP, maxMessageBytes), true)
                .with(new Decompression(Compression.ZSTD, maxMessageBytes), true);
    }

    private record Decompression(Compression compression, int maxMessageBytes) implements Decompressor {
        @Override
        public String getMessageEncoding() {
            return compression.label();
        }

        @Override
        public InputStream decompress(InputStream in) throws IOException {
            return new Limited(compression.decompress(in), maxMessageBytes);
        }
    }

    private static final class Limited extends InputStream {
        private final InputStream in;
        private final int maxBytes;
        private final byte[] single = new byte[1];
        private long bytesRead;

        Limited(InputStream in, int maxBytes) {
            this.in = in;
            this.maxBytes = maxBytes;
        }

        @Override
        public int read() throws IOException {
            return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
        }

        @Override
        public int read(byte[] out, int offset, int count) throws IOException {
            int read = in.read(out, offset, count);
            bytesRead += Math.max(read, 0);
            if (bytesRead > maxBytes) {
                throw Reception.tooLarge(maxBytes);
            }
            return read;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
