package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DuckDbReadsSealedRowsTest {
    /// The rows that the query gives over the sealed rows as table `rows`, columns joined by `|`.
    private static List<String> query(Signal signal, ByteBuffer rows, String sql) throws Exception {
        List<String> found = new ArrayList<>();
        try (BufferAllocator allocator = new RootAllocator();
                ArrowReader reader = BatchOpener.open(signal, rows, allocator);
                ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator);
                Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
            Data.exportArrayStream(allocator, reader, stream);
            connection.unwrap(DuckDBConnection.class).registerArrowStream("sealed", stream);
            try (Statement statement = connection.createStatement()) {
                statement.execute("create table rows as select * from sealed");
                collect(statement, sql, found);
            }
        }
        return found;
    }

    private static void collect(Statement statement, String sql, List<String> found) throws SQLException {
        try (ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                StringBuilder row = new StringBuilder();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.append(i > 1 ? "|" : "").append(result.getString(i));
                }
                found.add(row.toString());
            }
        }
    }

    private static void text(DictColumn column, String text) {
        byte[] bytes = RandomRows.slack(text);
        column.append(bytes, 0, bytes.length - Bytes.SLACK);
    }

    @Test
    void attributesAreFoundByTheirKeys() throws Exception {
        LogColumns columns = (LogColumns) Columns.of(Signal.LOGS);
        columns.reset(new TenantId("acme"));
        columns.beginPart(0, 0, false);
        for (int row = 0; row < 3; row++) {
            RandomRows.fillOne(columns, row);
            columns.attributes.truncate(row);
            byte[] key = RandomRows.slack("http.status_code");
            columns.attributes.key(key, 0, key.length - Bytes.SLACK);
            byte[] value = RandomRows.slack("" + (500 + row));
            columns.attributes.value(value, 0, value.length - Bytes.SLACK);
            columns.attributes.append();
            columns.time.truncate(row);
            columns.time.append(1_790_000_000_000_000_001L + row);
            columns.eventName.truncate(row);
            text(columns.eventName, "event" + row);
            columns.endRow(row, row, true, 1, 1, 0);
        }
        columns.endPart();

        List<String> found = query(
                Signal.LOGS,
                columns.seal(new Sealer()).rows(),
                "select tenant, event_name, attributes['http.status_code'], epoch_ns(time) from rows"
                        + " where attributes['http.status_code'] >= '501' order by 2");

        assertThat(found)
                .containsExactly("acme|event1|501|1790000000000000002", "acme|event2|502|1790000000000000003");
    }

    @ParameterizedTest
    @EnumSource
    void everyColumnIsRead(Signal signal) throws Exception {
        ByteBuffer rows = RandomRows.of(signal, 3000, 9).seal(new Sealer()).rows();
        long nulls = OpenedRows.of(signal, rows).stream()
                .filter(row -> row.get("attributes") == null)
                .count();

        List<String> found = query(
                signal, rows, "select count(*), count(*) - count(attributes) from rows");

        assertThat(found).containsExactly("3000|" + nulls);
    }

    @Test
    void eventsAndTheirAttributesAreRead() throws Exception {
        ByteBuffer rows = RandomRows.of(Signal.TRACES, 500, 9).seal(new Sealer()).rows();
        long events = 0;
        long withKey = 0;
        for (Map<String, Object> row : OpenedRows.of(Signal.TRACES, rows)) {
            if (row.get("events") instanceof List<?> list) {
                events += list.size();
                for (Object event : list) {
                    Object attributes = ((Map<?, ?>) event).get("attributes");
                    withKey += attributes instanceof Map<?, ?> map && map.get("key1") != null ? 1 : 0;
                }
            }
        }

        List<String> found = query(
                Signal.TRACES,
                rows,
                "select count(*), count(e.attributes['key1']) from (select unnest(events) as e from rows)");

        assertThat(found).containsExactly(events + "|" + withKey);
        assertThat(withKey).isPositive();
    }
}
