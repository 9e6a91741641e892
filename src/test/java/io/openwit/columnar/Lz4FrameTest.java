package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jpountz.lz4.LZ4FrameInputStream;
import net.jpountz.lz4.LZ4FrameOutputStream;
import net.jpountz.lz4.LZ4FrameOutputStream.BLOCKSIZE;
import net.jpountz.lz4.LZ4FrameOutputStream.FLG;
import net.jpountz.xxhash.XXHashFactory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.junit.jupiter.api.Test;

class Lz4FrameTest {
    private static final long SEED = 42;

    private static byte[] content(Random random, int length) {
        byte[] bytes = new byte[length];
        int kinds = 1 + random.nextInt(256);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i > 40 && random.nextInt(10) > 0 ? bytes[i - 1 - random.nextInt(40)] : random.nextInt(kinds));
        }
        return bytes;
    }

    private static byte[] frame(byte[] content) {
        Bytes out = new Bytes(16);
        try (Lz4Frame frames = new Lz4Frame()) {
            frames.compress(content, 0, content.length, out);
        }
        return Arrays.copyOf(out.array(), out.size());
    }

    private static byte[] read(byte[] frame, int length) {
        ByteBuffer content = ByteBuffer.allocateDirect(length);
        ByteBuffer direct = ByteBuffer.allocateDirect(frame.length).put(frame).flip();
        Lz4Frame.decompress(direct, content);
        byte[] bytes = new byte[length];
        content.get(bytes);
        return bytes;
    }

    @Test
    void anyContentComesBack() {
        Random random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            byte[] content = content(random, random.nextInt(5000));
            assertThat(read(frame(content), content.length)).isEqualTo(content);
        }
        byte[] large = content(random, (8 << 20) + 12_345);
        assertThat(read(frame(large), large.length)).isEqualTo(large);
        byte[] noise = new byte[5 << 20];
        random.nextBytes(noise);
        assertThat(read(frame(noise), noise.length)).isEqualTo(noise);
    }

    @Test
    void othersReadOurFrames() throws IOException {
        byte[] content = content(new Random(SEED), 6 << 20);
        try (LZ4FrameInputStream in = new LZ4FrameInputStream(new ByteArrayInputStream(frame(content)))) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
    }

    @Test
    void framesWithSizesAndChecksumsAreRead() throws IOException {
        byte[] content = content(new Random(SEED), 300_000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (LZ4FrameOutputStream out = new LZ4FrameOutputStream(
                bytes,
                BLOCKSIZE.SIZE_64KB,
                content.length,
                FLG.Bits.BLOCK_INDEPENDENCE,
                FLG.Bits.BLOCK_CHECKSUM,
                FLG.Bits.CONTENT_CHECKSUM,
                FLG.Bits.CONTENT_SIZE)) {
            out.write(content);
        }
        byte[] frame = bytes.toByteArray();

        assertThat(read(frame, content.length)).isEqualTo(content);
        byte[] flipped = frame.clone();
        flipped[frame.length / 2] ^= 1;
        assertThatThrownBy(() -> read(flipped, content.length))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("checksum");
        byte[] otherEnd = frame.clone();
        otherEnd[frame.length - 1] ^= 1;
        assertThatThrownBy(() -> read(otherEnd, content.length)).hasMessageContaining("content checksum");
    }

    @Test
    void blocksThatReachBackIntoOthersAreRead() {
        byte flags = 0x40;
        byte sizes = 0x40;
        byte check = (byte) (XXHashFactory.safeInstance().hash32().hash(new byte[] {flags, sizes}, 0, 2, 0) >>> 8);
        Bytes frame = new Bytes(64);
        frame.putInt(0x184D2204);
        frame.put(flags);
        frame.put(sizes);
        frame.put(check);
        // "abcdefgh" as literals; then a match of 12 that begins 8 back, and overlaps itself, and "xyz12".
        byte[] first = {(byte) 0x80, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};
        frame.putInt(first.length);
        frame.put(first, 0, first.length);
        byte[] second = {0x08, 8, 0, 0x50, 'x', 'y', 'z', '1', '2'};
        frame.putInt(second.length);
        frame.put(second, 0, second.length);
        frame.putInt(0);

        byte[] content = read(Arrays.copyOf(frame.array(), frame.size()), 25);

        assertThat(new String(content, US_ASCII))
                .isEqualTo("abcdefghabcdefghabcdxyz12");
    }

    @Test
    void damagedFramesGiveAnExceptionOrOtherBytesAndNeverMore() {
        Random random = new Random(SEED);
        byte[] content = content(random, 2000);
        byte[] frame = frame(content);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = random.nextInt(4) == 0 ? Arrays.copyOf(frame, random.nextInt(frame.length)) : frame.clone();
            for (int n = random.nextInt(3); n >= 0 && damaged.length > 0; n--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(read(damaged, content.length)).hasSize(content.length);
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(1_000);
    }

    @Test
    void contentOfAnotherLengthIsRefused() {
        byte[] frame = frame(new byte[100]);

        assertThatThrownBy(() -> read(frame, 99)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> read(frame, 101)).hasMessageContaining("100 bytes, expected 101");
    }

    @Test
    void arrowFindsOurCodecAndItCompressesAndDecompresses() {
        CompressionCodecs.checkInstalled();
        byte[] content = content(new Random(SEED), 10_000);
        try (BufferAllocator allocator = new RootAllocator()) {
            for (CodecType type : new CodecType[] {CodecType.LZ4_FRAME, CodecType.ZSTD}) {
                CompressionCodec codec = CompressionCodec.Factory.INSTANCE.createCodec(type);
                ArrowBuf plain = allocator.buffer(content.length);
                plain.setBytes(0, content);
                plain.writerIndex(content.length);
                ArrowBuf compressed = codec.compress(allocator, plain);
                assertThat(compressed.writerIndex()).isLessThan(content.length);
                try (ArrowBuf back = codec.decompress(allocator, compressed)) {
                    byte[] bytes = new byte[content.length];
                    back.getBytes(0, bytes);
                    assertThat(bytes).isEqualTo(content);
                }
            }
            assertThat(allocator.getAllocatedMemory()).isZero();
        }
    }
}
