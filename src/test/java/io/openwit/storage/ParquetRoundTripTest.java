package io.openwit.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.openwit.columnar.SealedRows;
import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.otlp.ByteSink;
import io.openwit.otlp.CanonicalOtlp;
import io.openwit.otlp.DrawnOtlp;
import io.openwit.otlp.OtlpWriter;
import io.openwit.otlp.Reading;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a storage node has made Parquet of comes back as the OTLP that it was: all rows of random requests, each equal to
/// its canonical form, in their order.
class ParquetRoundTripTest {
    private static final int BATCHES = 4;
    private static final int REQUESTS_PER_BATCH = 300;

    @TempDir
    Path dir;

    private final List<Message> expected = new ArrayList<>();

    @ParameterizedTest
    @EnumSource
    void rowsComeBackFromParquetAsTheyCame(Signal signal) throws Exception {
        long seed = System.nanoTime();
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir));
                RawPut put = storage.put().schema(signal)) {
            for (int i = 0; i < BATCHES; i++) {
                Batch batch = drawn(signal, seed + i);
                put.batch(metadata(signal, i, batch.header().rows()), batch.rows());
            }
            assertThat(put.finish().isOk()).isTrue();
            storage.convertAll();

            List<Message> found = fromParquet(signal);

            assertThat(found).as("rows, seed " + seed).hasSameSizeAs(expected);
            for (int row = 0; row < found.size(); row++) {
                assertThat(found.get(row)).as("row " + row + ", seed " + seed).isEqualTo(expected.get(row));
            }
        }
    }

    private Batch drawn(Signal signal, long seed) throws Exception {
        DrawnOtlp draw = new DrawnOtlp(new SplittableRandom(seed));
        Reading reading = new Reading(signal);
        for (int i = 0; i < REQUESTS_PER_BATCH; i++) {
            Message request = draw.draw(signal);
            reading.read(request);
            expected.addAll(CanonicalOtlp.rows(signal, request));
        }
        return reading.seal();
    }

    private static String metadata(Signal signal, int sequence, int rows) {
        return "{\"batch_id\":\"" + StorageNodeTest.id(sequence) + "\",\"tenant\":\"acme\",\"signal\":\""
                + signal.label() + "\",\"rows\":" + rows + "}";
    }

    /// The rows of all Parquet files, batch by batch: files are chosen by the day, and need not lie in that order.
    private List<Message> fromParquet(Signal signal) throws Exception {
        try (Stream<Path> all = Files.walk(dir)) {
            assertThat(all.filter(file -> file.toString().endsWith(".parquet"))).isNotEmpty();
        }
        List<Message> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement();
                BufferAllocator allocator = new RootAllocator()) {
            for (int i = 0; i < BATCHES; i++) {
                String sql = "select * from read_parquet('" + dir + "/**/*.parquet', hive_partitioning = false)"
                        + " where batch_id = '" + StorageNodeTest.id(i) + "'";
                try (DuckDBResultSet result = (DuckDBResultSet) statement.executeQuery(sql);
                        ArrowReader reader = (ArrowReader) result.arrowExportStream(allocator, 1000)) {
                    while (reader.loadNextBatch()) {
                        rows.addAll(toOtlp(signal, SealedRows.loaded(signal, reader)));
                    }
                }
            }
        }
        return rows;
    }

    private static List<Message> toOtlp(Signal signal, SealedRows rows) throws Exception {
        ByteSink out = new ByteSink(1 << 26);
        new OtlpWriter(rows).write(out);
        return CanonicalOtlp.split(
                signal, DrawnOtlp.request(signal).mergeFrom(out.array(), 0, out.length()).build());
    }
}
