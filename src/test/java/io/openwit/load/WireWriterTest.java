package io.openwit.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WireWriterTest {
    private final WireWriter out = new WireWriter(64);

    private byte[] written() {
        return Arrays.copyOfRange(out.array(), out.offset(), out.offset() + out.length());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 127, 128, 16_383, 16_384, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, -1})
    void varintsAreReadBackAndAsShortAsCanBe(long value) throws Exception {
        out.varint(value);

        assertThat(CodedInputStream.newInstance(written()).readRawVarint64()).isEqualTo(value);
        assertThat(out.length()).isEqualTo(CodedOutputStream.computeUInt64SizeNoTag(value));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 63, -64, 64, Long.MAX_VALUE, Long.MIN_VALUE})
    void zigzagIsReadBack(long value) throws Exception {
        out.zigzag(3, value);

        CodedInputStream in = CodedInputStream.newInstance(written());
        assertThat(in.readTag()).isEqualTo(3 << 3);
        assertThat(in.readSInt64()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 9, 10, 0x0123_4567_89AB_CDEFL, 0xFEDC_BA98_7654_3210L, -1})
    void hexHasSixteenDigits(long value) {
        out.hex(value);

        assertThat(new String(written(), US_ASCII)).isEqualTo(HexFormat.of().toHexDigits(value));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 10, 1_234_567_890_123L, Long.MAX_VALUE})
    void decimalsAreWrittenAsPeopleWriteThem(long value) {
        out.decimal(value);

        assertThat(new String(written(), US_ASCII)).isEqualTo(Long.toString(value));
    }

    @Test
    void whatWasWrittenStaysWhenTheArrayGrows() {
        out.raw("behind".getBytes(US_ASCII));
        int mark = out.mark();
        out.ensure(10_000);
        out.raw("before-".getBytes(US_ASCII));

        assertThat(new String(written(), US_ASCII)).isEqualTo("before-behind");
        assertThat(out.mark() - mark).isEqualTo(7);
    }
}
