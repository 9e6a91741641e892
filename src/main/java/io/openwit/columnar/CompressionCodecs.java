package io.openwit.columnar;

import java.nio.ByteBuffer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.compression.NoCompressionCodec;

/// Arrow's way to our codecs, named in `META-INF/services`. Arrow takes the first factory on the class path, so
/// arrow-compression must not be there: [#checkInstalled].
public final class CompressionCodecs implements CompressionCodec.Factory {
    private static final int ZSTD_LEVEL = 1;

    /// @throws IllegalStateException Arrow found another factory first
    public static void checkInstalled() {
        CompressionCodec codec = CompressionCodec.Factory.INSTANCE.createCodec(CompressionUtil.CodecType.LZ4_FRAME);
        if (!(codec instanceof Lz4FrameCodec)) {
            throw new IllegalStateException("Arrow's LZ4 codec is " + codec.getClass().getName()
                    + " and not ours: take arrow-compression off the class path");
        }
    }

    @Override
    public CompressionCodec createCodec(CompressionUtil.CodecType type) {
        return createCodec(type, ZSTD_LEVEL);
    }

    @Override
    public CompressionCodec createCodec(CompressionUtil.CodecType type, int level) {
        return switch (type) {
            case NO_COMPRESSION -> NoCompressionCodec.INSTANCE;
            case LZ4_FRAME -> new Lz4FrameCodec();
            case ZSTD -> new ZstdCodec(level);
        };
    }

    /// @throws IllegalArgumentException no buffer of ours has this length
    static int bytes(long length) {
        if (length < 0 || length > Bytes.MAX_BYTES) {
            throw new IllegalArgumentException("a compressed buffer says that it holds " + length + " bytes");
        }
        return (int) length;
    }

    /// The compressed bytes behind their length.
    static ByteBuffer frame(ArrowBuf compressed) {
        long prefix = CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH;
        return compressed.nioBuffer(prefix, bytes(compressed.writerIndex() - prefix));
    }

    /// A buffer with room for the length, which Arrow fills in, and the compressed bytes.
    static ArrowBuf behindLength(BufferAllocator allocator, byte[] compressed, int length) {
        long prefix = CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH;
        ArrowBuf buffer = allocator.buffer(prefix + length);
        buffer.setBytes(prefix, compressed, 0, length);
        buffer.writerIndex(prefix + length);
        return buffer;
    }
}
