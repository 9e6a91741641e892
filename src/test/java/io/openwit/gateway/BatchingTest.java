package io.openwit.gateway;

import static io.openwit.gateway.GatewayFixture.ACME;
import static io.openwit.gateway.GatewayFixture.QUARTER;
import static io.openwit.gateway.GatewayFixture.TIMEOUT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.gateway.FakeNode.Offer;
import io.openwit.gateway.GatewayFixture.Call;
import io.openwit.gateway.GatewayFixture.Limits;
import io.openwit.model.BatchHeader;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// When a batch closes, and what may stand in one.
class BatchingTest {
    private static final Duration TICK = Duration.ofMillis(1);

    private GatewayFixture at = new GatewayFixture();

    private void with(Limits limits) {
        at.close();
        at = new GatewayFixture(limits);
    }

    @AfterEach
    void close() {
        at.finish();
        at.assertBooksBalance();
        at.close();
    }

    @Test
    void aLoneRequestIsSealedAtOnceAndAnsweredOnlyWhenItIsDurable() {
        Call call = at.send(LogsRequest.of(3));
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.rows()).isEqualTo(3);
        assertThat(offer.batch().header().tenant()).isEqualTo(ACME);
        assertThat(call.waits()).isTrue();

        offer.accept();
        assertThat(call.outcome()).isEqualTo(new Accepted(3, 0, 0, ""));
    }

    @Test
    void aTrickleWaitsForAQuarterOfTheTimeout() {
        at.sealOne(ACME);

        Call first = at.send(LogsRequest.of(1));
        at.run();
        at.clocks.advance(QUARTER.minus(TICK));
        Call second = at.send(LogsRequest.of(1));
        at.run();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.clocks.advance(TICK);
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.parts()).isEqualTo(2);
        offer.accept();
        assertThat(List.of(first.outcome(), second.outcome())).containsOnly(new Accepted(1, 0, 0, ""));
    }

    @Test
    void anotherTenantDoesNotWaitForTheFirstOnesQuarter() {
        at.sealOne(ACME);

        at.send(LogsRequest.of(1), new TenantId("other"), "grpc");
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.batch().header().tenant()).isEqualTo(new TenantId("other"));
        offer.accept();
    }

    @Test
    void aBatchThatIsWorthSealingDoesNotWait() {
        at.sealOne(ACME);

        at.send(LogsRequest.of(Worker.WORTH_SEALING_ROWS - 1));
        at.run();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.send(LogsRequest.of(1));
        at.run();
        Offer offer = at.node().next();
        assertThat(offer.rows()).isEqualTo(Worker.WORTH_SEALING_ROWS);
        offer.accept();
    }

    @Test
    void aBatchClosesAtTheTimeoutHoweverLatelyOthersWereSealed() {
        at.sealOne(ACME);
        Call slow = at.send(LogsRequest.of(1), ACME, "http");
        at.run();
        // The same tenant and signal is sealed again and again, so the last quarter never passes.
        Duration step = QUARTER.minus(TICK);
        Duration waited = Duration.ZERO;
        while (waited.plus(step).compareTo(TIMEOUT) < 0) {
            at.clocks.advance(step);
            waited = waited.plus(step);
            at.send(LogsRequest.of(Worker.WORTH_SEALING_ROWS));
            at.run();
            Offer busy = at.node().next();
            assertThat(busy.rows()).isEqualTo(Worker.WORTH_SEALING_ROWS);
            busy.accept();
        }
        assertThat(slow.waits()).isTrue();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.clocks.advance(TIMEOUT.minus(waited));
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.rows()).isEqualTo(1);
        offer.accept();
        slow.outcome();
    }

    @Test
    void aBatchClosesAtBatchSizeAndTakesTheLastPartWhole() {
        at.sealOne(ACME);
        // Read in one step: only the number of rows can close a batch between them.
        List<Call> calls = IntStream.range(0, 4)
                .mapToObj(i -> at.send(LogsRequest.of(400)))
                .toList();

        at.worker.step();

        Offer full = at.node().next();
        assertThat(full.rows()).isEqualTo(1200);
        assertThat(full.parts()).isEqualTo(3);
        assertThat(at.nothingMoreWasSealed()).isTrue();
        full.accept();
        assertThat(calls.get(2).outcome()).isEqualTo(new Accepted(400, 0, 0, ""));
        assertThat(calls.get(3).waits()).isTrue();

        at.clocks.advance(QUARTER);
        at.run();
        at.node().next().accept();
        assertThat(calls.get(3).outcome()).isEqualTo(new Accepted(400, 0, 0, ""));
    }

    @Test
    void aBatchClosesBeforeARequestThatWouldBringItPastItsBytes() {
        Limits limits = new Limits();
        limits.batchBytes = 10_000;
        with(limits);
        at.sealOne(ACME);
        Call first = at.send(LogsRequest.of(2, 3000));
        Call second = at.send(LogsRequest.of(3, 2000));

        at.worker.step();

        Offer before = at.node().next();
        assertThat(before.rows()).isEqualTo(2);
        before.accept();
        first.outcome();
        at.clocks.advance(QUARTER);
        at.run();
        Offer after = at.node().next();
        assertThat(after.rows()).isEqualTo(3);
        after.accept();
        second.outcome();
    }

    @Test
    void aHugePartIsCutAndItsPiecesHaveBatchesOfTheirOwn() {
        Limits limits = new Limits();
        limits.batchBytes = 10_000;
        with(limits);
        at.sealOne(ACME);
        Call neighbour = at.send(LogsRequest.of(1));
        Call huge = at.send(LogsRequest.of(50, 1000));
        at.worker.step();

        neighbourAlone(neighbour);
        int rows = 0;
        Set<Long> names = new HashSet<>();
        while (rows < 50) {
            assertThat(huge.waits()).isTrue();
            Offer piece = at.node().next();
            assertThat(piece.parts()).isEqualTo(1);
            assertThat(piece.rows()).isBetween(1, 11);
            names.add(piece.batch().header().partLow(0));
            rows += piece.rows();
            piece.accept();
        }

        assertThat(rows).isEqualTo(50);
        assertThat(names).hasSizeGreaterThan(4);
        assertThat(huge.outcome()).isEqualTo(new Accepted(50, 0, 0, ""));
        assertThat(at.nothingMoreWasSealed()).isTrue();
    }

    @Test
    void equalRowsAreToldApartAlsoWhereTheyStandInDifferentPieces() {
        Limits limits = new Limits();
        limits.batchBytes = 10_000;
        with(limits);
        byte[] request = LogsRequest.ofEqualRows(50, 1000);

        List<String> first = fingerprintsOf(request, 50);
        List<String> again = fingerprintsOf(request, 50);

        assertThat(new HashSet<>(first)).hasSize(50);
        // Pieces travel beside one another, so they come in any order.
        assertThat(again).containsExactlyInAnyOrderElementsOf(first);
    }

    private List<String> fingerprintsOf(byte[] request, int rows) {
        Call call = at.send(request);
        at.run();
        List<String> all = new ArrayList<>();
        int pieces = 0;
        while (all.size() < rows) {
            Offer piece = at.node().next();
            BatchHeader header = piece.batch().header();
            for (int row = 0; row < piece.rows(); row++) {
                all.add(header.fingerprintHigh(row) + ":" + header.fingerprintLow(row));
            }
            piece.accept();
            pieces++;
        }
        assertThat(pieces).isGreaterThan(1);
        assertThat(call.outcome()).isEqualTo(new Accepted(rows, 0, 0, ""));
        return all;
    }

    private void neighbourAlone(Call neighbour) {
        Offer alone = at.node().next();
        assertThat(alone.rows()).isEqualTo(1);
        alone.accept();
        neighbour.outcome();
    }

    @Test
    void aMalformedHugePartLeavesNoPiece() {
        Limits limits = new Limits();
        limits.batchBytes = 10_000;
        with(limits);
        byte[] whole = LogsRequest.of(50, 1000);
        byte[] cut = java.util.Arrays.copyOf(whole, whole.length + 1);
        cut[whole.length] = (byte) 0x0A; // a field without its length
        Call huge = at.send(cut);
        at.run();

        assertThat(huge.outcome()).isInstanceOf(Rejected.class);
        assertThat(at.nothingMoreWasSealed()).isTrue();
        assertThat(at.telemetry.metrics().openBatches.get()).isZero();
    }

    @Test
    void aMalformedRequestIsRolledBackAndItsNeighboursSurvive() {
        at.sealOne(ACME);
        Call before = at.send(LogsRequest.of(5));
        Call malformed = at.send(LogsRequest.cut(7));
        Call after = at.send(LogsRequest.of(6));
        at.run();
        assertThat(malformed.outcome())
                .isInstanceOfSatisfying(
                        Rejected.class, rejected -> assertThat(rejected.refusal()).isEqualTo(Refusal.MALFORMED));

        at.clocks.advance(QUARTER);
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.rows()).isEqualTo(11);
        assertThat(offer.parts()).isEqualTo(2);
        offer.accept();
        assertThat(before.outcome()).isEqualTo(new Accepted(5, 0, 0, ""));
        assertThat(after.outcome()).isEqualTo(new Accepted(6, 0, 0, ""));
    }

    @Test
    void aMalformedRequestAloneLeavesNoBatchOpen() {
        Call malformed = at.send(LogsRequest.cut(7));
        at.run();

        assertThat(malformed.outcome()).isInstanceOf(Rejected.class);
        assertThat(at.telemetry.metrics().openBatches.get()).isZero();
        assertThat(at.nothingMoreWasSealed()).isTrue();
    }

    @Test
    void aMistakeOfOursFailsItsRequestRetryablyAndTheWorkerGoesOn() {
        at.clocks.failOnce();
        Call unlucky = at.send(LogsRequest.of(1));
        at.run();
        assertThat(unlucky.outcome()).isInstanceOf(Unavailable.class);

        Call next = at.send(LogsRequest.of(2));
        at.run();
        at.node().next().accept();
        assertThat(next.outcome()).isEqualTo(new Accepted(2, 0, 0, ""));
    }

    @Test
    void tooManyOpenBatchesCloseTheOneLongestUntouched() {
        Limits limits = new Limits();
        limits.maxOpenBatches = 2;
        with(limits);
        List<TenantId> tenants = List.of(new TenantId("t0"), new TenantId("t1"), new TenantId("t2"));
        tenants.forEach(at::sealOne);
        at.send(LogsRequest.of(1), tenants.get(0), "grpc");
        at.send(LogsRequest.of(1), tenants.get(1), "grpc");
        at.send(LogsRequest.of(1), tenants.get(0), "grpc");
        at.run();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.send(LogsRequest.of(1), tenants.get(2), "grpc");
        at.run();

        Offer closed = at.node().next();
        assertThat(closed.batch().header().tenant()).isEqualTo(tenants.get(1));
        assertThat(at.nothingMoreWasSealed()).isTrue();
        assertThat(at.telemetry.metrics().openBatches.get()).isEqualTo(2);
        closed.accept();
    }

    @Test
    void tooManyOpenBytesCloseTheOneLongestUntouched() {
        Limits limits = new Limits();
        limits.maxOpenBytes = 10_000;
        with(limits);
        TenantId other = new TenantId("other");
        at.sealOne(ACME);
        at.sealOne(other);
        at.send(LogsRequest.of(1, 6000), other, "grpc");
        at.run();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.send(LogsRequest.of(1, 6000));
        at.run();

        Offer closed = at.node().next();
        assertThat(closed.batch().header().tenant()).isEqualTo(other);
        assertThat(at.nothingMoreWasSealed()).isTrue();
        closed.accept();
    }

    @Test
    void aRequestWithoutRowsIsAcceptedAtOnce() {
        // Field 2047, which nobody knows.
        Call empty = at.send(new byte[] {(byte) 0xF8, 0x7F, 1});
        at.run();

        assertThat(empty.outcome()).isEqualTo(new Accepted(0, 0, 0, ""));
        assertThat(at.nothingMoreWasSealed()).isTrue();
    }

    @Test
    void jsonIsReadAsTheSameRows() {
        byte[] json =
                """
                {"resourceLogs":[{"scopeLogs":[{"logRecords":[
                  {"timeUnixNano":"1795478400000000001","body":{"stringValue":"a"}},
                  {"timeUnixNano":"1795478400000000002","body":{"stringValue":"b"}}]}]}]}"""
                        .getBytes(UTF_8);
        Call good = at.send(json, ACME, "http", Encoding.JSON);
        Call bad = at.send("{\"resourceLogs\":[".getBytes(UTF_8), ACME, "http", Encoding.JSON);
        at.run();

        Offer offer = at.node().next();
        assertThat(offer.rows()).isEqualTo(2);
        offer.accept();
        assertThat(good.outcome()).isEqualTo(new Accepted(2, 0, 0, ""));
        assertThat(bad.outcome()).isInstanceOf(Rejected.class);
    }

    @Test
    void aGatewayThatClosesSealsWhatIsOpenAndTakesNothingMore() {
        at.sealOne(ACME);
        Call open = at.send(LogsRequest.of(1));
        at.run();
        assertThat(at.nothingMoreWasSealed()).isTrue();

        at.gateway.close();
        at.run();

        at.node().next().accept();
        assertThat(open.outcome()).isEqualTo(new Accepted(1, 0, 0, ""));
        assertThat(at.export(LogsRequest.of(1), ACME, "grpc", Encoding.PROTOBUF, null))
                .isInstanceOf(Unavailable.class);
        assertThat(at.gateway.idle()).isTrue();
    }
}
