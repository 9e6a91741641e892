package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Postgres is off the acknowledgement path: without it a node that has a log goes on, with an alarm, and also starts.
class PostgresAwayTest {
    @Test
    @Timeout(120)
    void aNodeThatHasALogGoesOnAndStartsWithoutPostgres(@TempDir Path directory) throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put("shutdown.timeout_ms", "500");
        EmbeddedPostgres postgres = EmbeddedPostgres.builder().start();
        settings.put("metastore.postgres.connection_string", Shape.connectionString(postgres));
        try (NodeProcess node = NodeProcess.start(directory, "standalone", settings)) {
            assertThat(Otlp.post(node, "logs", Otlp.logs("shop", 0, 10)).statusCode()).isEqualTo(200);
            postgres.close();

            assertThat(Otlp.post(node, "logs", Otlp.logs("shop", 10, 10)).statusCode()).isEqualTo(200);
            await().atMost(Duration.ofSeconds(30)).until(() -> ready(node).contains("postgres-unreachable"));
            assertThat(node.terminate()).isZero();
        }

        try (NodeProcess again = NodeProcess.start(directory, "standalone", settings)) {
            assertThat(ready(again)).contains("postgres-unreachable");
            assertThat(Otlp.post(again, "logs", Otlp.logs("shop", 20, 10)).statusCode()).isEqualTo(200);
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> Sql.of(again).number("select count(*) from logs"), count -> count == 30);
        }
    }

    private static String ready(NodeProcess node) throws IOException, InterruptedException {
        return Otlp.HTTP
                .send(
                        HttpRequest.newBuilder(node.url("admin", "/health/ready")).build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
