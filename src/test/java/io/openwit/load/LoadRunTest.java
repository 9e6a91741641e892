package io.openwit.load;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.openwit.load.LoadOptions.Protocol;
import io.openwit.load.Target.Received;
import io.openwit.load.Target.Reply;
import io.openwit.load.Target.Script;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
final class LoadRunTest {
    private static final int ROWS = 20;

    private final Script script = new Script();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void endThreads() throws InterruptedException {
        executor.shutdownNow();
        assertThat(executor.awaitTermination(5, SECONDS)).as("all lanes have ended").isTrue();
    }

    private Target target(Protocol protocol, int port) throws IOException {
        return switch (protocol) {
            case GRPC -> new GrpcTarget(port, script);
            case HTTP -> new HttpTarget(port, script);
        };
    }

    private Target target(Protocol protocol) throws IOException {
        return target(protocol, 0);
    }

    private static LoadOptions.Builder options(Protocol protocol, int port) {
        return LoadOptions.to("127.0.0.1:" + port, protocol)
                .runId("run-1")
                .seed(7)
                .signals(Signal.LOGS)
                .rowsPerRequest(ROWS)
                .connections(1)
                .duration(Duration.ofSeconds(20));
    }

    private LoadRun start(LoadOptions.Builder options) {
        LoadRun run = new LoadRun(options.build(), new SystemTime(), executor, new SplittableRandom(1));
        run.start();
        return run;
    }

    private LoadReport finish(LoadRun run) throws InterruptedException {
        assertThat(run.await(Duration.ofSeconds(25))).as("the run has finished").isTrue();
        return run.report();
    }

    private static void assertBooksBalance(LoadReport report) {
        for (LoadReport.SignalReport signal : report.signals().values()) {
            LoadCounts counts = signal.counts();
            long ended = counts.rowsAcknowledged() + counts.rowsRejected() + counts.rowsRefused();
            assertThat(ended + counts.rowsUnacknowledged())
                    .isEqualTo(counts.rowsSent());
            assertThat(rows(signal.acknowledged()) + rows(signal.partlyAcknowledged()) - counts.rowsRejected())
                    .isEqualTo(counts.rowsAcknowledged());
            assertThat(rows(signal.refused())).isEqualTo(counts.rowsRefused());
            assertThat(rows(signal.unacknowledged())).isEqualTo(counts.rowsUnacknowledged());
        }
    }

    private static long rows(List<RowRange> ranges) {
        return ranges.stream().mapToLong(RowRange::rows).sum();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void everyRowOfEverySignalArrivesOnceAndIsAcknowledged(Protocol protocol) throws Exception {
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port())
                    .signals(Signal.values())
                    .connections(3)
                    .maxRequests(30)));

            assertThat(report.finished()).isTrue();
            assertThat(report.total().rowsAcknowledged()).isEqualTo(30 * ROWS);
            assertThat(report.total().requestsRetried()).isZero();
            assertBooksBalance(report);
            for (Signal signal : Signal.values()) {
                assertThat(report.signals().get(signal).acknowledged()).containsExactly(new RowRange(0, 10 * ROWS - 1));
                Set<Long> seen = new HashSet<>();
                for (Received request : received(signal)) {
                    for (List<KeyValue> row : OtlpGeneratorTest.attributes(signal, request.body())) {
                        seen.add(OtlpGeneratorTest.value(row, "load.seq").getValue().getIntValue());
                    }
                }
                assertThat(received(signal)).hasSize(10);
                assertThat(seen).containsExactlyInAnyOrderElementsOf(LongStream.range(0, 10 * ROWS).boxed().toList());
            }
            assertThat(report.total().bytesAcknowledged())
                    .isEqualTo(script.received().stream().mapToLong(request -> request.body().length).sum())
                    .isEqualTo(report.total().bytesSent());
            assertThat(report.latency().p50Nanos()).isPositive();
            assertThat(report.latency().p999Nanos())
                    .isBetween(report.latency().p50Nanos(), report.latency().maxNanos());
            assertThat(report.cpu()).isPositive();
        }
    }

    private List<Received> received(Signal signal) {
        return script.received().stream().filter(request -> request.signal() == signal).toList();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aThrottledRequestIsSentAgainUnchangedAndNotBeforeTheDelayIsOver(Protocol protocol) throws Exception {
        // HTTP has no shorter one.
        Duration delay = protocol == Protocol.HTTP ? Duration.ofSeconds(1) : Duration.ofMillis(300);
        script.then(new Reply.Busy(delay), new Reply.OverQuota(delay));
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port()).maxRequests(1)));

            List<Received> sent = script.received();
            assertThat(sent).hasSize(3);
            assertThat(sent.get(1).body()).isEqualTo(sent.get(0).body());
            assertThat(sent.get(2).body()).isEqualTo(sent.get(0).body());
            assertThat(sent.get(1).atNanos() - sent.get(0).atNanos()).isGreaterThan(delay.toNanos());
            assertThat(sent.get(2).atNanos() - sent.get(1).atNanos()).isGreaterThan(delay.toNanos());
            assertThat(report.total().requestsThrottled()).isEqualTo(2);
            assertThat(report.total().requestsRetried()).isEqualTo(2);
            assertThat(report.total().rowsAcknowledged()).isEqualTo(ROWS);
            assertThat(report.latency().maxNanos()).as("the wait counts").isGreaterThan(2 * delay.toNanos());
            assertBooksBalance(report);
        }
    }

    @Test
    void httpWithoutRetryAfterIsSentAgainWithBackoff() throws Exception {
        script.then(new Reply.Busy(Duration.ZERO), new Reply.OverQuota(Duration.ZERO), new Reply.Busy(Duration.ZERO));
        try (Target target = target(Protocol.HTTP)) {
            LoadReport report = finish(start(options(Protocol.HTTP, target.port()).maxRequests(1)));

            List<Received> sent = script.received();
            assertThat(sent).hasSize(4);
            // 50 ms doubled: the third wait is 100 to 200 ms.
            assertThat(sent.get(3).atNanos() - sent.get(2).atNanos())
                    .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
            assertThat(report.total().rowsAcknowledged()).isEqualTo(ROWS);
        }
    }

    @Test
    void grpcIsRefusedForGoodWhenTheQuotaSaysNothingOfADelayAndUnavailableIsNot() throws Exception {
        script.then(new Reply.OverQuota(Duration.ZERO), new Reply.Busy(Duration.ZERO));
        try (Target target = target(Protocol.GRPC)) {
            LoadReport report = finish(start(options(Protocol.GRPC, target.port()).maxRequests(2)));

            assertThat(report.signals().get(Signal.LOGS).refused()).containsExactly(new RowRange(0, ROWS - 1));
            assertThat(report.signals().get(Signal.LOGS).acknowledged())
                    .containsExactly(new RowRange(ROWS, 2 * ROWS - 1));
            assertThat(report.firstRefusal()).contains("RESOURCE_EXHAUSTED");
            assertThat(report.total().requestsRetried()).isEqualTo(1);
            assertBooksBalance(report);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aRefusedRequestIsCountedAndNotSentAgain(Protocol protocol) throws Exception {
        script.then(new Reply.Bad("rows of no use"));
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port()).maxRequests(3).duplicates(1)));

            assertThat(report.total().requestsRefused()).isEqualTo(1);
            assertThat(report.total().rowsRefused()).isEqualTo(ROWS);
            assertThat(report.total().rowsAcknowledged()).isEqualTo(2 * ROWS);
            assertThat(report.firstRefusal()).contains("logs refused").contains("rows of no use");
            assertThat(script.received()).as("one refused, two acknowledged and sent twice").hasSize(5);
            assertBooksBalance(report);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void rejectedRowsAreNotAcknowledgedAndTheirRangeIsKeptApart(Protocol protocol) throws Exception {
        script.then(
                new Reply.Ok(new byte[0]),
                new Reply.Ok(partialSuccess(3, "three are too old")),
                new Reply.Ok(partialSuccess(0, "only a warning")));
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port()).maxRequests(3)));

            LoadReport.SignalReport logs = report.signals().get(Signal.LOGS);
            assertThat(logs.counts().rowsRejected()).isEqualTo(3);
            assertThat(logs.counts().rowsAcknowledged()).isEqualTo(3 * ROWS - 3);
            assertThat(logs.partlyAcknowledged()).containsExactly(new RowRange(ROWS, 2 * ROWS - 1));
            assertThat(logs.acknowledged())
                    .containsExactly(new RowRange(0, ROWS - 1), new RowRange(2 * ROWS, 3 * ROWS - 1));
            assertThat(report.firstRefusal()).contains("rejected 3 rows").contains("three are too old");
            assertBooksBalance(report);
        }
    }

    private static byte[] partialSuccess(long rejected, String message) {
        return ExportLogsServiceResponse.newBuilder()
                .setPartialSuccess(ExportLogsPartialSuccess.newBuilder()
                        .setRejectedLogRecords(rejected)
                        .setErrorMessage(message))
                .build()
                .toByteArray();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void anOkThatCannotBeReadIsNoAcknowledgement(Protocol protocol) throws Exception {
        script.then(new Reply.Ok(new byte[] {0x0A, 0x7F, 1}));
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port()).maxRequests(1)));

            assertThat(script.received()).hasSize(2);
            assertThat(report.total().requestsRetried()).isEqualTo(1);
            assertThat(report.lastTrouble()).contains("undecodable");
        }
    }

    @Test
    void aCutConnectionIsOpenedAgainAndTheRequestSentAgain() throws Exception {
        script.then(new Reply.Ok(new byte[0]), new Reply.Cut());
        try (Target target = target(Protocol.HTTP)) {
            LoadReport report = finish(start(options(Protocol.HTTP, target.port()).maxRequests(3)));

            List<Received> sent = script.received();
            assertThat(sent).hasSize(4);
            assertThat(sent.get(2).body()).isEqualTo(sent.get(1).body());
            assertThat(((HttpTarget) target).connections()).as("kept alive but for the cut").isEqualTo(2);
            assertThat(report.total().rowsAcknowledged()).isEqualTo(3 * ROWS);
            assertThat(report.total().requestsRetried()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aTargetThatDiesAndReturnsOnItsPortIsFoundAgain(Protocol protocol) throws Exception {
        Target first = target(protocol);
        int port = first.port();
        try (LoadRun run = start(options(protocol, port).connections(4))) {
            await().until(() -> run.progress().counts().requestsAcknowledged() > 20);
            first.close();
            await().until(() -> run.progress().counts().requestsRetried() >= 4);
            long before = run.progress().counts().requestsAcknowledged();

            try (Target second = target(protocol, port)) {
                assertThat(second.port()).isEqualTo(port);
                await().atMost(5, SECONDS)
                        .until(() -> run.progress().counts().requestsAcknowledged() > before + 20);
                run.stop();
                LoadReport report = finish(run);

                assertThat(report.total().rowsUnacknowledged()).isZero();
                assertThat(report.signals().get(Signal.LOGS).acknowledged())
                        .containsExactly(new RowRange(0, report.total().rowsSent() - 1));
                assertThat(report.lastTrouble()).isNotEmpty();
                assertBooksBalance(report);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatIsNotAnsweredBeforeTheRunGivesUpIsReportedAsUnacknowledged(Protocol protocol) throws Exception {
        script.then(new Reply.Ok(new byte[0]), new Reply.Silence(), new Reply.Silence(), new Reply.Silence());
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port())
                    .duration(Duration.ofSeconds(2))
                    .grace(Duration.ofMillis(300))
                    .requestTimeout(Duration.ofSeconds(2))));

            LoadReport.SignalReport logs = report.signals().get(Signal.LOGS);
            assertThat(report.finished()).isTrue();
            assertThat(logs.acknowledged()).containsExactly(new RowRange(0, ROWS - 1));
            assertThat(logs.unacknowledged()).containsExactly(new RowRange(ROWS, 2 * ROWS - 1));
            assertThat(report.total().requestsUnacknowledged()).isEqualTo(1);
            assertThat(report.elapsed()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(15));
            assertBooksBalance(report);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void nothingListensAndTheRunStillEndsWithItsAccount(Protocol protocol) throws Exception {
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
        }

        LoadReport report = finish(start(
                options(protocol, port).duration(Duration.ofMillis(200)).grace(Duration.ofMillis(500))));

        assertThat(report.total().rowsSent()).isEqualTo(ROWS);
        assertThat(report.total().rowsUnacknowledged()).isEqualTo(ROWS);
        assertThat(report.total().requestsRetried()).isPositive();
        assertThat(report.lastTrouble()).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void duplicatesAreSentAfterTheirAcknowledgementAndChangeNothingOfIt(Protocol protocol) throws Exception {
        try (Target target = target(protocol)) {
            LoadReport report =
                    finish(start(options(protocol, target.port()).maxRequests(200).duplicates(0.2)));

            List<Received> sent = script.received();
            long repeats = 0;
            for (int i = 1; i < sent.size(); i++) {
                repeats += Arrays.equals(sent.get(i).body(), sent.get(i - 1).body()) ? 1 : 0;
            }
            assertThat(repeats).isEqualTo(sent.size() - 200L).isBetween(15L, 70L);
            assertThat(report.total().duplicateRequests()).isEqualTo(repeats);
            assertThat(report.total().duplicateRows()).isEqualTo(repeats * ROWS);
            assertThat(report.total().rowsAcknowledged()).isEqualTo(200 * ROWS);
            assertThat(report.total().requestsRetried()).isZero();
            assertBooksBalance(report);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void tokenAndTenantTravelWithEachRequest(Protocol protocol) throws Exception {
        try (Target target = target(protocol)) {
            finish(start(options(protocol, target.port())
                    .maxRequests(2)
                    .token("secret-1")
                    .tenant(new TenantId("acme"))));

            assertThat(script.received()).hasSize(2).allSatisfy(request -> {
                assertThat(request.authorization()).isEqualTo("Bearer secret-1");
                assertThat(request.tenant()).isEqualTo("acme");
            });
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aRateIsHeld(Protocol protocol) throws Exception {
        try (Target target = target(protocol)) {
            LoadReport report = finish(start(options(protocol, target.port())
                    .connections(2)
                    .rowsPerSecond(2_000)
                    .duration(Duration.ofSeconds(2))));

            // Every 10 ms one, the first at once; none is begun after the end, and a stalled machine may miss some.
            assertThat(report.total().requestsAcknowledged()).isBetween(50L, 200L);
            assertBooksBalance(report);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void closeBreaksOffWhatIsInFlight(Protocol protocol) throws Exception {
        script.then(new Reply.Silence(), new Reply.Silence());
        try (Target target = target(protocol)) {
            LoadRun run = start(options(protocol, target.port()).connections(2));
            await().until(() -> script.received().size() == 2);

            run.close();

            assertThat(run.await(Duration.ofSeconds(5))).isTrue();
            assertThat(run.report().total().requestsUnacknowledged()).isEqualTo(2);
            assertThat(run.report().total().requestsAcknowledged()).isZero();
        }
    }

    @Test
    void aReportTakenWhileTheRunGoesOnHasWhatIsInFlightAsUnacknowledged() throws Exception {
        script.then(new Reply.Ok(new byte[0]), new Reply.Silence());
        try (Target target = target(Protocol.HTTP);
                LoadRun run = start(options(Protocol.HTTP, target.port()))) {
            await().until(() -> script.received().size() == 2);

            LoadReport report = run.report();

            assertThat(report.finished()).isFalse();
            assertThat(report.signals().get(Signal.LOGS).acknowledged()).containsExactly(new RowRange(0, ROWS - 1));
            assertThat(report.signals().get(Signal.LOGS).unacknowledged())
                    .containsExactly(new RowRange(ROWS, 2 * ROWS - 1));
        }
    }

    @Test
    void aRunStartsOnceAndOneThatNeverStartedCanBeClosed() throws Exception {
        LoadRun run = new LoadRun(
                options(Protocol.HTTP, 1).build(), new SystemTime(), executor, new SplittableRandom(1));

        run.close();

        assertThat(run.await(Duration.ZERO)).isTrue();
        assertThatThrownBy(run::start).isInstanceOf(IllegalStateException.class).hasMessageContaining("run-1");
    }
}
