package io.openwit.ingest.metastore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.ingest.metastore.BatchInfo.State;
import io.openwit.model.BatchHeader.SourceRange;
import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetadataDatabaseTest {
    private static final NodeId NODE = new NodeId("n1");
    private static final Instant ARRIVAL = Instant.parse("2026-11-24T10:00:00.123456Z");
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    static Path dir;

    private static EmbeddedPostgresServer postgres;

    private MetadataDatabase database;

    @BeforeAll
    static void startPostgres() throws IOException {
        postgres = EmbeddedPostgresServer.start(dir, EmbeddedPostgresServerTest.BINARIES, new SecureRandom());
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        postgres.close();
    }

    @BeforeEach
    void open() throws Exception {
        sql("drop schema public cascade", "create schema public");
        database = new MetadataDatabase(postgres.connectionString(), 4);
        database.prepare();
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aStartIsRememberedAndTheLogKeepsItsFirstEpoch() throws IOException {
        assertThat(database.lastEpoch(NODE)).isEmpty();

        assertThat(database.recordStart(new NodeStart(NODE, 4, 1, true), 0)).isEqualTo(4);
        assertThat(database.recordStart(new NodeStart(NODE, 5, 2, false), 0)).isEqualTo(4);
        assertThat(database.recordStart(new NodeStart(NODE, 5, 2, false), 0)).isEqualTo(4);
        assertThat(database.recordStart(new NodeStart(NODE, 9, 3, true), 0)).isEqualTo(9);

        assertThat(database.lastEpoch(NODE)).hasValue(9);
        assertThat(database.lastEpoch(new NodeId("n2"))).isEmpty();
    }

    @Test
    void aBatchIsFoundAsItWasWrittenAndIsWrittenOnce() throws IOException {
        database.write(NODE, 1, List.of(row(1, 0, 4096)), List.of());
        database.write(NODE, 1, List.of(row(1, 7777, 9999), row(2, 4096, 8192)), List.of());

        BatchInfo info = database.find(id(1)).orElseThrow();
        assertThat(info.tenant()).isEqualTo(new TenantId("acme"));
        assertThat(info.signal()).isEqualTo(Signal.TRACES);
        assertThat(info.rows()).isEqualTo(2000);
        assertThat(info.duplicates()).isEqualTo(3);
        assertThat(info.sourceBytes()).isEqualTo(700_000);
        assertThat(info.segment()).isEqualTo(42);
        assertThat(info.segmentOffset()).isEqualTo(512);
        assertThat(info.position()).isZero();
        assertThat(info.endPosition()).isEqualTo(4096);
        assertThat(info.minTimeNanos()).hasValue(-5L);
        assertThat(info.maxTimeNanos()).isEmpty();
        assertThat(info.sources()).containsExactly(new SourceRange("otlp \"é", 7, 1, Long.MAX_VALUE));
        assertThat(info.arrival()).isEqualTo(ARRIVAL);
        assertThat(info.state()).isEqualTo(State.WAL_WRITTEN);
        assertThat(info.times()).isEqualTo(Map.of(State.WAL_WRITTEN, ARRIVAL));
        assertThat(database.find(id(2))).isPresent();
        assertThat(database.find(id(3))).isEmpty();
    }

    @Test
    void statesAndTheirTimesFollowFromThePositions() throws IOException {
        database.write(
                NODE,
                1,
                List.of(row(1, 0, 4096), row(2, 4096, 8192)),
                List.of(
                        new PositionSample(WatchedPosition.HANDED_OFF, 8192, 20 * SECOND),
                        new PositionSample(WatchedPosition.STORED, 4000, 20 * SECOND),
                        new PositionSample(WatchedPosition.STORED, 4096, 21 * SECOND),
                        new PositionSample(WatchedPosition.STORED, 4100, 22 * SECOND),
                        new PositionSample(WatchedPosition.ARCHIVED, 9000, 23 * SECOND)));

        BatchInfo first = database.find(id(1)).orElseThrow();
        assertThat(first.state()).isEqualTo(State.STORED);
        assertThat(first.times())
                .containsEntry(State.HANDED_OFF, Instant.ofEpochSecond(20))
                .containsEntry(State.STORED, Instant.ofEpochSecond(21));
        assertThat(first.archivedAt()).hasValue(Instant.ofEpochSecond(23));
        BatchInfo second = database.find(id(2)).orElseThrow();
        assertThat(second.state()).isEqualTo(State.HANDED_OFF);
        assertThat(second.times()).doesNotContainKey(State.STORED);
    }

    @Test
    void positionsOfAnotherLogOfTheNodeSayNothingOfABatch() throws IOException {
        database.write(NODE, 1, List.of(row(1, 0, 4096)), List.of());
        database.write(NODE, 5, List.of(), List.of(new PositionSample(WatchedPosition.STORED, 1 << 20, SECOND)));

        assertThat(database.find(id(1)).orElseThrow().state()).isEqualTo(State.WAL_WRITTEN);
        assertThat(database.position(NODE, WatchedPosition.STORED, 5)).hasValue(1 << 20);
        assertThat(database.position(NODE, WatchedPosition.STORED, 1)).isEmpty();
    }

    @Test
    void oldHistoryIsForgottenAndTheStateStays() throws IOException {
        database.write(
                NODE,
                1,
                List.of(row(1, 0, 4096)),
                List.of(new PositionSample(WatchedPosition.STORED, 4096, 100 * SECOND)));

        database.dropOldHistory((100 + 9 * 86_400) * SECOND);

        BatchInfo info = database.find(id(1)).orElseThrow();
        assertThat(info.state()).isEqualTo(State.STORED);
        assertThat(info.times()).doesNotContainKey(State.STORED);
    }

    @Test
    void aFailureOutranksThePositions() throws Exception {
        database.write(NODE, 1, List.of(row(1, 0, 4096)), List.of(new PositionSample("handoff", 4096, SECOND)));
        sql("insert into openwit_batch_failures values ('" + id(1)
                + "', 'transfer', 'no such column', '1970-01-01T00:01:00Z')");

        BatchInfo info = database.find(id(1)).orElseThrow();
        assertThat(info.state()).isEqualTo(State.FAILED);
        assertThat(info.failure())
                .hasValue(new BatchInfo.Failure("transfer", "no such column", Instant.ofEpochSecond(60)));
    }

    @Test
    void thousandsOfBatchesGoInOneTransaction() throws IOException {
        List<BatchRow> rows = new ArrayList<>();
        for (int i = 1; i <= Metastore.BATCHES_PER_TRANSACTION; i++) {
            rows.add(row(i, i * 10L, i * 10L + 10));
        }

        database.write(NODE, 1, rows, List.of());

        assertThat(database.find(id(Metastore.BATCHES_PER_TRANSACTION))).isPresent();
    }

    @Test
    void refusedCredentialsAndMissingDatabasesAreMistakesOfTheConfiguration() throws Exception {
        String good = postgres.connectionString();
        assertRefused(good.replaceFirst("openwit:[0-9a-f]+@", "openwit:hush@"), "password authentication failed");
        assertRefused(good.replaceFirst("/postgres$", "/nosuch"), "nosuch");
    }

    private static void assertRefused(String connectionString, String why) throws Exception {
        try (MetadataDatabase refused = new MetadataDatabase(connectionString, 1)) {
            assertThatThrownBy(refused::prepare)
                    .isInstanceOf(MetastoreConfigException.class)
                    .hasMessageContaining(why)
                    .hasMessageContaining("127.0.0.1:" + postgres.port())
                    .hasMessageNotContaining("hush");
        }
    }

    @Test
    void aServerThatIsNotThereIsNoMistakeOfTheConfiguration() throws Exception {
        try (MetadataDatabase nowhere = new MetadataDatabase("postgresql://u:hush@127.0.0.1:1/d", 1)) {
            assertThatThrownBy(nowhere::prepare)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:1/d")
                    .hasMessageNotContaining("hush");
        }
    }

    @Test
    void tablesOfANewerOpenWitAreRefused() throws Exception {
        sql("insert into openwit_schema_history select 99, '99', 'from the future', type, 'V99__future.sql', 1,"
                + " installed_by, now(), 1, true from openwit_schema_history where version = '1'");

        try (MetadataDatabase older = new MetadataDatabase(postgres.connectionString(), 2)) {
            assertThatThrownBy(older::prepare)
                    .isInstanceOf(MetastoreConfigException.class)
                    .hasMessageContaining("version 99")
                    .hasMessageContaining("a newer OpenWit");
        }
    }

    @Test
    void tablesOfOthersInTheSameSchemaAreLeftAlone() throws Exception {
        sql("drop schema public cascade", "create schema public", "create table theirs (a int)");

        try (MetadataDatabase second = new MetadataDatabase(postgres.connectionString(), 2)) {
            second.prepare();
            assertThat(second.lastEpoch(NODE)).isEmpty();
        }
        sql("select * from theirs");
    }

    private static BatchId id(long sequence) {
        return new BatchId(NODE, 0x5e0f93aa, 1, sequence);
    }

    private static BatchRow row(long sequence, long position, long end) {
        return new BatchRow(
                id(sequence),
                new TenantId("acme"),
                Signal.TRACES,
                42,
                512,
                position,
                end,
                2000,
                3,
                700_000,
                -5,
                Long.MIN_VALUE,
                SourcesJson.write(List.of(new SourceRange("otlp \"é", 7, 1, Long.MAX_VALUE))),
                ARRIVAL.getEpochSecond() * SECOND + ARRIVAL.getNano());
    }

    private static void sql(String... statements) throws SQLException, MetastoreConfigException {
        PostgresAddress address = PostgresAddress.parse(postgres.connectionString());
        try (Connection connection = DriverManager.getConnection(address.url(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            for (String text : statements) {
                statement.execute(text);
            }
        }
    }
}
