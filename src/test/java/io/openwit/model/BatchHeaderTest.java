package io.openwit.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.BatchHeader.SourceRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchHeaderTest {
    @Test
    void comesBackAsItWasWritten() throws MalformedBatchException {
        List<SourceRange> sources =
                List.of(new SourceRange("otlp_logs_é", 7, 100, 228), new SourceRange("t", 0, 0, Long.MAX_VALUE));
        BatchHeader.Writer writer = new BatchHeader.Writer(Signal.TRACES, new TenantId("acme"), 130, 2, sources)
                .sourceBytes(12_345)
                .times(-5, 99);
        for (int row = 0; row < 130; row++) {
            writer.row(row, -row, row % 3 == 0);
        }
        writer.part(1, 2, 100, true).part(3, 4, 30, false);

        BatchHeader header = BatchHeader.decode(writer.finish().encoded());

        assertThat(header.signal()).isEqualTo(Signal.TRACES);
        assertThat(header.tenant()).isEqualTo(new TenantId("acme"));
        assertThat(header.rows()).isEqualTo(130);
        assertThat(header.sourceBytes()).isEqualTo(12_345);
        assertThat(header.minTime()).isEqualTo(-5);
        assertThat(header.maxTime()).isEqualTo(99);
        for (int row = 0; row < 130; row++) {
            assertThat(header.fingerprintHigh(row)).isEqualTo(row);
            assertThat(header.fingerprintLow(row)).isEqualTo(-row);
            assertThat(header.datable(row)).isEqualTo(row % 3 == 0);
        }
        assertThat(header.parts()).isEqualTo(2);
        assertThat(header.partRows(0)).isEqualTo(100);
        assertThat(header.partHigh(1)).isEqualTo(3);
        assertThat(header.partLow(1)).isEqualTo(4);
        assertThat(header.partMatches(0)).isTrue();
        assertThat(header.partMatches(1)).isFalse();
        assertThat(header.sources()).isEqualTo(sources);
    }

    @Test
    void readsOnlyItsOwnBytesOfALongerBuffer() throws MalformedBatchException {
        BatchHeader header = small();
        ByteBuffer longer = ByteBuffer.allocate(header.encodedBytes() + 40);
        longer.position(8);
        longer.put(header.encoded()).position(8);

        assertThat(BatchHeader.decode(longer).encodedBytes()).isEqualTo(header.encodedBytes());
    }

    @Test
    void refusesAnUnknownVersion() {
        ByteBuffer bytes = copyOf(small()).put(0, (byte) 2);

        assertThatThrownBy(() -> BatchHeader.decode(bytes))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("version 2");
    }

    @Test
    void refusesAnUnknownVersionOfTheSchema() {
        ByteBuffer bytes = copyOf(small()).put(2, (byte) 2);

        assertThatThrownBy(() -> BatchHeader.decode(bytes))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessage("batch header of logs has schema version 2, known is 1");
    }

    @Test
    void refusesPartsThatDoNotHoldAllRows() {
        BatchHeader.Writer writer =
                new BatchHeader.Writer(Signal.LOGS, TenantId.DEFAULT, 2, 1, List.of()).row(1, 1, true).row(2, 2, true);

        assertThatThrownBy(() -> writer.part(1, 1, 1, true).finish()).hasMessageContaining("wrote a header");
    }

    @Test
    void anyCutOrChangedByteIsReadOrRefusedButNeverCrashes() {
        Random random = new Random(42);
        for (int round = 0; round < 20_000; round++) {
            ByteBuffer bytes = copyOf(small());
            bytes.put(random.nextInt(bytes.limit()), (byte) random.nextInt());
            bytes.limit(random.nextInt(bytes.limit() + 1));
            try {
                BatchHeader header = BatchHeader.decode(bytes);
                int rows = 0;
                for (int part = 0; part < header.parts(); part++) {
                    rows += header.partRows(part);
                }
                assertThat(rows).isEqualTo(header.rows());
            } catch (MalformedBatchException expected) {
                assertThat(expected).hasMessageContaining("batch header");
            }
        }
    }

    private static BatchHeader small() {
        return new BatchHeader.Writer(
                        Signal.LOGS, TenantId.DEFAULT, 2, 1, List.of(new SourceRange("topic", 1, 2, 3)))
                .row(1, 1, true)
                .row(2, 2, false)
                .part(9, 9, 2, true)
                .finish();
    }

    private static ByteBuffer copyOf(BatchHeader header) {
        return ByteBuffer.allocate(header.encodedBytes())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(header.encoded())
                .flip();
    }
}
