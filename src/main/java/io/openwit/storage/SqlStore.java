package io.openwit.storage;

import static io.openwit.storage.QueryFailedException.Reason.BUSY;
import static io.openwit.storage.QueryFailedException.Reason.FAILED;
import static io.openwit.storage.QueryFailedException.Reason.FORBIDDEN;
import static io.openwit.storage.QueryFailedException.Reason.INVALID;
import static io.openwit.storage.QueryFailedException.Reason.TOO_LARGE;

import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.arrow.memory.BufferAllocator;
import org.duckdb.DuckDBConnection;

/// SQL over Parquet files and over what has landed since. Thread-safe.
///
/// Landed rows are copied into the engine when a query first needs them, so that taking batches costs nothing where
/// nobody
/// asks. What a query reads is settled in one moment, under the lock under which a conversion moves rows from the one
/// place
/// to the other: so it sees each row once. Files and tables that a query reads stay until it has ended.
final class SqlStore implements SqlQuery, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(SqlStore.class.getName());
    /// The engine's parser recurses without a limit of its own, and where the stack of a thread ends, the process does:
    /// at 4,000 subqueries in one another, or 10,000 times `describe`. Both limits leave room for a third of that.
    private static final int MAX_SQL_CHARS = 32 << 10;

    /// Opening brackets of a statement, whether they are nested or not.
    private static final int MAX_BRACKETS = 1000;

    private final StorageConfig config;
    private final Path parquet;
    private final Path temporary;
    private final Catalogue catalogue;
    private final Clocks clocks;
    private final BufferAllocator allocator;
    private final Semaphore slots;

    private final ReentrantLock lock = new ReentrantLock();
    private Engine engine;
    private boolean closed;

    SqlStore(
            StorageConfig config,
            Path parquet,
            Path temporary,
            Catalogue catalogue,
            Clocks clocks,
            BufferAllocator allocator)
            throws SQLException, IOException {
        this.config = config;
        this.parquet = parquet;
        this.temporary = temporary;
        this.catalogue = catalogue;
        this.clocks = clocks;
        this.allocator = allocator;
        this.slots = new Semaphore(config.maxQueries());
        this.engine = Engine.open(config, parquet, temporary, allocator);
    }

    @Override
    public void query(String sql, Visible visible, RowSink sink) throws QueryFailedException, IOException {
        if (sql.length() > MAX_SQL_CHARS) {
            throw new QueryFailedException(INVALID, "the statement has more than " + MAX_SQL_CHARS + " characters");
        }
        if (sql.chars().filter(c -> c == '(' || c == '[' || c == '{').count() > MAX_BRACKETS) {
            throw new QueryFailedException(INVALID, "the statement has more than " + MAX_BRACKETS + " brackets");
        }
        long deadline = clocks.monotonicNanos() + config.queryTimeout().toNanos();
        takeSlot();
        Engine current = current();
        try {
            Set<Signal> views = viewsOf(current, sql);
            try (Snapshot snapshot = snapshot(current, views);
                    DuckDBConnection connection = current.connect()) {
                for (Signal signal : views) {
                    Engine.execute(connection, current.viewStatement(signal, snapshot.stored(), visible));
                }
                answer(connection, sql, deadline, sink);
            }
        } catch (SQLException e) {
            replaceIfLost(current, e);
            throw failed(e, deadline);
        } finally {
            slots.release();
        }
    }

    private void takeSlot() throws QueryFailedException {
        try {
            if (slots.tryAcquire(config.queryTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new QueryFailedException(BUSY, config.maxQueries() + " queries are running already; ask again later");
    }

    private Engine current() throws QueryFailedException {
        lock.lock();
        try {
            if (closed) {
                throw new QueryFailedException(FAILED, "storage is stopping");
            }
            return engine;
        } finally {
            lock.unlock();
        }
    }

    private static Set<Signal> viewsOf(Engine engine, String sql) throws SQLException, QueryFailedException {
        try (DuckDBConnection connection = engine.connect();
                PreparedStatement statement = connection.prepareStatement("select json_serialize_sql(?::varchar)")) {
            statement.setString(1, sql);
            try (ResultSet result = statement.executeQuery()) {
                result.next();
                return SqlGuard.viewsOf(result.getString(1));
            }
        }
    }

    /// What is stored at one moment, held until the query that reads it has ended.
    private final class Snapshot implements AutoCloseable {
        private final Engine of;
        private final Catalogue.View stored;

        /// Under the lock.
        Snapshot(Engine of, Catalogue.View stored) {
            this.of = of;
            this.stored = stored;
            stored.pending().forEach(of::hold);
        }

        Catalogue.View stored() {
            return stored;
        }

        @Override
        public void close() throws SQLException {
            lock.lock();
            try {
                // An engine that was given up takes its copies with it.
                if (of == engine && !closed) {
                    for (Segment segment : stored.pending()) {
                        of.release(segment);
                    }
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private Snapshot snapshot(Engine of, Set<Signal> signals) throws QueryFailedException {
        lock.lock();
        try {
            Catalogue.View stored = catalogue.view();
            for (Segment segment : stored.pending()) {
                for (Signal signal : signals) {
                    of.load(segment, signal);
                }
            }
            return new Snapshot(of, stored);
        } catch (IOException | SQLException e) {
            LOG.log(Level.WARNING, "landed rows cannot be read: {0}", e.getMessage());
            if (e instanceof SQLException sql && Engine.isFatal(sql)) {
                replace(of, sql);
            }
            throw new QueryFailedException(FAILED, "storage cannot read what has landed: " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }

    private void answer(DuckDBConnection connection, String sql, long deadline, RowSink sink)
            throws SQLException, IOException, QueryFailedException {
        try (Statement statement = connection.createStatement()) {
            long secondsLeft = TimeUnit.NANOSECONDS.toSeconds(deadline - clocks.monotonicNanos());
            statement.setQueryTimeout((int) Math.max(1, secondsLeft));
            try (ResultSet result = statement.executeQuery(sql)) {
                ResultRows rows = new ResultRows(allocator, result);
                long left = config.maxQueryRows();
                left -= rows.copyTo(sink, left, () -> clocks.monotonicNanos() > deadline);
                if (left < 0) {
                    throw new QueryFailedException(
                            TOO_LARGE, "the answer has more than " + config.maxQueryRows() + " rows; use LIMIT");
                }
            }
        }
    }

    private QueryFailedException failed(SQLException e, long deadline) {
        String message = SqlGuard.oneLine(String.valueOf(e.getMessage()));
        if (clocks.monotonicNanos() > deadline || message.startsWith("INTERRUPT")) {
            return new QueryFailedException(
                    TOO_LARGE, "the query took longer than " + config.queryTimeout().toSeconds() + " s and was stopped", e);
        }
        if (message.startsWith("Out of Memory")) {
            return new QueryFailedException(
                    TOO_LARGE, "the query needs more memory than the SQL engine may use (" + config.sqlMemoryBytes()
                            + " bytes)", e);
        }
        if (message.startsWith("Permission Error")) {
            return new QueryFailedException(FORBIDDEN, message, e);
        }
        if (Engine.isFatal(e) || message.startsWith("IO Error")) {
            LOG.log(Level.WARNING, "query failed: {0}", message);
            return new QueryFailedException(FAILED, "storage failed: " + message, e);
        }
        return new QueryFailedException(INVALID, message, e);
    }

    /// Makes the Parquet files of one group of batches; see [Engine#copyToParquet].
    long copyToParquet(Path target, Signal signal, Path landing, List<LandedBatch> batches, Map<String, String> metadata)
            throws SQLException, IOException {
        Engine current;
        lock.lock();
        try {
            current = engine;
        } finally {
            lock.unlock();
        }
        try {
            return current.copyToParquet(target, signal, landing, batches, metadata);
        } catch (SQLException e) {
            replaceIfLost(current, e);
            throw e;
        }
    }

    /// Which batches a Parquet file says that it holds.
    ///
    /// @throws IOException it cannot be read, or does not say
    KnownBatches batchesIn(Path file) throws SQLException, IOException {
        try (DuckDBConnection connection = engine.connect();
                PreparedStatement statement = connection.prepareStatement(
                        "select decode(value) from parquet_kv_metadata(?) where decode(key) = '" + Converter.BATCHES_KEY
                                + "'")) {
            statement.setString(1, file.toString());
            try (ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    throw new IOException(file + " does not say which batches it holds");
                }
                return KnownBatches.decode(result.getString(1));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /// Moves the rows of a landing file over to its Parquet files, for every query that begins from now on.
    void converted(Segment segment, List<ParquetFile> files) {
        lock.lock();
        try {
            catalogue.converted(segment.number(), files);
            Engine current = engine;
            try {
                current.converted(segment);
            } catch (SQLException e) {
                // The copies only cost memory now; an engine that cannot drop a table is not to be trusted with more.
                replace(current, e);
            }
        } finally {
            lock.unlock();
        }
    }

    private void replaceIfLost(Engine lost, SQLException e) {
        if (Engine.isFatal(e)) {
            lock.lock();
            try {
                replace(lost, e);
            } finally {
                lock.unlock();
            }
        }
    }

    /// Under the lock. Queries that run in the old engine end as they may; it goes with the last of them.
    private void replace(Engine lost, SQLException cause) {
        if (engine != lost || closed) {
            return;
        }
        LOG.log(Level.WARNING, "SQL engine replaced: cause={0}", SqlGuard.oneLine(String.valueOf(cause.getMessage())));
        try {
            engine = Engine.open(config, parquet, temporary, allocator);
            lost.close();
        } catch (SQLException | IOException e) {
            LOG.log(Level.SEVERE, "SQL engine cannot be opened: {0}", e.getMessage());
        }
    }

    @Override
    public void close() throws SQLException {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                engine.close();
            }
        } finally {
            lock.unlock();
        }
    }
}
