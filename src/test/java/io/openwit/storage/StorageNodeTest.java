package io.openwit.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageNodeTest {
    @TempDir
    Path dir;

    static String metadata(String tenant, String id, int rows) {
        return "{\"batch_id\":\"" + id + "\",\"tenant\":\"" + tenant + "\",\"signal\":\"logs\",\"rows\":" + rows + "}";
    }

    static String metadata(String tenant, String id, int rows, int epoch) {
        return metadata(tenant, id, rows).replace("}", ",\"sender\":\"n1\",\"sender_epoch\":" + epoch + "}");
    }

    static String id(int sequence) {
        return "n1-5e0f93aa-3-" + sequence;
    }

    List<Path> files(String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    @Test
    void aBatchIsSeenBySqlAsSoonAsItIsAnswered() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir));
                RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 10), SealedLogs.of("acme", 10, "a"));
            put.batch(metadata("acme", id(2), 5), SealedLogs.of("acme", 5, "b"));

            assertThat(put.finish()).extracting(Status::getCode).isEqualTo(Status.Code.OK);
            assertThat(put.answered).containsExactly(id(1), id(2));
            assertThat(storage.number("select count(*) from logs")).isEqualTo(15);
            assertThat(storage.json("select event_time, time, body, batch_id, trace_id, attributes, flags, service_name "
                            + "from logs where body in ('a-2', 'b-0') order by body"))
                    .isEqualTo("[\n{\"event_time\":\"2026-01-01T00:00:00.000000002Z\",\"time\":null,\"body\":\"a-2\","
                            + "\"batch_id\":\"n1-5e0f93aa-3-1\",\"trace_id\":\"ab000000000000000000000000000002\","
                            + "\"attributes\":{\"code\":\"200\",\"a\":\"yes\"},\"flags\":1,"
                            + "\"service_name\":\"service-acme\"},\n"
                            + "{\"event_time\":\"2026-01-01T00:00:00.000000000Z\","
                            + "\"time\":\"2026-01-01T00:00:00.000000000Z\",\"body\":\"b-0\","
                            + "\"batch_id\":\"n1-5e0f93aa-3-2\",\"trace_id\":\"ab000000000000000000000000000000\","
                            + "\"attributes\":{\"code\":\"200\",\"b\":\"yes\"},\"flags\":1,"
                            + "\"service_name\":\"service-acme\"}\n]\n");
        }
    }

    @Test
    void emptyStorageHasViewsWithColumnsAndWithoutRows() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            assertThat(storage.json("select batch_id, event_time, body from logs")).isEqualTo("[]\n");
            assertThat(storage.number("select count(*) from traces")).isZero();
            assertThat(storage.json("select batch_id, explicit_bounds, exemplars from metrics")).isEqualTo("[]\n");
        }
    }

    @Test
    void aBatchThatComesAgainIsAnsweredAndStoredOnce() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir))) {
            for (int i = 0; i < 2; i++) {
                try (RawPut put = storage.put().schema(Signal.LOGS)) {
                    put.batch(metadata("acme", id(1), 10), SealedLogs.of("acme", 10, "a"));
                    put.batch(metadata("acme", id(1), 10), SealedLogs.of("acme", 10, "a"));
                    assertThat(put.finish().isOk()).isTrue();
                    assertThat(put.answered).containsExactly(id(1), id(1));
                }
                assertThat(storage.number("select count(*) from logs")).isEqualTo(10);
                storage.convertAll();
                assertThat(storage.number("select count(*) from logs")).isEqualTo(10);
            }
        }
        try (RunningStorage again = RunningStorage.start(RunningStorage.eager(dir));
                RawPut put = again.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 10), SealedLogs.of("acme", 10, "a"));
            assertThat(put.finish().isOk()).isTrue();
            assertThat(again.number("select count(*) from logs")).isEqualTo(10);
        }
    }

    @Test
    void parquetLiesByTenantSignalAndDayOfTheNewestRowAndIsWholeAfterARestart() throws Exception {
        long nextDay = SealedLogs.MIDNIGHT + 86_400_000_000_000L - 2;
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir));
                RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 2), SealedLogs.of("acme", 2, "a"));
            put.batch(metadata("acme", id(2), 5), SealedLogs.of("acme", 5, "b", nextDay));
            put.batch(metadata("other", id(3), 3), SealedLogs.of("other", 3, "c"));
            assertThat(put.finish().isOk()).isTrue();
            storage.convertAll();
            assertThat(files(".land")).isEmpty();
            assertThat(files(".parquet").stream().map(file -> dir.relativize(file.getParent()).toString()))
                    .containsExactlyInAnyOrder(
                            "parquet/tenant=acme/signal=logs/day=2026-01-01",
                            "parquet/tenant=acme/signal=logs/day=2026-01-02",
                            "parquet/tenant=other/signal=logs/day=2026-01-01");
        }
        try (RunningStorage again = RunningStorage.start(RunningStorage.eager(dir))) {
            assertThat(again.number("select count(*) from logs")).isEqualTo(10);
            assertThat(again.json("select batch_id, count(*) as n, min(attributes['code']) as code from logs "
                            + "group by 1 order by 1"))
                    .contains("{\"batch_id\":\"n1-5e0f93aa-3-2\",\"n\":5,\"code\":\"200\"}");
        }
    }

    @Test
    void aTenantSeesItsOwnRowsAlone() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(dir));
                RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
            put.batch(metadata("other", id(2), 3), SealedLogs.of("other", 3, "b"));
            assertThat(put.finish().isOk()).isTrue();
            Visible acme = Visible.only(new TenantId("acme"));
            Visible nobody = new Visible.Only(Set.of());
            for (int i = 0; i < 2; i++) {
                assertThat(storage.json("select distinct tenant from logs", acme))
                        .isEqualTo("[\n{\"tenant\":\"acme\"}\n]\n");
                assertThat(storage.number("select count(*) from logs", acme)).isEqualTo(4);
                assertThat(storage.number("select count(*) from logs", nobody)).isZero();
                assertThat(storage.number("select count(*) from logs")).isEqualTo(7);
                storage.convertAll();
            }
        }
    }

    @Test
    void aStaleSenderIsRefusedAndItsReplaysAreTaken() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 1, 4), SealedLogs.of("acme", 1, "a"));
                assertThat(put.finish().isOk()).isTrue();
            }
        }
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(2), 1, 3), SealedLogs.of("acme", 1, "b"));
                assertThat(put.status().getCode()).isEqualTo(Status.Code.ABORTED);
                assertThat(put.status().getDescription()).contains(id(2)).contains("epoch 3").contains("epoch 4");
            }
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(3), 1), SealedLogs.of("acme", 1, "c"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.number("select count(*) from logs")).isEqualTo(2);
        }
    }

    @Test
    void withoutTheTokenNoMessageIsRead() throws Exception {
        try (RunningStorage storage =
                new RunningStorage(RunningStorage.config(dir), Optional.of("secret"::equals))) {
            try (RawPut put = new RawPut(storage.node.port(), "wrong")) {
                assertThat(put.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            }
            try (RawPut put = new RawPut(storage.node.port(), "")) {
                assertThat(put.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            }
            try (RawPut put = new RawPut(storage.node.port(), "secret")) {
                put.schema(Signal.LOGS).batch(metadata("acme", id(1), 1), SealedLogs.of("acme", 1, "a"));
                assertThat(put.finish().isOk()).isTrue();
            }
        }
    }
}
