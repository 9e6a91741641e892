package io.openwit.columnar;

import com.github.luben.zstd.Zstd;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.AbstractCompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;

/// ZSTD for Arrow's own readers and writers. Thread-safe.
final class ZstdCodec extends AbstractCompressionCodec {
    private final int level;

    ZstdCodec(int level) {
        this.level = level;
    }

    @Override
    protected ArrowBuf doCompress(BufferAllocator allocator, ArrowBuf uncompressed) {
        byte[] bytes = new byte[CompressionCodecs.bytes(uncompressed.writerIndex())];
        uncompressed.getBytes(0, bytes);
        byte[] compressed = Zstd.compress(bytes, level);
        return CompressionCodecs.behindLength(allocator, compressed, compressed.length);
    }

    @Override
    protected ArrowBuf doDecompress(BufferAllocator allocator, ArrowBuf compressed) {
        int length = CompressionCodecs.bytes(readUncompressedLength(compressed));
        ArrowBuf content = allocator.buffer(length);
        long done = Zstd.decompressUnsafe(
                content.memoryAddress(),
                length,
                compressed.memoryAddress() + CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH,
                compressed.writerIndex() - CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH);
        if (Zstd.isError(done) || done != length) {
            content.close();
            throw new IllegalArgumentException("zstd frame: "
                    + (Zstd.isError(done) ? Zstd.getErrorName(done) : "content has " + done + " bytes, expected " + length));
        }
        content.writerIndex(length);
        return content;
    }

    @Override
    public CompressionUtil.CodecType getCodecType() {
        return CompressionUtil.CodecType.ZSTD;
    }
}
