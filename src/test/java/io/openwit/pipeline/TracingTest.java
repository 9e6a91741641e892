package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A node tells another one, by OTLP, what it does with a request and with a batch.
class TracingTest {
    @Test
    @Timeout(120)
    void spansOfEveryStageArriveWhereTheyAreSentTo(@TempDir Path directory) throws Exception {
        try (NodeProcess observer = NodeProcess.start(
                directory, "standalone", Shape.common(directory.resolve("observer"), "o1"))) {
            Map<String, String> settings = Shape.common(directory.resolve("observed"), "n1");
            settings.put("observability.tracing.endpoint", observer.url("http", "").toString());
            try (NodeProcess observed = NodeProcess.start(directory, "standalone", settings)) {
                assertThat(Otlp.post(observed, "logs", Otlp.logs("shop", 0, 10)).statusCode()).isEqualTo(200);

                Set<String> stages = Set.of("authenticate", "decode", "batch", "append", "plan", "transfer", "store");
                await().atMost(Duration.ofSeconds(40))
                        .ignoreExceptionsInstanceOf(IOException.class)
                        .until(() -> names(Sql.of(observer).rows("select distinct name from traces")), names ->
                                names.containsAll(stages));
                assertThat(Sql.of(observer)
                                .number("select count(*) from traces where name = 'transfer' "
                                        + "and attributes['batch_id'] like 'n1-%'"))
                        .isPositive();
            }
        }
    }

    private static Set<String> names(List<JsonNode> rows) {
        return rows.stream().map(row -> row.get("name").asText()).collect(Collectors.toSet());
    }
}
