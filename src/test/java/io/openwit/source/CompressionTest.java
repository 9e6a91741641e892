package io.openwit.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class CompressionTest {
    private static final long SEED = 7;

    @ParameterizedTest
    @EnumSource
    void whatWasCompressedComesOutEqualHoweverItIsRead(Compression compression) throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int size : new int[] {0, 1, 100, 16_384, 300_000}) {
            byte[] content = content(random, size);
            try (InputStream in = compression.decompress(trickle(random, compressed(compression, content)))) {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                byte[] buffer = new byte[1 + random.nextInt(5_000)];
                for (int count; (count = in.read(buffer)) >= 0; ) {
                    out.write(buffer, 0, count);
                }
                assertThat(out.toByteArray()).isEqualTo(content);
                assertThat(in.read()).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "IDENTITY")
    void severalMembersAreOneBody(Compression compression) throws IOException {
        byte[] one = compressed(compression, "one ".getBytes(UTF_8));
        byte[] none = compressed(compression, new byte[0]);
        byte[] two = compressed(compression, "two".getBytes(UTF_8));

        assertThat(decompressed(compression, joined(one, none, two))).isEqualTo("one two".getBytes(UTF_8));
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "IDENTITY")
    void aBodyThatIsCutAnywhereIsCorrupt(Compression compression) throws IOException {
        byte[] whole = compressed(compression, content(new SplittableRandom(SEED), 2_000));
        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> decompressed(compression, cut))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(CorruptBodyException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "IDENTITY")
    void whatFollowsTheLastMemberIsCorrupt(Compression compression) throws IOException {
        byte[] whole = compressed(compression, "text".getBytes(UTF_8));

        assertThatThrownBy(() -> decompressed(compression, joined(whole, new byte[] {0})))
                .isInstanceOf(CorruptBodyException.class);
        assertThatThrownBy(() -> decompressed(compression, joined(whole, "garbage, and a lot of it".getBytes(UTF_8))))
                .isInstanceOf(CorruptBodyException.class);
    }

    @Test
    void noBytesAreNoGzip() {
        assertThatThrownBy(() -> decompressed(Compression.GZIP, new byte[0])).isInstanceOf(CorruptBodyException.class);
    }

    @Test
    void aFlippedByteInGzipIsNeverTakenForAnotherText() throws IOException {
        byte[] content = content(new SplittableRandom(SEED), 500);
        byte[] whole = compressed(Compression.GZIP, content);
        int corrupt = 0;
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 0x10;
            try {
                // Time and operating system in the header and the spare bits before the checksum carry no content.
                assertThat(decompressed(Compression.GZIP, flipped)).as("byte %d", i).isEqualTo(content);
            } catch (CorruptBodyException e) {
                corrupt++;
            }
        }
        assertThat(corrupt).isGreaterThan(whole.length - 10);
    }

    @Test
    void optionalPartsOfAGzipHeaderAreSkipped() throws IOException {
        byte[] plain = compressed(Compression.GZIP, "text".getBytes(UTF_8));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(plain, 0, 3);
        all.write(2 | 4 | 8 | 16);
        all.write(plain, 4, 6);
        all.writeBytes(new byte[] {3, 0, 'x', 'y', 'z'});
        all.writeBytes("name\0comment\0".getBytes(UTF_8));
        all.writeBytes(new byte[] {1, 2});
        all.write(plain, 10, plain.length - 10);

        assertThat(decompressed(Compression.GZIP, all.toByteArray())).isEqualTo("text".getBytes(UTF_8));
    }

    @Test
    void aZstdFrameWithAWindowBeyondEightMebibytesIsRefused() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZstdOutputStream zstd = new ZstdOutputStream(out, 3)) {
            zstd.setLong(27);
            zstd.write(new byte[16 << 20]);
        }

        assertThatThrownBy(() -> decompressed(Compression.ZSTD, out.toByteArray()))
                .isInstanceOf(CorruptBodyException.class);
    }

    @Test
    void troubleWithTheConnectionIsNotTheSendersFault() throws IOException {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("connection reset");
            }
        };
        for (Compression compression : Compression.values()) {
            try (InputStream in = compression.decompress(broken)) {
                assertThatThrownBy(in::read).isExactlyInstanceOf(IOException.class);
            }
        }
    }

    private static byte[] content(SplittableRandom random, int size) {
        byte[] content = new byte[size];
        for (int i = 0; i < size; i++) {
            content[i] = (byte) (i % 7 == 0 ? random.nextInt() : 'a' + i % 11);
        }
        return content;
    }

    private static byte[] compressed(Compression compression, byte[] content) {
        return switch (compression) {
            case IDENTITY -> content;
            case GZIP -> {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                try (OutputStream gzip = new GZIPOutputStream(out)) {
                    gzip.write(content);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                yield out.toByteArray();
            }
            case ZSTD -> Zstd.compress(content);
        };
    }

    private static byte[] decompressed(Compression compression, byte[] bytes) throws IOException {
        try (InputStream in = compression.decompress(new ByteArrayInputStream(bytes))) {
            return in.readAllBytes();
        }
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /// Gives a few bytes at a time, as a network may.
    private static InputStream trickle(SplittableRandom random, byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] out, int offset, int count) {
                return super.read(out, offset, Math.min(count, 1 + random.nextInt(1_000)));
            }
        };
    }
}
