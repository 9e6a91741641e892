package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ColumnsTest {
    private static final long SEED = 7;

    private static byte[] sealed(Columns columns) {
        return columns.seal(new Sealer()).rows().array();
    }

    @ParameterizedTest
    @EnumSource
    void anAbandonedPartIsAsIfItHadNeverBeen(Signal signal) {
        Columns columns = RandomRows.of(signal, 300, SEED);
        columns.beginPart(1, 2, true);
        RandomRows.appendRows(columns, 3000, SEED + 1);
        RandomRows.fillOne(columns, SEED + 2);
        columns.abandonPart();

        Columns alone = RandomRows.of(signal, 300, SEED);
        assertThat(columns.rows()).isEqualTo(300);
        assertThat(columns.sourceBytes()).isEqualTo(3000);
        assertThat(sealed(columns)).isEqualTo(sealed(alone));

        RandomRows.append(columns, 100, SEED + 3);
        RandomRows.append(alone, 100, SEED + 3);
        Batch batch = columns.seal(new Sealer());
        assertThat(batch.rows()).isEqualTo(alone.seal(new Sealer()).rows());
        assertThat(batch.header().encoded()).isEqualTo(alone.seal(new Sealer()).header().encoded());
        assertThat(batch.header().parts()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void anAbandonedRowIsAsIfItHadNeverBeen(Signal signal) {
        Columns columns = Columns.of(signal);
        Columns alone = Columns.of(signal);
        columns.beginPart(0, 0, false);
        alone.beginPart(0, 0, false);
        for (int row = 0; row < 200; row++) {
            RandomRows.fillOne(columns, SEED * 1000 + row);
            columns.abandonRow();
            RandomRows.appendRows(columns, 1, row);
            RandomRows.appendRows(alone, 1, row);
        }
        columns.endPart();
        alone.endPart();

        assertThat(sealed(columns)).isEqualTo(sealed(alone));
    }

    /// Rows of several requests share a batch: one whose rows are all rejected must not harm the others'.
    @ParameterizedTest
    @EnumSource
    void partsOfNothingButAbandonedRowsAreAsIfTheyHadNeverBeen(Signal signal) {
        Columns columns = Columns.of(signal);
        Columns alone = Columns.of(signal);
        for (int part = 0; part < 4; part++) {
            columns.beginPart(0, 0, false);
            RandomRows.fillOne(columns, SEED * 1000 + part);
            columns.abandonRow();
            columns.endPart();

            columns.beginPart(0, 0, false);
            RandomRows.fillOne(columns, SEED * 2000 + part);
            columns.abandonRow();
            RandomRows.appendRows(columns, 2, SEED * 3000 + part);
            columns.abandonPart();

            RandomRows.append(columns, 3, part);
            RandomRows.append(alone, 3, part);

            columns.beginPart(0, 0, false);
            RandomRows.fillOne(columns, SEED * 4000 + part);
            columns.abandonRow();
            columns.abandonPart();
        }

        assertThat(sealed(columns)).isEqualTo(sealed(alone));
    }

    @ParameterizedTest
    @EnumSource
    void columnsAreReusedWithoutATrace(Signal signal) throws Exception {
        Columns columns = RandomRows.of(signal, 500, SEED);
        sealed(columns);
        columns.reset(new TenantId("t1"));
        RandomRows.append(columns, 50, SEED + 1);

        Columns fresh = RandomRows.of(signal, 50, SEED + 1);
        assertThat(sealed(columns)).isEqualTo(sealed(fresh));
        assertThat(OpenedRows.of(signal, columns.seal(new Sealer()).rows()))
                .hasSize(50)
                .allSatisfy(row -> assertThat(row).containsEntry("tenant", "t1"));
    }

    @Test
    void rowsAreTheSameInEveryCodec() throws Exception {
        Columns columns = RandomRows.of(Signal.LOGS, 5000, SEED);

        List<Map<String, Object>> lz4 = OpenedRows.of(Signal.LOGS, columns.seal(new Sealer()).rows());
        assertThat(lz4).hasSize(5000);
        assertThat(OpenedRows.of(
                        Signal.LOGS, columns.seal(new Sealer(Sealer.Codec.ZSTD)).rows()))
                .isEqualTo(lz4);
        assertThat(OpenedRows.of(
                        Signal.LOGS, columns.seal(new Sealer(Sealer.Codec.NONE)).rows()))
                .isEqualTo(lz4);
    }

    @Test
    void aRowThatMissesAColumnIsNoticedBeforeItIsSealed() {
        LogColumns columns = (LogColumns) Columns.of(Signal.LOGS);
        columns.beginPart(0, 0, false);
        RandomRows.fillOne(columns, SEED);
        columns.severity.append(1);
        columns.endRow(1, 2, true, 3, 4, 0);

        assertThatThrownBy(columns::endPart)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("severity");
    }

    @Test
    void repeatsOfARowAreCountedWithinAPartAlone() {
        Columns columns = Columns.of(Signal.LOGS);
        for (int part = 0; part < 2; part++) {
            columns.beginPart(0, 0, false);
            for (int row = 0; row < 1000; row++) {
                RandomRows.fillOne(columns, SEED);
                columns.endRow(row % 2, 5, true, 1, 1, 0);
            }
            columns.endPart();
        }
        Batch batch = columns.seal(new Sealer());

        assertThat(IntStream.range(0, 1000)
                        .mapToObj(row -> batch.header().fingerprintHigh(row) + "," + batch.header().fingerprintLow(row)))
                .doesNotHaveDuplicates();
        assertThat(batch.header().fingerprintHigh(0)).isZero();
        assertThat(batch.header().fingerprintHigh(1)).isEqualTo(1);
        for (int row = 0; row < 1000; row++) {
            assertThat(batch.header().fingerprintHigh(row + 1000)).isEqualTo(batch.header().fingerprintHigh(row));
        }
        assertThat(batch.header().partLow(0)).isEqualTo(batch.header().partLow(1));
    }

    @Test
    void aDictionaryKeepsItsTextsThroughGrowthAndForgetsTheLastOnes() {
        Dictionary dictionary = new Dictionary(new RowJournal());
        for (int i = 0; i < 1000; i++) {
            assertThat(index(dictionary, "text" + i)).isEqualTo(i);
        }
        dictionary.mark();
        for (int i = 1000; i < 9000; i++) {
            index(dictionary, "text" + i);
        }
        dictionary.backToMark();

        assertThat(dictionary.size()).isEqualTo(1000);
        for (int i = 0; i < 1000; i++) {
            assertThat(index(dictionary, "text" + i)).isEqualTo(i);
        }
        assertThat(index(dictionary, "text5000")).isEqualTo(1000);
    }

    @Test
    void textsThatDifferInTheirLastBytesAloneDoNotCrowdTheTable() {
        Dictionary dictionary = new Dictionary(new RowJournal());
        int[] first = new int[3000];
        for (int i = 0; i < first.length; i++) {
            first[i] = index(dictionary, "a text of some length, number " + i);
        }
        for (int i = 0; i < first.length; i++) {
            assertThat(index(dictionary, "a text of some length, number " + i)).isEqualTo(first[i]);
        }
        // At half load a good hash leaves no text without a slot.
        assertThat(dictionary.size()).isEqualTo(first.length);
    }

    private static int index(Dictionary dictionary, String text) {
        byte[] bytes = RandomRows.slack(text);
        return dictionary.index(bytes, 0, bytes.length - Bytes.SLACK);
    }
}
