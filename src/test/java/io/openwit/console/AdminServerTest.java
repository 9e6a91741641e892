package io.openwit.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.openwit.console.AdminApi.BatchPage;
import io.openwit.console.AdminApi.Viewer;
import io.openwit.console.QueryRefusedException.Kind;
import io.openwit.model.BatchId;
import io.openwit.model.Clocks;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminServerTest {
    private static final BatchId BATCH = BatchId.parse("n1-5e0f93aa-3-8192");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Telemetry telemetry = new Telemetry(
            new Clocks() {
                @Override
                public long wallNanos() {
                    return 0;
                }

                @Override
                public long monotonicNanos() {
                    return 0;
                }
            },
            OpenTelemetry.noop());

    private AdminServer server;
    private volatile boolean ready = true;
    private AdminApi.Queries queries = (sql, viewer, rows) -> {
        rows.columns(List.of("sql", "sees", "big", "none", "bytes", "map", "nan"));
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("k", List.of(1L, true));
        rows.row(Arrays.asList(
                sql, viewer.tenant().map(TenantId::value).orElse("all"), BigInteger.TWO.pow(64), null,
                new byte[] {0, -1}, map, Double.NaN));
    };

    @BeforeEach
    void start() throws IOException {
        server = server(Optional.of(id -> id.equals(BATCH)
                ? Optional.of(new BatchPage(new TenantId("acme"), Map.of("state", "STORED")))
                : Optional.empty()));
    }

    private AdminServer server(Optional<AdminApi.Batches> batches) throws IOException {
        AdminApi api = new AdminApi(
                () -> new NodeStatus(ready, "n1", "standalone", Map.of("grpc", "127.0.0.1:4317"), true),
                header -> switch (String.valueOf(header.apply("Authorization"))) {
                    case "Bearer acme" -> Optional.of(new Viewer(Optional.of(new TenantId("acme"))));
                    case "Bearer other" -> Optional.of(new Viewer(Optional.of(new TenantId("other"))));
                    case "Bearer root" -> Optional.of(Viewer.EVERYTHING);
                    default -> Optional.empty();
                },
                batches,
                Optional.of((sql, viewer, rows) -> queries.query(sql, viewer, rows)));
        AdminServer made = new AdminServer(AdminConfig.of("127.0.0.1", 0, true), api, telemetry, threads);
        made.start();
        return made;
    }

    @AfterEach
    void stop() {
        server.close();
        threads.close();
        http.close();
    }

    @Test
    void metricsAreInPrometheusFormat() throws Exception {
        telemetry.metrics().rowsAccepted.labelValues("acme", "logs", "grpc").inc(7);

        HttpResponse<String> answer = get("/metrics");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(answer.body())
                .contains("openwit_rows_accepted_total{signal=\"logs\",source=\"grpc\",tenant=\"acme\"} 7.0");
    }

    @Test
    void readinessNamesWhatIsWrong() throws Exception {
        telemetry.alarms().raise("postgres-unreachable", "it is away");
        ready = false;

        HttpResponse<String> answer = get("/health/ready");

        JsonNode body = JSON.readTree(answer.body());
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(body.get("ready").asBoolean()).isFalse();
        assertThat(body.get("sync_on_write").asBoolean()).isTrue();
        assertThat(body.get("doors").get("grpc").asText()).isEqualTo("127.0.0.1:4317");
        assertThat(body.get("alarms").get(0).get("name").asText()).isEqualTo("postgres-unreachable");
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        ready = true;
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void aBatchIsShownToItsTenantAlone() throws Exception {
        String path = "/api/batches/" + BATCH;

        assertThat(get(path).statusCode()).isEqualTo(401);
        assertThat(get(path, "root").body()).contains("STORED");
        assertThat(get(path, "acme").body()).contains("STORED");
        assertThat(get(path, "other").statusCode()).isEqualTo(404);
        assertThat(get("/api/batches/n1-5e0f93aa-3-8193", "root").statusCode()).isEqualTo(404);
        assertThat(get("/api/batches/nonsense", "root").statusCode()).isEqualTo(400);
    }

    @Test
    void metadataThatCannotBeReachedIsSaidSo() throws Exception {
        server.close();
        server = server(Optional.of(_ -> {
            throw new IOException("Postgres is away");
        }));

        HttpResponse<String> answer = get("/api/batches/" + BATCH, "root");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("Postgres is away");
    }

    @Test
    void rowsComeAsJsonWithNumbersHexAndNestedValues() throws Exception {
        HttpResponse<String> answer = query("json", "select 1", "acme");

        JsonNode row = JSON.readTree(answer.body()).get(0);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(row.get("sql").asText()).isEqualTo("select 1");
        assertThat(row.get("sees").asText()).isEqualTo("acme");
        assertThat(row.get("big").bigIntegerValue()).isEqualTo(BigInteger.TWO.pow(64));
        assertThat(row.get("none").isNull()).isTrue();
        assertThat(row.get("bytes").asText()).isEqualTo("00ff");
        assertThat(row.get("map").get("k").toString()).isEqualTo("[1,true]");
        assertThat(row.get("nan").asText()).isEqualTo("NaN");
    }

    @Test
    void rowsComeAsCsvAndAsATable() throws Exception {
        assertThat(query("csv", "select \"a\", b", "root").body()).isEqualTo("""
                sql,sees,big,none,bytes,map,nan
                "select ""a"", b",all,18446744073709551616,,00ff,"{""k"":[1,true]}",NaN
                """);
        assertThat(query("table", "x", "root").body()).startsWith("sql  sees  big").contains("00ff").contains("(1 row)");
        assertThat(query("xml", "x", "root").statusCode()).isEqualTo(400);
    }

    @Test
    void anEmptyAnswerIsAnEmptyArray() throws Exception {
        queries = (sql, viewer, rows) -> rows.columns(List.of("a"));

        assertThat(JSON.readTree(query("json", "x", "root").body()).size()).isZero();
        assertThat(query("table", "x", "root").body()).contains("(0 rows)");
    }

    @ParameterizedTest
    @CsvSource({"INVALID,400", "FORBIDDEN,403", "TOO_LARGE,413", "BUSY,503", "FAILED,500"})
    void aRefusedQueryHasItsStatusAlsoAfterSomeRows(Kind kind, int status) throws Exception {
        queries = (sql, viewer, rows) -> {
            rows.columns(List.of("a"));
            rows.row(List.of(1L));
            throw new QueryRefusedException(kind, "not today", new IOException());
        };

        HttpResponse<String> answer = query("json", "x", "root");

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(JSON.readTree(answer.body()).get("error").asText()).isEqualTo("not today");
    }

    @Test
    void anAnswerThatBreaksOffDoesNotLookComplete() {
        queries = (sql, viewer, rows) -> {
            rows.columns(List.of("a"));
            for (int i = 0; i < 10; i++) {
                rows.row(List.of("x".repeat(HeldOutput.HELD_BYTES)));
            }
            throw new QueryRefusedException(Kind.FAILED, "broken", new IOException());
        };

        assertThatThrownBy(() -> query("json", "x", "root")).isInstanceOf(IOException.class);
    }

    @Test
    void aMistakeOfOursIsA500AndTheNextRequestIsServed() throws Exception {
        queries = (sql, viewer, rows) -> {
            throw new IllegalStateException("ours");
        };

        HttpResponse<String> answer = query("json", "x", "root");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).doesNotContain("ours");
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
    }

    @Test
    void whatIsNotThereOrTooLargeIsRefused() throws Exception {
        assertThat(get("/").statusCode()).isEqualTo(404);
        assertThat(get("/api/query").statusCode()).isEqualTo(405);
        assertThat(query("json", "x", "nobody").statusCode()).isEqualTo(401);
        assertThat(query("json", "x".repeat((1 << 20) + 1), "root").statusCode()).isEqualTo(413);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return get(path, "");
    }

    private HttpResponse<String> get(String path, String token) throws Exception {
        return http.send(request(path, token).build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> query(String format, String sql, String token) throws Exception {
        return http.send(
                request("/api/query?format=" + format, token).POST(BodyPublishers.ofString(sql)).build(),
                BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path, String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
    }
}
