package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Storage is away for 20 s: acknowledgements go on, then everything arrives.
class StorageAwayTest {
    private static final Duration AWAY = Duration.ofSeconds(20);
    private static final int ROWS_PER_REQUEST = 100;

    @Test
    @Timeout(150)
    void acknowledgementsGoOnAndEverythingArrives(@TempDir Path directory) throws Exception {
        Map<String, String> storageSettings = Shape.common(directory.resolve("storage"), "s1");
        NodeProcess storage = NodeProcess.start(directory, "storage", storageSettings);
        storageSettings.put("storage_node.flight.bind_addr", storage.door("flight"));
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().start()) {
            Map<String, String> ingestSettings = Shape.common(directory.resolve("ingest"), "n1");
            ingestSettings.put("handoff.flight.endpoint", "grpc://" + storage.door("flight"));
            ingestSettings.put("metastore.postgres.connection_string", Shape.connectionString(postgres));
            try (NodeProcess ingest = NodeProcess.start(directory, "ingest", ingestSettings)) {
                Map<String, String> gatewaySettings = Shape.common(directory.resolve("gateway"), "g1");
                gatewaySettings.put("gateway.ingest_nodes", "[" + ingest.door("bulk") + "]");
                try (NodeProcess gateway = NodeProcess.start(directory, "gateway", gatewaySettings)) {
                    int sent = send(gateway, 0, 20);
                    storage.kill();

                    long end = System.nanoTime() + AWAY.toNanos();
                    while (System.nanoTime() < end) {
                        sent = send(gateway, sent, 5);
                        TimeUnit.MILLISECONDS.sleep(100);
                    }
                    storage = NodeProcess.start(directory, "storage", storageSettings);

                    int expected = sent;
                    Sql sql = Sql.of(storage);
                    await().atMost(Duration.ofSeconds(60))
                            .ignoreExceptionsInstanceOf(IOException.class)
                            .until(() -> sql.number("select count(*) from logs"), count -> count >= expected);
                    assertThat(sql.number("select count(*) from logs")).isEqualTo(expected);
                    assertThat(sql.number("select count(distinct attributes['n']) from logs")).isEqualTo(expected);
                }
            }
        } finally {
            storage.close();
        }
    }

    /// Sends requests, each of which must be acknowledged; returns the number of the next row.
    private static int send(NodeProcess gateway, int first, int requests) throws IOException, InterruptedException {
        int next = first;
        for (int i = 0; i < requests; i++) {
            assertThat(Otlp.post(gateway, "logs", Otlp.logs("shop", next, ROWS_PER_REQUEST)).statusCode())
                    .isEqualTo(200);
            next += ROWS_PER_REQUEST;
        }
        return next;
    }
}
