package io.openwit.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryFormatsTest {
    private static final String EVERY_TYPE = "select null as nothing, true as b, 1::tinyint as i8, 255::utinyint as u8, "
            + "65535::usmallint as u16, 4294967295::uinteger as u32, 18446744073709551615::ubigint as u64, "
            + "(-9223372036854775808)::bigint as i64, 170141183460469231731687303715884105727::hugeint as i128, "
            + "1.50::decimal(5,2) as dec, 0.1::double as f64, 'nan'::double as nan, 0.5::float as f32, "
            + "'a\"\\\n\u0001é' as text, '\\xAB\\x01'::blob as bytes, date '2026-01-02' as day, "
            + "time '01:02:03.5' as t, timestamp '2026-01-02 03:04:05.678901' as us, "
            + "make_timestamp_ns(1767225600000000001) as ns, 'infinity'::timestamp as ever, "
            + "timestamptz '2026-01-02 03:04:05+01' as tz, timestamp_s '1969-12-31 23:59:59' as s, "
            + "map {'b': 1, 'a': null} as m, [1, null] as l, {'x': 1, 'y': [{'z': 'q'}]} as st, [1, 2]::int[2] as arr, "
            + "interval '1 day' as iv, '6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid as u, 'b'::enum('a', 'b') as e, "
            + "sum(1) as total";

    @TempDir
    static Path dir;

    private static RunningStorage storage;

    @BeforeAll
    static void start() throws IOException {
        storage = RunningStorage.start(RunningStorage.config(dir));
    }

    @AfterAll
    static void stop() throws IOException {
        storage.close();
    }

    @Test
    void jsonHasEveryTypeInItsForm() throws Exception {
        String json = storage.json(EVERY_TYPE);

        assertThat(json)
                .isEqualTo("[\n{\"nothing\":null,\"b\":true,\"i8\":1,\"u8\":255,\"u16\":65535,\"u32\":4294967295,"
                        + "\"u64\":18446744073709551615,\"i64\":-9223372036854775808,"
                        + "\"i128\":170141183460469231731687303715884105727,\"dec\":1.50,\"f64\":0.1,\"nan\":\"NaN\","
                        + "\"f32\":0.5,\"text\":\"a\\\"\\\\\\n\\u0001é\",\"bytes\":\"ab01\",\"day\":\"2026-01-02\","
                        + "\"t\":\"01:02:03.500\",\"us\":\"2026-01-02T03:04:05.678901000Z\","
                        + "\"ns\":\"2026-01-01T00:00:00.000000001Z\",\"ever\":\"infinity\","
                        + "\"tz\":\"2026-01-02T02:04:05.000000000Z\",\"s\":\"1969-12-31T23:59:59.000000000Z\","
                        + "\"m\":{\"b\":1,\"a\":null},\"l\":[1,null],\"st\":{\"x\":1,\"y\":[{\"z\":\"q\"}]},"
                        + "\"arr\":[1,2],\"iv\":\"P1D PT0S\",\"u\":\"6f9619ff-8b86-d011-b42d-00c04fc964ff\","
                        + "\"e\":\"b\",\"total\":1}\n]\n");
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            while (parser.nextToken() != null) {
                assertThat(parser.currentToken()).isNotNull();
            }
        }
    }

    @Test
    void csvQuotesWhatNeedsIt() throws Exception {
        StringBuilder out = new StringBuilder();
        storage.node.sql().query(
                "select 'a,b' as \"x,y\", 'say \"hi\"' as q, '' as empty, null as none, 7 as n, map {'k': 'v'} as m",
                Visible.ALL,
                new QueryCsv(out));

        assertThat(out).hasToString("\"x,y\",q,empty,none,n,m\n\"a,b\",\"say \"\"hi\"\"\",\"\",,7,\"{\"\"k\"\":\"\"v\"\"}\"\n");
    }

    @Test
    void aTableAlignsItsColumnsAndCountsItsRows() throws Exception {
        StringBuilder out = new StringBuilder();
        QueryTable table = new QueryTable(out);
        storage.node.sql().query(
                "select * from (values ('a', 5), ('long\nname', 12345)) t(service_name, n)", Visible.ALL, table);
        table.finish();

        assertThat(out).hasToString("""
                service_name      n
                ------------  -----
                a                 5
                long.name     12345
                (2 rows)
                """);
    }

    @Test
    void aTableOfManyRowsIsWrittenAsItComes() throws Exception {
        StringBuilder out = new StringBuilder();
        QueryTable table = new QueryTable(out);
        storage.node.sql().query("select * from range(1000)", Visible.ALL, table);
        table.finish();

        assertThat(out.toString().lines()).hasSize(1003).endsWith("  999", "(1000 rows)");
    }

    @Test
    void aReaderThatHasGoneStopsTheQuery() {
        assertThatThrownBy(() -> storage.node.sql().query(
                        "select * from range(5000)", Visible.ALL, new RowSink() {
                            @Override
                            public void columns(List<Column> columns) {}

                            @Override
                            public void row(List<Object> values) throws IOException {
                                throw new IOException("the browser was closed");
                            }
                        }))
                .isInstanceOf(IOException.class)
                .hasMessage("the browser was closed");
    }
}
