package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8Test {
    private static boolean javaAccepts(byte[] bytes, int length) {
        try {
            UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static void assertSame(byte[] text) {
        byte[] bytes = Arrays.copyOf(text, text.length + Bytes.SLACK);
        Arrays.fill(bytes, text.length, bytes.length, (byte) 0x80);
        boolean valid = javaAccepts(bytes, text.length);
        assertThat(Utf8.isValid(bytes, 0, text.length)).as(Arrays.toString(text)).isEqualTo(valid);
        if (!valid) {
            byte[] mended = Utf8.mended(bytes, 0, text.length);
            assertThat(javaAccepts(mended, mended.length)).isTrue();
        }
    }

    @Test
    void whatJavasDecoderAcceptsIsValidAndNothingElse() {
        Random random = new Random(3);
        for (int first = 0; first < 256; first++) {
            for (int second = 0; second < 256; second++) {
                assertSame(new byte[] {(byte) first, (byte) second});
                assertSame(new byte[] {(byte) first, (byte) second, (byte) 0x80});
                assertSame(new byte[] {(byte) first, (byte) second, (byte) 0xbf, (byte) 0xbf});
            }
        }
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = ("plain text é€😀 of some length".repeat(1 + random.nextInt(2))).getBytes(UTF_8);
            for (int n = random.nextInt(3); n > 0; n--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            assertSame(Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1));
        }
    }
}
