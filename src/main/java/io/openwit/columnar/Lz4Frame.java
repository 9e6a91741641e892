package io.openwit.columnar;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4JNIFastResetCompressor;
import net.jpountz.lz4.LZ4SafeDecompressor;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/// LZ4 frames: written in one form, read in every form but those that need a dictionary.
///
/// ```
/// magic 0x184D2204 u32 │ FLG u8 │ BD u8 │ [content size u64] │ header checksum u8
/// blocks: size u32, its highest bit set where the block is stored as it was │ data │ [block checksum u32]
/// 0 u32 │ [content checksum u32]
/// ```
///
/// What is written has independent blocks of up to 4 MiB and no checksums, as the log's frame has one over everything.
/// [#compress] keeps native state and belongs to one thread, until [#close]; [#decompress] may be called by any.
///
/// Source: LZ4 Frame Format Description 1.6.4.
final class Lz4Frame implements AutoCloseable {
    private static final LZ4SafeDecompressor DECOMPRESSOR = LZ4Factory.nativeInstance().safeDecompressor();
    private static final XXHash32 HASH = XXHashFactory.fastestInstance().hash32();

    private static final int MAGIC = 0x184D2204;
    private static final int STORED = 0x80000000;
    private static final int MAX_BLOCK_BYTES = 4 << 20;
    private static final int ACCELERATION = 2;

    private static final int VERSION_MASK = 0xC0;
    private static final int VERSION = 0x40;
    private static final int INDEPENDENT = 0x20;
    private static final int BLOCK_CHECKSUMS = 0x10;
    private static final int CONTENT_SIZE = 0x08;
    private static final int CONTENT_CHECKSUM = 0x04;
    private static final int RESERVED = 0x02;
    private static final int DICTIONARY = 0x01;

    private static final byte FLAGS = (byte) (VERSION | INDEPENDENT);
    private static final byte LARGEST_BLOCKS = 7 << 4;
    private static final byte HEADER_CHECKSUM = (byte) (HASH.hash(new byte[] {FLAGS, LARGEST_BLOCKS}, 0, 2, 0) >>> 8);

    private final LZ4JNIFastResetCompressor compressor = LZ4Factory.nativeInstance().fastResetCompressor(ACCELERATION);

    /// Appends a frame with the bytes.
    void compress(byte[] bytes, int from, int length, Bytes out) {
        out.putInt(MAGIC);
        out.put(FLAGS);
        out.put(LARGEST_BLOCKS);
        out.put(HEADER_CHECKSUM);
        for (int done = 0; done < length; done += MAX_BLOCK_BYTES) {
            int block = Math.min(MAX_BLOCK_BYTES, length - done);
            int room = compressor.maxCompressedLength(block);
            int at = out.room(4 + room);
            int compressed = compressor.compress(bytes, from + done, block, out.array, at + 4, room);
            if (compressed < block) {
                LittleEndian.putInt(out.array, at, compressed);
                out.truncate(at + 4 + compressed);
            } else {
                LittleEndian.putInt(out.array, at, block | STORED);
                out.truncate(at + 4);
                out.put(bytes, from + done, block);
            }
        }
        out.putInt(0);
    }

    /// Frees the native state, which no collector does.
    @Override
    public void close() {
        compressor.close();
    }

    /// Reads one frame that fills `frame` and whose content fills `content`, each from position to limit.
    ///
    /// @throws IllegalArgumentException the bytes are not a frame, or their content has another length
    static void decompress(ByteBuffer frame, ByteBuffer content) {
        ByteBuffer in = frame.slice().order(LITTLE_ENDIAN);
        ByteBuffer out = content.slice();
        try {
            int flags = readHeader(in, out.remaining());
            int written = 0;
            for (int size = in.getInt(); size != 0; size = in.getInt()) {
                written += readBlock(in, size, flags, out, written);
            }
            if (written != out.limit()) {
                throw malformed("content has " + written + " bytes, expected " + out.limit());
            }
            if ((flags & CONTENT_CHECKSUM) != 0 && in.getInt() != hash(out)) {
                throw malformed("content checksum differs");
            }
            if (in.hasRemaining()) {
                throw malformed(in.remaining() + " bytes behind its end");
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("lz4 frame of " + in.limit() + " bytes is cut", e);
        }
    }

    /// @return the flags
    private static int readHeader(ByteBuffer in, int expected) {
        int magic = in.getInt();
        if (magic != MAGIC) {
            throw malformed("magic is " + Integer.toHexString(magic));
        }
        int from = in.position();
        int flags = in.get();
        int sizes = in.get();
        if ((flags & VERSION_MASK) != VERSION || (flags & RESERVED) != 0 || (sizes & 0x8F) != 0) {
            throw malformed("version or flags are unknown: " + Integer.toHexString(flags & 0xff));
        }
        if ((flags & DICTIONARY) != 0) {
            throw malformed("it needs a dictionary");
        }
        if ((flags & CONTENT_SIZE) != 0) {
            long size = in.getLong();
            if (size != expected) {
                throw malformed("content size is " + size + ", expected " + expected);
            }
        }
        int checksum = HASH.hash(in, from, in.position() - from, 0) >>> 8;
        if (in.get() != (byte) checksum) {
            throw malformed("header checksum differs");
        }
        return flags;
    }

    /// @return bytes written at `written`
    private static int readBlock(ByteBuffer in, int size, int flags, ByteBuffer out, int written) {
        int length = size & ~STORED;
        if (length > in.remaining()) {
            throw malformed("block of " + length + " bytes, " + in.remaining() + " are left");
        }
        int from = in.position();
        in.position(from + length);
        if ((flags & BLOCK_CHECKSUMS) != 0 && in.getInt() != HASH.hash(in, from, length, 0)) {
            throw malformed("block checksum differs");
        }
        if ((size & STORED) != 0) {
            if (length > out.limit() - written) {
                throw malformed("content is longer than " + out.limit() + " bytes");
            }
            out.put(written, in, from, length);
            return length;
        }
        if ((flags & INDEPENDENT) == 0 && written > 0) {
            return new Lz4LinkedBlock(in, from, length, out, written).decompress();
        }
        try {
            return DECOMPRESSOR.decompress(in, from, length, out, written, out.limit() - written);
        } catch (LZ4Exception e) {
            throw new IllegalArgumentException("lz4 frame: block at " + from + " cannot be decompressed", e);
        }
    }

    private static int hash(ByteBuffer bytes) {
        return HASH.hash(bytes, 0, bytes.limit(), 0);
    }

    static IllegalArgumentException malformed(String what) {
        return new IllegalArgumentException("lz4 frame: " + what);
    }
}
