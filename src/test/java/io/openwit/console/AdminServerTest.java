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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Locale;
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
    private AdminApi.Queries queries = (sql, viewer, format, out) -> out.append(format.name())
            .append(' ')
            .append(viewer.tenant().map(TenantId::value).orElse("all"))
            .append(' ')
            .append(sql);

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
                Optional.of((sql, viewer, format, out) -> queries.query(sql, viewer, format, out)));
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

    @ParameterizedTest
    @CsvSource({"json,application/json", "csv,text/csv", "table,text/plain"})
    void aQueryIsAnsweredInTheFormatAskedForAndForItsTenant(String format, String contentType) throws Exception {
        HttpResponse<String> answer = query(format, "select 'ü'", "acme");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith(contentType);
        assertThat(answer.body()).isEqualTo(format.toUpperCase(Locale.ROOT) + " acme select 'ü'");
        assertThat(query(format, "x", "root").body()).contains(" all ");
        assertThat(query("xml", "x", "root").statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource({"INVALID,400", "FORBIDDEN,403", "TOO_LARGE,413", "BUSY,503", "FAILED,500"})
    void aRefusedQueryHasItsStatusAlsoAfterSomeRows(Kind kind, int status) throws Exception {
        queries = (sql, viewer, format, out) -> {
            out.append("[{");
            throw new QueryRefusedException(kind, "not today", new IOException());
        };

        HttpResponse<String> answer = query("json", "x", "root");

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(JSON.readTree(answer.body()).get("error").asText()).isEqualTo("not today");
    }

    @Test
    void anAnswerThatBreaksOffDoesNotLookComplete() {
        queries = (sql, viewer, format, out) -> {
            for (int i = 0; i < 10; i++) {
                out.append("x".repeat(HeldOutput.HELD_BYTES));
            }
            throw new QueryRefusedException(Kind.FAILED, "broken", new IOException());
        };

        assertThatThrownBy(() -> query("json", "x", "root")).isInstanceOf(IOException.class);
    }

    @Test
    void aMistakeOfOursIsA500AndTheNextRequestIsServed() throws Exception {
        queries = (sql, viewer, format, out) -> {
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
