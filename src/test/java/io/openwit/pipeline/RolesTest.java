package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.openwit.pipeline.Shape.Deployment;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// One process or several: the same scenario has the same end.
class RolesTest {
    @ParameterizedTest
    @EnumSource(Shape.class)
    @Timeout(120)
    void rowsOfAllSignalsComeOutOnceAndTheirBatchIsKnown(Shape shape, @TempDir Path directory) throws Exception {
        try (Deployment nodes = shape.start(directory, Map.of())) {
            for (int round = 0; round < 2; round++) {
                assertThat(Otlp.post(nodes.gateway(), "logs", Otlp.logs("shop", 0, 100)).statusCode())
                        .isEqualTo(200);
                assertThat(Otlp.post(nodes.gateway(), "traces", Otlp.traces("shop", 0, 100)).statusCode())
                        .isEqualTo(200);
                assertThat(Otlp.post(nodes.gateway(), "metrics", Otlp.metrics("shop", 0, 100)).statusCode())
                        .isEqualTo(200);
            }
            // New rows after the repeats: once these are stored, so is all before them.
            assertThat(Otlp.post(nodes.gateway(), "logs", Otlp.logs("shop", 100, 100)).statusCode()).isEqualTo(200);

            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> nodes.sql().number("select count(*) from logs"), count -> count == 200);
            for (String view : new String[] {"traces", "metrics"}) {
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> nodes.sql().number("select count(*) from " + view), count -> count == 100);
                assertThat(nodes.sql().number("select count(distinct attributes['n']) from " + view)).isEqualTo(100);
            }
            assertThat(nodes.sql().number("select count(distinct attributes['n']) from logs")).isEqualTo(200);
            assertThat(metrics(nodes.gateway())).contains("openwit_rows_duplicate_total{");

            String batch = nodes.sql().rows("select batch_id from logs limit 1").getFirst().get("batch_id").asText();
            JsonNode info = await().atMost(Duration.ofSeconds(30))
                    .until(() -> batch(nodes.ingest(), batch), found -> found.path("state").asText().equals("STORED"));
            assertThat(info.get("tenant").asText()).isEqualTo("default");
            assertThat(info.get("signal").asText()).isEqualTo("logs");

            assertThat(nodes.gateway().terminate()).isZero();
            assertThat(nodes.ingest().terminate()).isZero();
            assertThat(nodes.storage().terminate()).isZero();
        }
    }

    private static JsonNode batch(NodeProcess node, String id) throws IOException, InterruptedException {
        HttpResponse<String> response = Otlp.HTTP.send(
                HttpRequest.newBuilder(node.url("admin", "/api/batches/" + id)).build(),
                HttpResponse.BodyHandlers.ofString());
        return new ObjectMapper().readTree(response.body());
    }

    private static String metrics(NodeProcess node) throws IOException, InterruptedException {
        return Otlp.HTTP
                .send(HttpRequest.newBuilder(node.url("admin", "/metrics")).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
