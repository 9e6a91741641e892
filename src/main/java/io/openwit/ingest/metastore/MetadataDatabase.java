package io.openwit.ingest.metastore;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.openwit.ingest.metastore.BatchInfo.Failure;
import io.openwit.ingest.metastore.BatchInfo.State;
import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.TreeMap;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jspecify.annotations.Nullable;

/// The tables of OpenWit in one Postgres: the metadata truth. Thread-safe.
///
/// Making one calls nobody. Every call waits at most [#CONNECT_SECONDS] for a connection and [#ANSWER_SECONDS] for an
/// answer, and says with an [IOException] that Postgres is not there; whether to try again is the caller's matter.
///
/// A node's log counts its positions from 0; a node that gets a new directory begins a new log. Rows therefore carry
/// the *log epoch*: the epoch in which the node's log began.
public final class MetadataDatabase implements AutoCloseable {
    public static final int CONNECT_SECONDS = 5;
    public static final int ANSWER_SECONDS = 30;

    private static final String SCHEMA_HISTORY = "openwit_schema_history";
    private static final int DAYS_OF_HISTORY = 8;

    private final PostgresAddress address;
    private final HikariDataSource pool;
    private volatile boolean prepared;

    /// @param connectionString `postgresql://user:password@host:port/db?option=value` or JDBC's form
    /// @param maxConnections at most this many at once, from 1
    /// @throws MetastoreConfigException the string is malformed
    public MetadataDatabase(String connectionString, int maxConnections) throws MetastoreConfigException {
        address = PostgresAddress.parse(connectionString);
        HikariConfig config = new HikariConfig();
        config.setPoolName("metastore");
        config.setJdbcUrl(address.url());
        config.setDataSourceProperties(properties());
        config.setMaximumPoolSize(maxConnections);
        config.setMinimumIdle(0);
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(CONNECT_SECONDS * 1000L);
        config.setValidationTimeout(CONNECT_SECONDS * 500L);
        pool = new HikariDataSource(config);
    }

    private Properties properties() {
        Properties properties = new Properties();
        String user = address.user();
        String password = address.password();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        properties.setProperty("ApplicationName", "openwit");
        properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("loginTimeout", Integer.toString(CONNECT_SECONDS));
        properties.setProperty("socketTimeout", Integer.toString(ANSWER_SECONDS));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("reWriteBatchedInserts", "true");
        return properties;
    }

    /// Host, port and database, as messages may say them.
    public String shown() {
        return address.shown();
    }

    /// Whether [#prepare] has succeeded.
    public boolean prepared() {
        return prepared;
    }

    /// Connects once and brings the tables to the version that this program knows. It may be called again.
    ///
    /// @throws MetastoreConfigException credentials or database are refused, or the tables are newer than this program
    /// @throws IOException Postgres cannot be reached, or failed
    public synchronized void prepare() throws MetastoreConfigException, IOException {
        if (prepared) {
            return;
        }
        // Not through the pool, which would hide why a connection is refused behind a time-out.
        try (Connection first = DriverManager.getConnection(address.url(), properties())) {
            if (!first.isValid(CONNECT_SECONDS)) {
                throw new SQLException("it connects and does not answer");
            }
        } catch (SQLException e) {
            String state = e.getSQLState() == null ? "" : e.getSQLState();
            if (state.startsWith("28") || state.equals("3D000")) {
                throw new MetastoreConfigException(
                        "metastore.postgres.connection_string: Postgres at " + shown() + " refuses us: " + oneLine(e));
            }
            throw unreachable(e);
        }
        try {
            migrate();
        } catch (FlywayException e) {
            throw new IOException("Postgres at " + shown() + ": the tables cannot be made: " + oneLine(e), e);
        }
        prepared = true;
    }

    private void migrate() throws MetastoreConfigException {
        Flyway flyway = Flyway.configure(MetadataDatabase.class.getClassLoader())
                .dataSource(pool)
                .locations("classpath:db/migration")
                .table(SCHEMA_HISTORY)
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .load();
        MigrationInfo newest = null;
        for (MigrationInfo applied : flyway.info().applied()) {
            if (applied.getState() == MigrationState.FUTURE_SUCCESS) {
                newest = applied;
            }
        }
        if (newest != null) {
            throw new MetastoreConfigException("Postgres at " + shown() + " holds tables of version "
                    + newest.getVersion() + ", made by a newer OpenWit, which this one does not know: start that one");
        }
        flyway.migrate();
    }

    /// The epoch of the node's last start that Postgres knows; empty where it knows none.
    ///
    /// @throws IOException Postgres cannot be reached, or failed
    public OptionalLong lastEpoch(NodeId node) throws IOException {
        try (Connection connection = pool.getConnection();
                PreparedStatement select =
                        connection.prepareStatement("select max(epoch) from openwit_nodes where node = ?")) {
            select.setString(1, node.value());
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                long epoch = rows.getLong(1);
                return rows.wasNull() ? OptionalLong.empty() : OptionalLong.of(epoch);
            }
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    /// Writes down that a node has started; it may be said again.
    ///
    /// @param atNanos the wall's time
    /// @return the log epoch: the epoch in which the node's present log began
    /// @throws IOException Postgres cannot be reached, or failed
    public long recordStart(NodeStart start, long atNanos) throws IOException {
        String insert = """
                insert into openwit_nodes (node, epoch, incarnation, log_epoch, started_at)
                values (?, ?, ?, case when ? then ? else coalesce(
                    (select log_epoch from openwit_nodes where node = ? and epoch < ? order by epoch desc limit 1),
                    ?) end, ?)
                on conflict (node, epoch) do update set incarnation = excluded.incarnation
                returning log_epoch""";
        try (Connection connection = pool.getConnection();
                PreparedStatement statement = connection.prepareStatement(insert)) {
            statement.setString(1, start.node().value());
            statement.setLong(2, start.epoch());
            statement.setString(3, String.format("%08x", start.incarnation()));
            statement.setBoolean(4, start.freshLog());
            statement.setLong(5, start.epoch());
            statement.setString(6, start.node().value());
            statement.setLong(7, start.epoch());
            statement.setLong(8, start.epoch());
            statement.setObject(9, time(atNanos));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    /// Where the batch is; empty where Postgres does not know it (yet).
    ///
    /// @throws IOException Postgres cannot be reached, or failed
    public Optional<BatchInfo> find(BatchId id) throws IOException {
        try (Connection connection = pool.getConnection()) {
            try (PreparedStatement select = connection.prepareStatement("select * from openwit_batches where id = ?")) {
                select.setString(1, id.toString());
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? Optional.of(info(id, row, connection)) : Optional.empty();
                }
            }
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    private static BatchInfo info(BatchId id, ResultSet row, Connection connection) throws SQLException {
        long logEpoch = row.getLong("log_epoch");
        long end = row.getLong("end_position");
        Instant arrival = row.getObject("arrival", OffsetDateTime.class).toInstant();
        Map<State, Instant> times = new EnumMap<>(State.class);
        times.put(State.WAL_WRITTEN, arrival);
        State state = State.WAL_WRITTEN;
        if (passed(connection, id.node(), WatchedPosition.HANDED_OFF, logEpoch, end)) {
            state = State.HANDED_OFF;
            passedAt(connection, id.node(), WatchedPosition.HANDED_OFF, logEpoch, end)
                    .ifPresent(at -> times.put(State.HANDED_OFF, at));
        }
        if (passed(connection, id.node(), WatchedPosition.STORED, logEpoch, end)) {
            state = State.STORED;
            passedAt(connection, id.node(), WatchedPosition.STORED, logEpoch, end)
                    .ifPresent(at -> times.put(State.STORED, at));
        }
        Optional<Failure> failure = failure(connection, id);
        if (failure.isPresent()) {
            state = State.FAILED;
            times.put(State.FAILED, failure.get().at());
        }
        return new BatchInfo(
                id,
                new TenantId(row.getString("tenant")),
                Signal.ofLabel(row.getString("signal")),
                row.getInt("rows"),
                row.getInt("duplicates"),
                row.getLong("bytes"),
                row.getLong("segment"),
                row.getLong("segment_offset"),
                row.getLong("position"),
                end,
                Optional.ofNullable(row.getObject("min_time", Long.class)),
                Optional.ofNullable(row.getObject("max_time", Long.class)),
                SourcesJson.parse(row.getString("sources")),
                arrival,
                state,
                Map.copyOf(times),
                passedAt(connection, id.node(), WatchedPosition.ARCHIVED, logEpoch, end),
                failure);
    }

    private static boolean passed(Connection connection, NodeId node, String follower, long logEpoch, long end)
            throws SQLException {
        // A log that has been replaced will not move any more: what it had not passed then, it never will.
        String sql = """
                select 1 from openwit_follower_positions
                where node = ? and follower = ? and log_epoch = ? and position >= ?
                union all
                select 1 from openwit_follower_history
                where node = ? and follower = ? and log_epoch = ? and position >= ? limit 1""";
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            for (int at = 0; at < 8; at += 4) {
                select.setString(at + 1, node.value());
                select.setString(at + 2, follower);
                select.setLong(at + 3, logEpoch);
                select.setLong(at + 4, end);
            }
            try (ResultSet rows = select.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static Optional<Instant> passedAt(
            Connection connection, NodeId node, String follower, long logEpoch, long end) throws SQLException {
        String sql = """
                select at from openwit_follower_history
                where node = ? and follower = ? and log_epoch = ? and position >= ? order by position limit 1""";
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setString(1, node.value());
            select.setString(2, follower);
            select.setLong(3, logEpoch);
            select.setLong(4, end);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(rows.getObject(1, OffsetDateTime.class).toInstant())
                        : Optional.empty();
            }
        }
    }

    private static Optional<Failure> failure(Connection connection, BatchId id) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("select stage, message, at from openwit_batch_failures where id = ?")) {
            select.setString(1, id.toString());
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Failure(
                                rows.getString(1),
                                rows.getString(2),
                                rows.getObject(3, OffsetDateTime.class).toInstant()))
                        : Optional.empty();
            }
        }
    }

    /// How far the follower of this log was when Postgres last heard of it, in bytes since the log began.
    OptionalLong position(NodeId node, String follower, long logEpoch) throws IOException {
        try (Connection connection = pool.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        select position from openwit_follower_positions
                        where node = ? and follower = ? and log_epoch = ?""")) {
            select.setString(1, node.value());
            select.setString(2, follower);
            select.setLong(3, logEpoch);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty();
            }
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    /// Writes batches and positions in one transaction: all of it or nothing. Batches that stand there are left.
    void write(NodeId node, long logEpoch, List<BatchRow> batches, List<PositionSample> samples) throws IOException {
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                insertBatches(connection, node, logEpoch, batches);
                insertSamples(connection, node, logEpoch, samples);
                connection.commit();
            } catch (SQLException e) {
                rollback(connection, e);
                throw e;
            }
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    private static void insertBatches(Connection connection, NodeId node, long logEpoch, List<BatchRow> batches)
            throws SQLException {
        if (batches.isEmpty()) {
            return;
        }
        String sql = """
                insert into openwit_batches (id, day, node, incarnation, epoch, sequence, log_epoch, tenant, signal,
                segment, segment_offset, position, end_position, rows, duplicates, bytes, min_time, max_time, sources,
                arrival)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing""";
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (BatchRow batch : batches) {
                OffsetDateTime arrival = time(batch.arrivalNanos());
                insert.setString(1, batch.id().toString());
                insert.setObject(2, LocalDate.from(arrival));
                insert.setString(3, node.value());
                insert.setString(4, String.format("%08x", batch.id().incarnation()));
                insert.setLong(5, batch.id().epoch());
                insert.setLong(6, batch.id().sequence());
                insert.setLong(7, logEpoch);
                insert.setString(8, batch.tenant().value());
                insert.setString(9, batch.signal().label());
                insert.setLong(10, batch.segment());
                insert.setLong(11, batch.segmentOffset());
                insert.setLong(12, batch.position());
                insert.setLong(13, batch.endPosition());
                insert.setInt(14, batch.rows());
                insert.setInt(15, batch.duplicates());
                insert.setLong(16, batch.sourceBytes());
                setNullable(insert, 17, batch.minTimeNanos() == Long.MAX_VALUE ? null : batch.minTimeNanos());
                setNullable(insert, 18, batch.maxTimeNanos() == Long.MIN_VALUE ? null : batch.maxTimeNanos());
                insert.setObject(19, batch.sourcesJson(), Types.OTHER);
                insert.setObject(20, arrival);
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static void insertSamples(
            Connection connection, NodeId node, long logEpoch, List<PositionSample> samples) throws SQLException {
        if (samples.isEmpty()) {
            return;
        }
        // A position reached again, after a start that went back to it, keeps the time of its first.
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into openwit_follower_history (node, follower, log_epoch, position, at)
                values (?, ?, ?, ?, ?) on conflict do nothing""")) {
            for (PositionSample sample : samples) {
                setSample(insert, node, logEpoch, sample);
                insert.addBatch();
            }
            insert.executeBatch();
        }
        try (PreparedStatement upsert = connection.prepareStatement("""
                insert into openwit_follower_positions (node, follower, log_epoch, position, at) values (?, ?, ?, ?, ?)
                on conflict (node, follower) do update
                set log_epoch = excluded.log_epoch, position = excluded.position, at = excluded.at""")) {
            Map<String, PositionSample> latest = new TreeMap<>();
            samples.forEach(sample -> latest.put(sample.follower(), sample));
            for (PositionSample sample : latest.values()) {
                setSample(upsert, node, logEpoch, sample);
                upsert.executeUpdate();
            }
        }
    }

    private static void setSample(PreparedStatement statement, NodeId node, long logEpoch, PositionSample sample)
            throws SQLException {
        statement.setString(1, node.value());
        statement.setString(2, sample.follower());
        statement.setLong(3, logEpoch);
        statement.setLong(4, sample.position());
        statement.setObject(5, time(sample.atNanos()));
    }

    /// Forgets at which second positions were passed, of more than a week ago.
    void dropOldHistory(long nowNanos) throws IOException {
        try (Connection connection = pool.getConnection();
                PreparedStatement delete =
                        connection.prepareStatement("delete from openwit_follower_history where at < ?")) {
            delete.setObject(1, time(nowNanos).minusDays(DAYS_OF_HISTORY));
            delete.executeUpdate();
        } catch (SQLException e) {
            throw unreachable(e);
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    private static void rollback(Connection connection, SQLException because) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    private static void setNullable(PreparedStatement statement, int index, @Nullable Long value) throws SQLException {
        if (value == null) {
            statement.setNull(index, Types.BIGINT);
        } else {
            statement.setLong(index, value);
        }
    }

    private static OffsetDateTime time(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
                .atOffset(ZoneOffset.UTC);
    }

    private IOException unreachable(SQLException e) {
        Throwable cause = e;
        while (cause.getCause() instanceof SQLException deeper) {
            cause = deeper;
        }
        return new IOException("Postgres at " + shown() + ": " + oneLine(cause), e);
    }

    private static String oneLine(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
