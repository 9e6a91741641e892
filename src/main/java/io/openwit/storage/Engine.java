package io.openwit.storage;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.duckdb.DuckDBConnection;

/// One embedded DuckDB database, in memory, locked down: it touches files below `parquet/` and `tmp/` alone, loads no
/// extension, and nobody changes its settings.
///
/// It keeps a copy of landed rows in tables, for queries; nothing here is the only copy of anything. After an internal
/// error it is thrown away and another one is opened. [#connect] and [#copyToParquet] may be called by any thread; the
/// copies of landed rows are under the lock of [SqlStore].
final class Engine implements AutoCloseable {
    /// Holds the copies. Users cannot name it: the guard lets no qualified name pass.
    private static final String SCHEMA = "landed";

    private static final String STREAM = "arriving";

    /// The engine's default of 1000 needs more than the stack of a thread: one statement would end the process. Tried
    /// on
    /// stacks of 1 MiB and on virtual threads; see also the brackets that [SqlStore] counts.
    private static final int MAX_EXPRESSION_DEPTH = 100;

    private final BufferAllocator allocator;
    private final DuckDBConnection root;
    private final Map<Signal, List<String>> columns = new EnumMap<>(Signal.class);
    private final Map<Long, Copy> copies = new HashMap<>();

    /// Rows of one landing file that stand in tables here, and how many queries read them.
    private static final class Copy {
        private final Map<Signal, Integer> batchesSeen = new EnumMap<>(Signal.class);
        private int readers;
        private boolean converted;
    }

    private Engine(BufferAllocator allocator, DuckDBConnection root) {
        this.allocator = allocator;
        this.root = root;
    }

    /// @param temporary where results and sorts go that do not fit into memory
    /// @throws SQLException the library cannot be loaded, or refuses its settings
    static Engine open(StorageConfig config, Path parquet, Path temporary, BufferAllocator allocator)
            throws SQLException, IOException {
        Properties settings = new Properties();
        settings.setProperty("memory_limit", (config.sqlMemoryBytes() >> 20) + "MiB");
        settings.setProperty("threads", "" + config.sqlThreads());
        settings.setProperty("temp_directory", temporary.resolve("spill").toString());
        settings.setProperty("max_temp_directory_size", (config.sqlMemoryBytes() >> 18) + "MiB");
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        DuckDBConnection root = (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", settings);
        try {
            Engine engine = new Engine(allocator, root);
            execute(root, "set global TimeZone = 'UTC'");
            execute(root, "set global max_expression_depth = " + MAX_EXPRESSION_DEPTH);
            execute(root, "set allowed_directories = [" + text(parquet + "/") + ", " + text(temporary + "/") + "]");
            execute(root, "set enable_external_access = false");
            execute(root, "set lock_configuration = true");
            execute(root, "create schema " + SCHEMA);
            for (Signal signal : Signal.values()) {
                engine.createShape(signal);
            }
            return engine;
        } catch (SQLException | IOException | RuntimeException e) {
            root.close();
            throw e;
        }
    }

    /// Makes an empty table with the columns of a signal: all others have theirs from it.
    private void createShape(Signal signal) throws SQLException, IOException {
        try (DuckDBConnection connection = connect();
                Arriving rows = new Arriving(connection, LandedReader.ofNothing(allocator, signal))) {
            execute(connection, "create table " + shape(signal) + " as select * from " + rows.name());
        }
        List<String> names = new ArrayList<>();
        try (Statement statement = root.createStatement();
                ResultSet described = statement.executeQuery("describe " + shape(signal))) {
            while (described.next()) {
                names.add(described.getString(1));
            }
        }
        columns.put(signal, List.copyOf(names));
    }

    /// A connection of one's own, to be closed.
    DuckDBConnection connect() throws SQLException {
        return root.duplicate();
    }

    /// An Arrow stream that one statement of one connection can read, under a name.
    private final class Arriving implements AutoCloseable {
        private final ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator);
        private final LandedReader reader;

        Arriving(DuckDBConnection connection, LandedReader reader) {
            this.reader = reader;
            Data.exportArrayStream(allocator, reader, stream);
            connection.registerArrowStream(STREAM, stream);
        }

        String name() {
            return STREAM;
        }

        @Override
        public void close() throws IOException {
            stream.release();
            stream.close();
            reader.close();
        }
    }

    /// Writes batches of one signal into one Parquet file; the file is not forced.
    ///
    /// @param metadata key-value metadata of the file
    /// @return rows written
    long copyToParquet(Path target, Signal signal, Path landing, List<LandedBatch> batches, Map<String, String> metadata)
            throws SQLException, IOException {
        StringJoiner pairs = new StringJoiner(", ", "{", "}");
        metadata.forEach((key, value) -> pairs.add(text(key) + ": " + text(value)));
        try (DuckDBConnection connection = connect();
                Arriving rows = new Arriving(connection, LandedReader.open(allocator, signal, landing, batches));
                Statement statement = connection.createStatement()) {
            return statement.executeUpdate("copy (select * from " + rows.name() + ") to " + text(target.toString())
                    + " (format parquet, compression zstd, kv_metadata " + pairs + ")");
        }
    }

    /// Copies what has landed since the last call into a table.
    void load(Segment segment, Signal signal) throws SQLException, IOException {
        Copy copy = copies.computeIfAbsent(segment.number(), absent -> new Copy());
        int seen = copy.batchesSeen.getOrDefault(signal, 0);
        List<LandedBatch> unseen = segment.batches().subList(seen, segment.batches().size()).stream()
                .filter(batch -> batch.signal() == signal)
                .toList();
        if (!unseen.isEmpty()) {
            String table = table(segment.number(), signal);
            try (DuckDBConnection connection = connect();
                    Arriving rows = new Arriving(
                            connection, LandedReader.open(allocator, signal, segment.file(), unseen))) {
                execute(connection, "create table if not exists " + table + " as from " + shape(signal) + " limit 0");
                execute(connection, "insert into " + table + " select * from " + rows.name());
            }
        }
        copy.batchesSeen.put(signal, segment.batches().size());
    }

    /// Keeps the copies of a landing file from being dropped until [#release].
    void hold(Segment segment) {
        copies.computeIfAbsent(segment.number(), absent -> new Copy()).readers++;
    }

    void release(Segment segment) throws SQLException {
        Copy copy = copies.get(segment.number());
        if (copy != null && --copy.readers == 0 && copy.converted) {
            drop(segment.number());
        }
    }

    /// Drops the copies of a landing file whose rows are in Parquet, when the last query has let go of them.
    void converted(Segment segment) throws SQLException {
        Copy copy = copies.get(segment.number());
        if (copy != null) {
            copy.converted = true;
            if (copy.readers == 0) {
                drop(segment.number());
            }
        }
    }

    private void drop(long segment) throws SQLException {
        copies.remove(segment);
        for (Signal signal : Signal.values()) {
            execute(root, "drop table if exists " + table(segment, signal));
        }
    }

    /// The statement that makes the view of a signal: Parquet, and the copies of what is not yet there.
    String viewStatement(Signal signal, Catalogue.View stored, Visible visible) {
        String names = String.join(", ", columns.getOrDefault(signal, List.of()));
        StringBuilder from = new StringBuilder("select " + names + " from " + shape(signal));
        StringJoiner files = new StringJoiner(", ");
        for (ParquetFile file : stored.files()) {
            if (file.signal() == signal && visible.sees(file.tenant())) {
                files.add(text(file.path().toString()));
            }
        }
        if (files.length() > 0) {
            from.append(" union all select " + names + " from read_parquet([" + files + "], hive_partitioning = false)");
        }
        for (Segment segment : stored.pending()) {
            if (segment.batches().stream()
                    .anyMatch(batch -> batch.signal() == signal && visible.sees(batch.tenant()))) {
                from.append(" union all select " + names + " from " + table(segment.number(), signal) + where(visible));
            }
        }
        String added = signal == Signal.LOGS ? ", coalesce(time, observed_time) as event_time" : "";
        return "create temp view " + signal.label() + " as select " + names + added + " from (" + from + ")";
    }

    private static String where(Visible visible) {
        return switch (visible) {
            case Visible.All all -> "";
            case Visible.Only only -> {
                StringJoiner tenants = new StringJoiner(", ", " where tenant in (", ")");
                for (TenantId tenant : only.tenants()) {
                    tenants.add(text(tenant.value()));
                }
                yield tenants.toString();
            }
        };
    }

    private static String shape(Signal signal) {
        return SCHEMA + ".shape_" + signal.label();
    }

    private static String table(long segment, Signal signal) {
        return SCHEMA + "." + signal.label() + "_" + segment;
    }

    private static String text(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    static void execute(DuckDBConnection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /// Whether the whole database is lost with this error.
    static boolean isFatal(SQLException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("INTERNAL Error")
                || message.contains("FATAL Error")
                || message.contains("database has been invalidated");
    }

    @Override
    public void close() throws SQLException {
        root.close();
    }
}
