package io.openwit.ingest.handoff;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.openwit.ingest.handoff.FakeStorage.Received;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.ingest.wal.Follower;
import io.openwit.model.Batch;
import io.openwit.model.BatchId;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.arrow.flight.CallStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HandoffTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final Clocks CLOCKS = new Clocks() {
        @Override
        public long wallNanos() {
            return System.currentTimeMillis() * 1_000_000;
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    };

    @TempDir
    Path dir;

    private final Telemetry telemetry = new Telemetry(CLOCKS, OpenTelemetry.noop());
    private FollowedLog log;
    private FakeStorage storage;
    private Follower follower;
    private Handoff handoff;
    private Thread thread;
    private volatile boolean stopping;

    @BeforeEach
    void open() throws Exception {
        log = new FollowedLog(dir.resolve("data"), CLOCKS);
        storage = new FakeStorage(0);
    }

    @AfterEach
    void close() throws Exception {
        stopHandoff();
        storage.close();
        log.close();
    }

    @Test
    void aStockFlightServerReadsEveryBatchOfEverySignal() throws Exception {
        List<BatchId> ids = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            for (Signal signal : Signal.values()) {
                ids.add(append(TestBatches.of(signal, ACME, signal + " a" + i, signal + " b" + i)));
            }
        }

        start(config());

        awaitStored();
        assertThat(storage.received()).hasSize(150);
        assertThat(storage.streams()).isEqualTo(3);
        for (Received batch : storage.received()) {
            assertThat(batch.path()).isEqualTo(batch.texts().getFirst().split(" ")[0].toLowerCase(Locale.ROOT));
            assertThat(batch.texts()).hasSize(2);
        }
        assertThat(storage.timesReceived()).hasSize(150).containsOnlyKeys(ids.stream().map(BatchId::toString).toList());
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void theMetadataSaysWhatTheManualPromises() throws Exception {
        BatchId first = append(TestBatches.logs(ACME, "a", "b"));
        start(config());
        awaitStored();
        BatchId second = append(TestBatches.logs(ACME, "c"));
        awaitStored();

        String common = "\",\"tenant\":\"acme\",\"signal\":\"logs\",\"rows\":";
        String sender = ",\"sender\":\"n1\",\"sender_epoch\":" + log.epoch();
        assertThat(storage.received())
                .extracting(Received::metadata)
                .containsExactly(
                        "{\"batch_id\":\"" + first + common + "2" + sender + "}",
                        "{\"batch_id\":\"" + second + common + "1" + sender + ",\"settled\":\"" + first + "\"}");
    }

    @Test
    void duplicatesAreLeftOutAndABatchOfNothingElseIsNotSent() throws Exception {
        append(TestBatches.logs(ACME, "a", "b"));
        append(TestBatches.logs(ACME, "a", "b"));
        append(TestBatches.logs(ACME, "x", "b", "y"));

        start(config());

        awaitStored();
        assertThat(storage.received())
                .extracting(Received::texts)
                .containsExactly(List.of("a", "b"), List.of("x", "y"));
        assertThat(storage.received().getLast().metadata()).contains("\"rows\":2,");
    }

    @Test
    void thePositionIsTheEndOfTheAnsweredPrefix() throws Exception {
        CountDownLatch mayAnswerFirst = new CountDownLatch(1);
        Set<String> early = ConcurrentHashMap.newKeySet();
        BatchId first = append(TestBatches.logs(ACME, "a"));
        storage.react((id, answers) -> {
            if (!id.equals(first.toString())) {
                answers.answer(id);
                early.add(id);
            }
            if (early.size() == 2) {
                mayAnswerFirst.await();
                answers.answer(first.toString());
            }
        });
        append(TestBatches.logs(ACME, "b"));
        append(TestBatches.logs(ACME, "c"));
        start(config());

        await().atMost(5, SECONDS).until(() -> handoff.sentBytes() >= log.endBytes() && early.size() == 2);
        assertThat(handoff.storedBytes()).isLessThan(log.endBytes());
        assertThat(storage.timesReceived()).containsValue(1).hasSize(3);

        mayAnswerFirst.countDown();
        awaitStored();
    }

    @Test
    void aBatchWhoseAnswerIsLostComesAgainWithTheSameIdAndNoOtherDoes() throws Exception {
        CountDownLatch third = new CountDownLatch(1);
        storage.react((id, answers) -> {
            if (answers.before() == 2) {
                third.countDown();
            } else {
                answers.answer(id);
            }
        });
        BatchId first = append(TestBatches.logs(ACME, "a"));
        BatchId second = append(TestBatches.logs(ACME, "b"));
        BatchId unanswered = append(TestBatches.logs(ACME, "c"));
        try (CutProxy proxy = new CutProxy(storage.port())) {
            start(HandoffConfig.to(new FlightEndpoint("127.0.0.1", proxy.port())));
            assertThat(third.await(5, SECONDS)).isTrue();
            await().atMost(5, SECONDS).until(() -> handoff.storedBytes() > 0);

            proxy.cut();
            await().atMost(5, SECONDS).until(() -> telemetry.alarms().standing().containsKey("storage-unreachable"));
            proxy.mend();

            awaitStored();
            assertThat(storage.timesReceived())
                    .isEqualTo(Map.of(first.toString(), 1, second.toString(), 1, unanswered.toString(), 2));
            assertThat(telemetry.alarms().standing()).isEmpty();
            stopHandoff();
        }
    }

    @Test
    void aServerThatHangsIsGivenUpAfterTheDeadlineAndTriedAgain() throws Exception {
        storage.react((id, answers) -> {});
        append(TestBatches.logs(ACME, "a"));

        start(withTimeout(Acknowledge.PER_BATCH, Duration.ofMillis(300)));

        await().atMost(5, SECONDS).untilAsserted(() -> assertThat(
                        telemetry.alarms().standing().getOrDefault("storage-unreachable", ""))
                .contains("silent for 300 ms")
                .contains("grpc://127.0.0.1:" + storage.port()));
        storage.react((id, answers) -> answers.answer(id));
        awaitStored();
        assertThat(storage.timesReceived()).hasSize(1);
        assertThat(storage.received()).hasSizeGreaterThan(1);
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void anEndpointWithoutAnswersIsTakenAtItsFinalWord() throws Exception {
        storage.react((id, answers) -> {});
        for (int i = 0; i < 10; i++) {
            append(TestBatches.logs(ACME, "row " + i));
        }

        start(withTimeout(Acknowledge.PER_STREAM, Duration.ofSeconds(10)));

        awaitStored();
        assertThat(storage.received()).hasSize(10);
        assertThat(storage.streams()).isBetween(3, 10);
    }

    @Test
    void aRefusedBatchIsNamedAndHoldsUpNoOther() throws Exception {
        storage.react((id, answers) -> {
            if (id.endsWith("-3")) {
                throw CallStatus.INVALID_ARGUMENT.withDescription("no such column").toRuntimeException();
            }
            answers.answer(id);
        });
        for (int i = 0; i < 10; i++) {
            append(TestBatches.logs(ACME, "row " + i));
        }
        String bad = log.ids().get(2).toString();
        assertThat(bad).endsWith("-3");

        start(config());

        await().atMost(5, SECONDS).untilAsserted(() -> {
            assertThat(telemetry.alarms().standing().getOrDefault("batch-refused", ""))
                    .contains(bad)
                    .contains("no such column");
            assertThat(storage.timesReceived()).hasSize(10);
        });
        append(TestBatches.logs(ACME, "later"));
        await().atMost(5, SECONDS).until(() -> storage.timesReceived().size() == 11);
        assertThat(handoff.storedBytes()).isLessThan(log.endBytes());

        storage.react((id, answers) -> answers.answer(id));
        awaitStored();
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void anAnswerForABatchThatWasNeverSentEndsTheStream() throws Exception {
        storage.react((id, answers) -> answers.answer(storage.streams() > 1 ? id : "n1-00000000-1-99"));
        append(TestBatches.logs(ACME, "a"));

        start(config());

        awaitStored();
        assertThat(storage.streams()).isEqualTo(2);
        assertThat(telemetry
                        .metrics()
                        .handoffBatches
                        .labelValues("grpc://127.0.0.1:" + storage.port(), "unknown_answer")
                        .get())
                .isEqualTo(1);
    }

    @Test
    void aStaleSenderIsToldSoAndKeepsTrying() throws Exception {
        storage.react((id, answers) -> {
            throw Status.ABORTED.withDescription("epoch 9 has been here").asRuntimeException();
        });
        append(TestBatches.logs(ACME, "a"));

        start(config());

        await().atMost(5, SECONDS)
                .untilAsserted(() -> assertThat(telemetry.alarms().standing().getOrDefault("stale-sender", ""))
                        .contains("epoch 9 has been here"));
        storage.react((id, answers) -> answers.answer(id));
        awaitStored();
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void theTokenIsReadAnewForEachStream() throws Exception {
        Path token = Files.writeString(dir.resolve("token"), "first\n");
        storage.react((id, answers) -> {
            if (storage.streams() == 1) {
                Files.writeString(token, "second\n");
                throw CallStatus.UNAUTHENTICATED.toRuntimeException();
            }
            answers.answer(id);
        });
        append(TestBatches.logs(ACME, "a"));

        start(new HandoffConfig(
                endpoint(), Optional.of(token), Acknowledge.PER_BATCH, 4, 1 << 20, Duration.ofSeconds(5)));

        awaitStored();
        assertThat(storage.tokens()).containsExactly("Bearer first", "Bearer second");
    }

    @Test
    void aRestartSendsWhatHadNoForcedAnswerAndNothingElse() throws Exception {
        append(TestBatches.logs(ACME, "a"));
        start(config());
        awaitStored();
        stopHandoff();
        append(TestBatches.logs(ACME, "b"));

        start(config());

        awaitStored();
        assertThat(storage.received()).extracting(Received::texts).containsExactly(List.of("a"), List.of("b"));
    }

    private BatchId append(Batch batch) throws IOException {
        return log.append(batch);
    }

    private FlightEndpoint endpoint() {
        return new FlightEndpoint("127.0.0.1", storage.port());
    }

    private HandoffConfig config() {
        return HandoffConfig.to(endpoint());
    }

    private HandoffConfig withTimeout(Acknowledge acknowledge, Duration answerTimeout) {
        return new HandoffConfig(endpoint(), Optional.empty(), acknowledge, 4, 1 << 20, answerTimeout);
    }

    private void start(HandoffConfig config) throws IOException {
        follower = log.follower("handoff", true);
        handoff = new Handoff(config, follower, FollowedLog.NODE, log.epoch(), CLOCKS, new Random(1), telemetry);
        stopping = false;
        thread = new Thread(() -> {
            while (!stopping) {
                if (!handoff.step()) {
                    handoff.awaitWork(20_000_000);
                }
            }
        });
        thread.start();
    }

    private void stopHandoff() throws InterruptedException, IOException {
        if (thread != null) {
            stopping = true;
            thread.join();
            thread = null;
            handoff.close();
        }
    }

    private void awaitStored() {
        await().atMost(8, SECONDS).until(() -> handoff.storedBytes() >= log.endBytes());
    }
}
