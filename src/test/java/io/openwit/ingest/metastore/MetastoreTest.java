package io.openwit.ingest.metastore;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.ingest.handoff.FollowedLog;
import io.openwit.ingest.handoff.TestBatches;
import io.openwit.ingest.handoff.TestClocks;
import io.openwit.ingest.metastore.BatchInfo.State;
import io.openwit.ingest.wal.Follower;
import io.openwit.model.BatchId;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetastoreTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    static Path postgresDir;

    @TempDir
    Path dir;

    private static EmbeddedPostgresServer postgres;

    private final TestClocks clocks = new TestClocks(NOON.getEpochSecond() * 1_000_000_000L);
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private final AtomicLong stored = new AtomicLong();
    private FollowedLog log;
    private Follower follower;
    private MetadataDatabase database;
    private Metastore metastore;

    @BeforeAll
    static void startPostgres() throws IOException {
        postgres = EmbeddedPostgresServer.start(postgresDir, EmbeddedPostgresServerTest.BINARIES, new SecureRandom());
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        postgres.close();
    }

    @BeforeEach
    void open() throws Exception {
        sql("drop schema public cascade", "create schema public");
        log = new FollowedLog(dir, clocks);
        follower = log.follower("metastore", false);
        stored.set(follower.durable().bytes());
        connect(postgres.connectionString());
    }

    private void connect(String connectionString) throws Exception {
        database = new MetadataDatabase(connectionString, 4);
        metastore = new Metastore(
                database,
                follower,
                new NodeStart(FollowedLog.NODE, log.epoch(), log.incarnation(), true),
                List.of(new WatchedPosition(WatchedPosition.STORED, stored::get)),
                clocks,
                new Random(1),
                telemetry);
    }

    @AfterEach
    void close() throws Exception {
        database.close();
        log.close();
    }

    @Test
    void everyBatchGetsARowAndThePositionFollows() throws Exception {
        BatchId first = log.append(TestBatches.logs(ACME, "a", "b"));
        BatchId second = log.append(TestBatches.logs(ACME, "b", "c", "d"));

        metastore.step();

        BatchInfo info = database.find(second).orElseThrow();
        assertThat(info.rows()).isEqualTo(3);
        assertThat(info.duplicates()).isEqualTo(1);
        assertThat(info.arrival()).isBetween(NOON, NOON.plusSeconds(1));
        assertThat(database.find(first)).isPresent();
        assertThat(follower.lagBytes()).isZero();
    }

    @Test
    void aBatchIsStoredFromTheSecondInWhichTheHandoffPassedIt() throws Exception {
        BatchId id = log.append(TestBatches.logs(ACME, "a"));
        metastore.step();
        assertThat(database.find(id).orElseThrow().state()).isEqualTo(State.WAL_WRITTEN);

        stored.set(database.find(id).orElseThrow().endPosition());
        clocks.advanceMillis(3_000);
        metastore.step();

        BatchInfo info = database.find(id).orElseThrow();
        assertThat(info.state()).isEqualTo(State.STORED);
        assertThat(info.times()).containsEntry(State.STORED, NOON.plusSeconds(3));
    }

    @Test
    void whilePostgresIsAwayAnAlarmStandsAndNothingIsLost() throws Exception {
        database.close();
        int port = freePort();
        connect(postgres.connectionString().replace(":" + postgres.port() + "/", ":" + port + "/"));
        BatchId id = log.append(TestBatches.logs(ACME, "a"));
        long before = follower.durable().bytes();

        assertThat(metastore.step()).isFalse();
        assertThat(telemetry.alarms().standing()).containsKey("postgres-unreachable");
        assertThat(telemetry.alarms().standing().get("postgres-unreachable"))
                .contains("127.0.0.1:" + port)
                .doesNotContain(postgres.connectionString().split("[:@]")[2]);
        assertThat(follower.durable().bytes()).isEqualTo(before);

        database.close();
        connect(postgres.connectionString());
        metastore.step();
        assertThat(database.find(id)).isPresent();
    }

    @Test
    void aFailureInTheMiddleIsRetriedAndTheAlarmEnds() throws Exception {
        BatchId first = log.append(TestBatches.logs(ACME, "a"));
        metastore.step();
        sql("alter table openwit_batches rename to openwit_batches_away");
        BatchId second = log.append(TestBatches.logs(ACME, "b"));

        metastore.step();
        assertThat(telemetry.alarms().standing()).containsKey("postgres-unreachable");
        assertThat(metastore.step()).as("backs off").isFalse();

        sql("alter table openwit_batches_away rename to openwit_batches");
        clocks.advanceMillis(5_000);
        metastore.step();
        assertThat(telemetry.alarms().standing()).isEmpty();
        assertThat(database.find(first)).isPresent();
        assertThat(database.find(second)).isPresent();
        assertThat(follower.lagBytes()).isZero();
    }

    @Test
    void whatARestoredPostgresHasForgottenComesAgainFromTheLog() throws Exception {
        BatchId id = log.append(TestBatches.logs(ACME, "a"));
        metastore.step();
        clocks.advanceMillis(2_000);
        metastore.step();
        database.close();
        sql("drop schema public cascade", "create schema public");

        connect(postgres.connectionString());
        metastore.step();

        assertThat(database.find(id)).isPresent();
    }

    /// A port on which nobody listens.
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void sql(String... statements) throws Exception {
        PostgresAddress address = PostgresAddress.parse(postgres.connectionString());
        try (Connection connection = DriverManager.getConnection(address.url(), address.user(), address.password());
                Statement statement = connection.createStatement()) {
            for (String text : statements) {
                statement.execute(text);
            }
        }
    }
}
