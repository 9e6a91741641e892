package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.Batch;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SealedRowsTest {
    @Test
    void rowsOfAnotherSignalAreRefused() {
        ByteBuffer rows = RandomRows.of(Signal.LOGS, 20, 7).seal(new Sealer()).rows();
        BufferAllocator allocator = new RootAllocator();

        assertThatThrownBy(() -> SealedRows.open(Signal.METRICS, rows, allocator))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("a batch of metrics cannot be opened");
    }

    @Test
    void moreThanTheLimitIsRefused() {
        Batch batch = RandomRows.of(Signal.LOGS, 2000, 7).seal(new Sealer());

        assertThatThrownBy(() -> SealedRows.open(batch, 4096)).isInstanceOf(MalformedBatchException.class);
    }

    /// What is changed in an uncompressed batch reaches offsets and dictionary numbers: no value may lie outside.
    @ParameterizedTest
    @EnumSource
    void changedBytesAreReadOrRefusedButNeverCrash(Signal signal) {
        Batch batch = RandomRows.of(signal, 20, 7).seal(new Sealer(Sealer.Codec.NONE));
        ByteBuffer rows = batch.rows();
        Random random = new Random(42);
        int opened = 0;
        for (int round = 0; round < 500; round++) {
            ByteBuffer changed = ByteBuffer.allocate(rows.remaining()).put(rows.duplicate()).flip();
            for (int i = 0; i < 3; i++) {
                changed.put(random.nextInt(changed.limit()), (byte) random.nextInt());
            }
            try {
                SealedRows found = SealedRows.open(new Batch(batch.header(), changed), 1 << 24);
                touch(found.column("resource"));
                touch(found.column("attributes"));
                opened++;
            } catch (MalformedBatchException expected) {
                assertThat(expected).hasMessageMatching(".*(message|batch).*");
            }
        }
        assertThat(opened).isPositive();
    }

    private static void touch(OpenedColumn map) {
        for (int row = 0; row < map.count(); row++) {
            for (int at = map.first(row); at < map.end(row); at++) {
                if (!map.keys().isNull(at)) {
                    assertThat(map.keys().from(at) + map.keys().length(at))
                            .isLessThanOrEqualTo(map.keys().bytes().length);
                }
            }
        }
    }
}
