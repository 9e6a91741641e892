package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static io.openwit.storage.StorageNodeTest.metadata;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.openwit.model.Signal;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryDuringConversionTest {
    private static final int BATCHES = 30;
    private static final int ROWS = 50;

    @TempDir
    Path dir;

    @Test
    void whatWasAnsweredIsCountedOnceWhileRowsMoveToParquet() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir)).convert();
                RawPut put = storage.put().schema(Signal.LOGS)) {
            int queries = 0;
            for (int i = 1; i <= BATCHES; i++) {
                put.batch(metadata("acme", id(i), ROWS), SealedLogs.of("acme", ROWS, "b" + i));
                int sent = i;
                await().pollInterval(Duration.ofMillis(1)).until(() -> put.answered.size() == sent);
                assertThat(storage.number("select count(*) from logs")).isEqualTo((long) i * ROWS);
                assertThat(storage.number("select count(distinct body) from logs")).isEqualTo((long) i * ROWS);
                queries += 2;
            }
            assertThat(put.finish().isOk()).isTrue();
            assertThat(queries).isEqualTo(2 * BATCHES);
            await().until(() -> storage.node.pendingRows() == 0);
            assertThat(storage.number("select count(*) from logs")).isEqualTo((long) BATCHES * ROWS);
            assertThat(storage.telemetry.alarms().standing()).isEmpty();
        }
    }
}
