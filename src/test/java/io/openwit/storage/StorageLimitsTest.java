package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static io.openwit.storage.StorageNodeTest.metadata;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageLimitsTest {
    @TempDir
    Path dir;

    private StorageConfig tight() {
        return new StorageConfig(
                dir,
                "127.0.0.1",
                0,
                Duration.ofHours(1),
                10,
                1 << 20,
                20,
                1 << 20,
                2,
                1 << 20,
                256L << 20,
                1,
                Duration.ofSeconds(10),
                1000,
                1);
    }

    @Test
    void withTooManyRowsBehindTheStreamIsNotReadOnUntilParquetIsMade() throws Exception {
        try (RunningStorage storage = RunningStorage.start(tight());
                RawPut put = storage.put().schema(Signal.LOGS)) {
            for (int i = 1; i <= 6; i++) {
                put.batch(metadata("acme", id(i), 10), SealedLogs.of("acme", 10, "b" + i));
                int sent = i;
                await().until(() -> put.answered.size() == Math.min(sent, 3));
            }
            await().during(Duration.ofMillis(250)).until(() -> put.answered.size() == 3);
            assertThat(storage.node.pendingRows()).isEqualTo(30);

            storage.convert();

            assertThat(put.finish().isOk()).isTrue();
            assertThat(put.answered).hasSize(6);
            assertThat(storage.number("select count(*) from logs")).isEqualTo(60);
        }
    }

    @Test
    void oneStreamTooManyIsRefusedAndAnEndedOneMakesRoom() throws Exception {
        try (RunningStorage storage = RunningStorage.start(tight())) {
            List<RawPut> open = new ArrayList<>();
            for (int i = 1; i <= 2; i++) {
                RawPut put = storage.put().schema(Signal.LOGS);
                put.batch(metadata("acme", id(i), 1), SealedLogs.of("acme", 1, "b"));
                await().until(() -> put.answered.size() == 1);
                open.add(put);
            }
            try (RawPut put = storage.put()) {
                assertThat(put.status().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
            }
            open.getFirst().close();
            await().untilAsserted(() -> {
                try (RawPut put = storage.put().schema(Signal.LOGS)) {
                    assertThat(put.finish().isOk()).isTrue();
                }
            });
            open.getLast().close();
        }
    }

    @Test
    void aMessageBeyondTheLimitEndsItsStreamAlone() throws Exception {
        try (RunningStorage storage = RunningStorage.start(tight())) {
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.send(new byte[0], new byte[0], new byte[0], new byte[3 << 20]);
                // gRPC's answer and its reset of the stream race.
                assertThat(put.status().getCode()).isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED);
            }
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "b"));
                assertThat(put.finish().isOk()).isTrue();
            }
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsAnAlarmUntilItCan() throws Exception {
        try (RunningStorage storage = RunningStorage.start(tight())) {
            Path landing = dir.resolve("landing");
            Files.delete(landing);
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "b"));
                assertThat(put.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(put.status().getDescription()).contains(id(1)).contains("landing");
            }
            assertThat(storage.telemetry.alarms().standing()).containsKey("storage-write-failed");
            Files.createDirectory(landing);
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "b"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.telemetry.alarms().standing()).isEmpty();
            assertThat(storage.number("select count(*) from logs")).isEqualTo(1);
        }
    }

    @Test
    void conversionThatFailsIsAnAlarmAndIsTriedAgain() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir))) {
            Path tenant = dir.resolve("parquet/tenant=acme");
            Files.writeString(tenant, "in the way");
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "b"));
                assertThat(put.finish().isOk()).isTrue();
            }
            await().until(() -> {
                storage.node.converter().step();
                return storage.telemetry.alarms().standing().containsKey("storage-parquet-failed");
            });
            assertThat(storage.number("select count(*) from logs")).isEqualTo(1);

            Files.delete(tenant);
            storage.convertAll();

            assertThat(storage.telemetry.alarms().standing()).isEmpty();
            assertThat(storage.number("select count(*) from logs")).isEqualTo(1);
        }
    }

    @Test
    void batchesWhileAStopIsUnderWayAreAnsweredOrMayBeSentAgain() throws IOException, QueryFailedException {
        List<String> answered;
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir));
                RawPut put = storage.put().schema(Signal.LOGS)) {
            for (int i = 1; i <= 50; i++) {
                put.batch(metadata("acme", id(i), 1), SealedLogs.of("acme", 1, "b"));
            }
            storage.node.stop(Duration.ofMillis(1));
            put.ended.join();
            answered = List.copyOf(put.answered);
        }
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            String stored = storage.json("select batch_id from logs");
            assertThat(answered).allSatisfy(id -> assertThat(stored).contains("\"" + id + "\""));
        }
    }
}
