package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static io.openwit.storage.StorageNodeTest.metadata;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.storage.QueryFailedException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a tenant's SQL can reach. `PARQUET` in a text stands for the file of another tenant.
class SqlGuardTest {
    private static final Visible ACME = Visible.only(new TenantId("acme"));

    @TempDir
    static Path dir;

    private static RunningStorage storage;
    private static Path othersFile;

    @BeforeAll
    static void twoTenantsHaveRows() throws Exception {
        storage = RunningStorage.start(RunningStorage.eager(dir));
        try (RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
            put.batch(metadata("other", id(2), 3), SealedLogs.of("other", 3, "secret"));
            assertThat(put.finish().isOk()).isTrue();
        }
        storage.convertAll();
        try (RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(3), 4), SealedLogs.of("acme", 4, "a"));
            put.batch(metadata("other", id(4), 3), SealedLogs.of("other", 3, "secret"));
            assertThat(put.finish().isOk()).isTrue();
        }
        try (Stream<Path> all = Files.walk(dir)) {
            othersFile = all.filter(file -> file.toString().contains("tenant=other") && Files.isRegularFile(file))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @AfterAll
    static void stop() throws IOException {
        storage.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from read_parquet('PARQUET')",
                "select * from parquet_scan('PARQUET')",
                "select * from parquet_metadata('PARQUET')",
                "select * from parquet_kv_metadata('PARQUET')",
                "select * from 'PARQUET'",
                "select * from \"PARQUET\"",
                "from 'PARQUET'",
                "select * from read_csv('/etc/passwd')",
                "select * from read_csv_auto('/etc/passwd')",
                "select * from '/etc/passwd.csv'",
                "select * from '../../tenant=other/signal=logs/day=2026-01-01/0000000001.parquet'",
                "select * from read_text('/etc/passwd')",
                "select * from read_blob('PARQUET')",
                "select * from read_json('/etc/passwd')",
                "select * from glob('/*')",
                "select * from sniff_csv('/etc/passwd')",
                "copy logs to '/tmp/x.csv'",
                "copy (select 1) to 'PARQUET'",
                "attach '/tmp/x.db'",
                "attach 'PARQUET.db' as x",
                "detach memory",
                "use memory.landed",
                "set threads = 1",
                "set memory_limit = '100GB'",
                "reset memory_limit",
                "install httpfs",
                "load httpfs",
                "pragma database_list",
                "pragma enable_profiling",
                "call duckdb_settings()",
                "prepare x as select 1",
                "execute x",
                "create table x (a int)",
                "create view x as select 1",
                "create macro f(a) as a",
                "drop view logs",
                "insert into logs select * from logs",
                "delete from logs",
                "update logs set body = ''",
                "export database '/tmp/x'",
                "import database '/tmp/x'",
                "checkpoint",
                "vacuum",
                "begin",
                "explain analyze select 1",
                "select * from duckdb_settings()",
                "select * from duckdb_tables",
                "select * from duckdb_tables()",
                "select * from sqlite_master",
                "select * from pragma_database_list",
                "select * from information_schema.tables",
                "select * from pg_catalog.pg_tables",
                "select * from pg_tables",
                "select * from landed.logs_2",
                "select * from memory.landed.logs_2",
                "select * from temp.logs",
                "select * from landed.shape_logs",
                "from landed.logs_2 select body",
                "table landed.logs_2",
                "describe landed.logs_2",
                "summarize landed.logs_2",
                "show tables",
                "show all tables",
                "show databases",
                "select * from logs, landed.logs_2",
                "select * from logs where body in (select body from landed.logs_2)",
                "select (select max(body) from landed.logs_2)",
                "select exists(from landed.logs_2)",
                "select * from (select * from (select * from read_text('/etc/passwd')))",
                "with x as (select * from read_text('/etc/passwd')) select * from x",
                "with x as (with y as (from landed.logs_2) from y) from x",
                "with recursive x as (select 1 as a union all select a + 1 from landed.logs_2) select * from x",
                "select * from (with \"PARQUET\" as (select 1) select * from \"PARQUET\") a, \"PARQUET\" b",
                "with a as (select * from \"PARQUET\"), \"PARQUET\" as (select 1) select * from a",
                "with \"PARQUET\" as (select * from \"PARQUET\") select * from \"PARQUET\"",
                "select * from logs union all select * from landed.logs_2",
                "select body from logs except (select body from landed.logs_2)",
                "select * from logs where exists (select 1 from logs join landed.logs_2 using (body))",
                "select * from query('select 1')",
                "select * from query_table('landed.logs_2')",
                "select * from query_table(['logs'])",
                "select list_transform([1], x -> (select max(body) from landed.logs_2))",
                "select [x for x in (select body from landed.logs_2)]",
                "values ((select max(body) from landed.logs_2))",
                "select * from logs order by (select max(body) from landed.logs_2)",
                "select * from logs limit (select count(*) from landed.logs_2)",
                "select count(*) filter (where (select true from landed.logs_2 limit 1)) from logs",
                "select sum(1) over (order by (select max(body) from landed.logs_2)) from logs",
                "select * from range((select count(*) from landed.logs_2))",
                "select * from unnest((select list(body) from landed.logs_2))",
                "select distinct on ((select max(body) from landed.logs_2)) * from logs",
                "select * from logs group by all having (select max(body) from landed.logs_2) > ''",
                "select * from logs qualify (select max(body) from landed.logs_2) > ''",
                "select columns((select max(body) from landed.logs_2)) from logs",
                "select * replace ((select max(body) from landed.logs_2) as body) from logs",
                "select case when true then (select max(body) from landed.logs_2) end",
                "select body between (select max(body) from landed.logs_2) and '' from logs",
                "select getenv('HOME')",
                "select current_setting('temp_directory')",
                "select getvariable('x')",
                "select write_log('x')",
                "select nextval('x')",
                "select pg_sleep(1)",
                "select sleep_ms(1)",
                "select main.sum(1)",
                "select system.main.abs(1)",
                "select repeat('x', 1000000000)",
                "select len(range(1000000000))",
                "select lpad('x', 1000000000)",
                "select json_serialize_plan('select * from landed.logs_2')",
                "select * from json_execute_serialized_sql('{}')",
                "select 1; attach '/tmp/x.db'"
            })
    void whatIsNotAReadOfTheViewsIsRefusedWithOneLine(String sql) {
        assertThatThrownBy(() -> storage.json(sql.replace("PARQUET", othersFile.toString()), ACME))
                .isInstanceOfSatisfying(QueryFailedException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(Reason.FORBIDDEN);
                    assertThat(refusal.getMessage()).isNotBlank().doesNotContain("\n", "secret");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1; select 2", "selec 1", "select $1", "select ?", "", ";", "-- nothing", "select \0"})
    void whatIsNoStatementIsRefusedWithOneLine(String sql) {
        assertThatThrownBy(() -> storage.json(sql, ACME))
                .isInstanceOfSatisfying(QueryFailedException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(Reason.INVALID);
                    assertThat(refusal.getMessage()).isNotBlank().doesNotContain("\n");
                });
    }

    /// On a virtual thread, and on a platform thread of the usual stack: a parser that recurses too far kills the
    /// process.
    @Test
    void howeverDeepAStatementIsNestedItIsAnsweredOrRefused() throws Exception {
        int answered = 0;
        for (Thread.Builder threads : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
            for (int depth : new int[] {90, 950, 3_000}) {
                for (String sql : nested(depth)) {
                    FutureTask<Throwable> outcome =
                            new FutureTask<>(() -> catchThrowable(() -> storage.json(sql, ACME)));
                    threads.start(outcome);
                    Throwable refusal = outcome.get(20, TimeUnit.SECONDS);
                    answered += refusal == null ? 1 : 0;
                    assertThat(refusal == null || refusal instanceof QueryFailedException)
                            .as("%s deep: %s", depth, refusal)
                            .isTrue();
                }
            }
        }
        assertThat(answered).isPositive();
        assertThat(storage.number("select count(*) from logs", ACME)).isEqualTo(8);
    }

    private static List<String> nested(int depth) {
        return List.of(
                "select " + "(".repeat(depth) + "1" + ")".repeat(depth),
                "select " + "not ".repeat(depth) + "true",
                "select 1" + " + 1".repeat(depth),
                "select " + "[".repeat(depth) + "]".repeat(depth),
                "select " + "abs(".repeat(depth) + "1" + ")".repeat(depth),
                "select " + "case when true then ".repeat(depth) + "1" + " end".repeat(depth),
                "select 1 from " + "(select * from ".repeat(depth) + "logs" + ")".repeat(depth),
                "select 1" + " union all select 1".repeat(depth / 10),
                "select null::" + "struct(a ".repeat(depth) + "int" + ")".repeat(depth),
                "select 1 from traces" + ", traces".repeat(depth),
                "select 1 from traces" + " natural join traces".repeat(depth),
                "select 1" + "::int".repeat(depth),
                "select " + "- ".repeat(depth) + "1",
                "select 1" + " is null".repeat(depth),
                "select timestamp '2026-01-01'" + " at time zone 'UTC'".repeat(depth),
                "select 'a'" + " collate nocase".repeat(depth),
                "select 'a'" + " || 'a'".repeat(depth),
                "select 1" + " except select 1".repeat(depth),
                "select 1" + ".a".repeat(depth),
                "select true" + " and true or false".repeat(depth),
                "select interval " + "interval ".repeat(depth) + "1 day",
                "select 1 where " + "exists (select 1 where ".repeat(depth) + "true" + ")".repeat(depth),
                "select " + "x -> ".repeat(depth) + "1",
                "explain ".repeat(depth) + "select 1",
                "describe ".repeat(depth) + "select 1",
                "from ".repeat(depth) + "logs",
                "with " + "a as (with ".repeat(depth) + "b as (select 1) from b" + ") from a".repeat(depth));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select count(*) from logs",
                "SELECT COUNT(*) FROM LOGS",
                "select count(*) from \"logs\"",
                "from logs select count(*)",
                "with l as (select * from logs) select count(*) from l",
                "with l as (select * from logs), m as (select * from l) select count(*) from m",
                "with logs as (from logs) select count(*) from logs",
                "select count(*) from (select * from logs union all select * from logs where false)",
                "select count(*) from logs a join logs b on a.batch_id = b.batch_id and a.body = b.body",
                "select sum(n)::bigint from (select service_name, count(*) as n from logs group by 1)",
                "select count(*) from logs where attributes['code'] in ('200', '201') and severity >= 9",
                "select count(*) from logs l where exists (select 1 from logs m where m.body = l.body)",
                "select max(r) from (select row_number() over (partition by tenant order by body) r from logs)",
                "select (select count(*) from logs)",
                "select max(i) from range(9) t(i)",
                "select count(*) from (select unnest(map_keys(attributes)) as k from logs) where k = 'code'",
                "select count(*) from logs, unnest([1]) u(v)",
                "with recursive t(i) as (select 1 union all select i + 1 from t where i < 8) select max(i)::bigint from t",
                "select count(*) from logs where event_time >= timestamp '2026-01-01'",
                "select count(*) from logs tablesample 100%",
                "select count(*) from (select * from logs order by event_time desc limit 100) x",
                "select count(distinct body) * 2 from logs",
                "select 8",
                "values (8::bigint)",
                "select count(*) from logs;",
                "-- how many\nselect count(*) /* rows */ from logs"
            })
    void whatAUserWouldAskIsAnswered(String sql) throws QueryFailedException {
        assertThat(storage.number(sql.startsWith("select 8") ? "select 8::bigint" : sql, ACME)).isEqualTo(8);
    }

    @Test
    void theColumnsOfAViewCanBeAskedFor() throws QueryFailedException {
        assertThat(storage.json("describe logs", ACME)).contains("\"event_time\"").contains("MAP(VARCHAR, VARCHAR)");
        assertThat(storage.json("select column_name from (describe logs) where column_name = 'batch_id'", ACME))
                .contains("batch_id");
        assertThat(storage.json("summarize select severity from logs", ACME)).contains("severity");
    }

    @Test
    void everyColumnOfEverySignalCanBeRead() throws QueryFailedException {
        assertThat(storage.json("select * from traces")).isEqualTo("[]\n");
        assertThat(storage.json("select * from metrics")).isEqualTo("[]\n");
    }

    @Test
    void noTextReachesAnotherTenantsRows() throws QueryFailedException {
        assertThat(storage.json("select * from logs", ACME)).contains("a-0").doesNotContain("secret");
    }

    @Test
    void mistakesAreToldInOneLine() {
        assertThatThrownBy(() -> storage.json("select nosuch from logs"))
                .isInstanceOfSatisfying(QueryFailedException.class, mistake -> {
                    assertThat(mistake.reason()).isEqualTo(Reason.INVALID);
                    assertThat(mistake.getMessage()).contains("nosuch").doesNotContain("\n");
                });
        assertThatThrownBy(() -> storage.json("select cast(body as int) from logs"))
                .isInstanceOf(QueryFailedException.class)
                .hasMessageContaining("Could not convert string");
    }

    @Test
    void anAnswerThatIsTooLongOrTakesTooLongIsCutOff(@TempDir Path other) throws Exception {
        assertThatThrownBy(() -> storage.json("select * from range(10001)"))
                .isInstanceOfSatisfying(
                        QueryFailedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE))
                .hasMessageContaining("10000 rows");
        assertThat(storage.json("select * from range(10000)")).endsWith("{\"range\":9999}\n]\n");
        StorageConfig hasty =
                RunningStorage.config(other).withSql(256L << 20, 2, Duration.ofSeconds(1), 1_000_000_000);
        try (RunningStorage quick = RunningStorage.start(hasty)) {
            for (String sql : new String[] {
                "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = -1",
                "select * from range(1000000000)"
            }) {
                assertThatThrownBy(() -> quick.node.sql().query(sql, Visible.ALL, nothing()))
                        .isInstanceOfSatisfying(
                                QueryFailedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE));
            }
            assertThat(quick.number("select count(*) from logs")).isZero();
        }
    }

    private static RowSink nothing() {
        return new QueryJson(new Nowhere());
    }

    /// Forgets what is written.
    private static final class Nowhere implements Appendable {
        @Override
        public Appendable append(CharSequence text) {
            return this;
        }

        @Override
        public Appendable append(CharSequence text, int start, int end) {
            return this;
        }

        @Override
        public Appendable append(char c) {
            return this;
        }
    }
}
