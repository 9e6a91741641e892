package io.openwit.columnar;

import java.nio.ByteBuffer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.AbstractCompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;

/// LZ4_FRAME for Arrow's own readers and writers: Arrow Java's codec is a thousand times slower. Thread-safe.
///
/// It holds nothing: Arrow makes one for each dictionary that it loads, and closes none.
public final class Lz4FrameCodec extends AbstractCompressionCodec {
    @Override
    protected ArrowBuf doCompress(BufferAllocator allocator, ArrowBuf uncompressed) {
        int length = CompressionCodecs.bytes(uncompressed.writerIndex());
        byte[] bytes = new byte[length];
        uncompressed.getBytes(0, bytes);
        Bytes out = new Bytes(length + 64);
        try (Lz4Frame frames = new Lz4Frame()) {
            frames.compress(bytes, 0, length, out);
        }
        return CompressionCodecs.behindLength(allocator, out.array(), out.size());
    }

    @Override
    protected ArrowBuf doDecompress(BufferAllocator allocator, ArrowBuf compressed) {
        int length = CompressionCodecs.bytes(readUncompressedLength(compressed));
        ArrowBuf content = allocator.buffer(length);
        try {
            ByteBuffer frame = CompressionCodecs.frame(compressed);
            Lz4Frame.decompress(frame, content.nioBuffer(0, length));
            content.writerIndex(length);
            return content;
        } catch (RuntimeException e) {
            content.close();
            throw e;
        }
    }

    @Override
    public CompressionUtil.CodecType getCodecType() {
        return CompressionUtil.CodecType.LZ4_FRAME;
    }
}
