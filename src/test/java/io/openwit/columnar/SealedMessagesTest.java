package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SealedMessagesTest {
    @ParameterizedTest
    @EnumSource
    void everyDictionaryOfTheSchemaComesOnceAndThenTheRows(Signal signal) throws Exception {
        ByteBuffer rows = RandomRows.of(signal, 20, 1).seal(new Sealer()).rows();

        int id = 0;
        int bytes = 0;
        int records = 0;
        for (SealedMessages.Message message : SealedMessages.of(rows)) {
            bytes += message.encapsulated().remaining();
            assertThat(message.metadata().remaining() % 8).isZero();
            assertThat(message.body().remaining() % 8).isZero();
            assertThat(8 + message.metadata().remaining() + message.body().remaining())
                    .isEqualTo(message.encapsulated().remaining());
            switch (message.kind()) {
                case DICTIONARY -> assertThat(message.dictionaryId()).isEqualTo(id++);
                case RECORD -> {
                    records++;
                    assertThat(message.rows()).isEqualTo(20);
                }
            }
        }
        assertThat(bytes).isEqualTo(rows.remaining());
        assertThat(records).isEqualTo(1);
        assertThat(id).isEqualTo(Columns.of(signal).dictionaryCount());
    }

    @Test
    void bytesThatAreNotSealedRowsAreMalformed() {
        byte[] rows = RandomRows.of(Signal.LOGS, 20, 1).seal(new Sealer()).rows().array();

        assertThatThrownBy(() -> SealedMessages.of(ByteBuffer.allocate(0))).isInstanceOf(MalformedBatchException.class);
        assertThatThrownBy(() -> SealedMessages.of(ByteBuffer.wrap(Schemas.schemaMessage(Signal.LOGS))))
                .isInstanceOf(MalformedBatchException.class);
        for (int length = 1; length < rows.length; length += 37) {
            ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(rows, length));
            assertThatThrownBy(() -> SealedMessages.of(cut)).isInstanceOf(MalformedBatchException.class);
        }
        byte[] twice = Arrays.copyOf(rows, rows.length * 2);
        System.arraycopy(rows, 0, twice, rows.length, rows.length);
        assertThatThrownBy(() -> SealedMessages.of(ByteBuffer.wrap(twice)))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("behind the record batch");
    }

    @Test
    void batchesBehindOneSchemaMessageAreAStreamWhoseDictionariesAreReplaced() throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.writeBytes(Schemas.schemaMessage(Signal.METRICS));
        for (int batch = 0; batch < 5; batch++) {
            stream.writeBytes(
                    RandomRows.of(Signal.METRICS, 10 + batch, batch).seal(new Sealer()).rows().array());
        }
        stream.writeBytes(new byte[] {-1, -1, -1, -1, 0, 0, 0, 0});

        try (BufferAllocator allocator = new RootAllocator();
                ArrowStreamReader reader =
                        new ArrowStreamReader(new ByteArrayInputStream(stream.toByteArray()), allocator)) {
            assertThat(Schemas.signalOf(reader.getVectorSchemaRoot().getSchema())).isEqualTo(Signal.METRICS);
            for (int batch = 0; batch < 5; batch++) {
                assertThat(reader.loadNextBatch()).isTrue();
                assertThat(reader.getVectorSchemaRoot().getRowCount()).isEqualTo(10 + batch);
                List<Map<String, Object>> expected = OpenedRows.of(
                        Signal.METRICS,
                        RandomRows.of(Signal.METRICS, 10 + batch, batch).seal(new Sealer()).rows());
                assertThat(OpenedRows.loaded(Signal.METRICS, reader))
                        .isEqualTo(expected);
            }
            assertThat(reader.loadNextBatch()).isFalse();
        }
    }

    @Test
    void aSchemaOfAnotherVersionIsRefusedByName() {
        Schema later = new Schema(List.of(), Map.of(Schemas.VERSION_KEY, "logs.v9"));

        assertThatThrownBy(() -> Schemas.signalOf(later))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("logs.v9");
        assertThatThrownBy(() -> Schemas.signalOf(new Schema(List.of())))
                .isInstanceOf(MalformedBatchException.class)
                .hasMessageContaining("openwit.schema");
    }

    @ParameterizedTest
    @EnumSource
    void everySchemaBeginsWithTheTenant(Signal signal) {
        assertThat(Schemas.of(signal).getFields().getFirst().getName()).isEqualTo("tenant");
        assertThat(Schemas.of(signal).getCustomMetadata()).containsEntry("openwit.schema", signal.label() + ".v1");
    }
}
