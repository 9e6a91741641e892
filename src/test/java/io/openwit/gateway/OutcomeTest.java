package io.openwit.gateway;

import static io.openwit.gateway.GatewayFixture.ACME;
import static io.openwit.gateway.GatewayFixture.QUARTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.gateway.FakeNode.Offer;
import io.openwit.gateway.GatewayFixture.Call;
import io.openwit.gateway.GatewayFixture.Limits;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of the requests of a batch when its outcome is known, and whether the books balance.
class OutcomeTest {
    private static final Throttled THROTTLED = new Throttled(false, Duration.ofSeconds(2), "full");
    private static final Unavailable UNAVAILABLE = new Unavailable("away");
    private static final Rejected REJECTED = new Rejected(Refusal.TOO_LARGE, "too large");

    private final List<Call> calls = new ArrayList<>();
    private GatewayFixture at = new GatewayFixture();

    private void with(Limits limits) {
        at.close();
        at = new GatewayFixture(limits);
    }

    @AfterEach
    void close() {
        at.finish();
        at.assertBooksBalance();
        assertThat(at.telemetry.metrics().memoryPermitsBytes.labelValues("used").get())
                .isZero();
        at.close();
    }

    @Test
    void aRequestInTwoBatchesHearsTheSumOfBoth() {
        Offer[] offers = twoRoutes(false);
        Call call = calls.getFirst();

        offers[0].accept();
        assertThat(call.waits()).isTrue();
        offers[1].answer(new Accepted(2, 1, 0, ""));

        assertThat(call.outcome()).isEqualTo(new Accepted(3 + 2, 1, 0, ""));
        assertThat(at.total("openwit_rows_duplicate")).isEqualTo(1);
    }

    @Test
    void aRequestInTwoBatchesHearsTheWorstOutcome() {
        List<Outcome> fromBest =
                List.of(new Accepted(0, 0, 0, ""), UNAVAILABLE, THROTTLED, REJECTED);
        for (int worse = 1; worse < fromBest.size(); worse++) {
            for (int better = 0; better < worse; better++) {
                for (boolean worseFirst : new boolean[] {true, false}) {
                    PendingRequest request = new PendingRequest(new ExportRequest(
                            new Caller(ACME, "test", java.util.Set.of()),
                            io.openwit.model.Signal.LOGS,
                            Encoding.PROTOBUF,
                            body(),
                            null,
                            "grpc"));
                    request.addPart();
                    request.addPart();
                    request.done(new Accepted(0, 0, 0, ""));
                    request.done(fromBest.get(worseFirst ? worse : better));
                    request.done(fromBest.get(worseFirst ? better : worse));

                    assertThat(request.await()).isEqualTo(fromBest.get(worse));
                }
            }
        }
    }

    @Test
    void aRefusedBatchFailsOnlyTheRequestsThatHaveRowsInIt() {
        Offer[] offers = twoRoutes(true);
        Call both = calls.getFirst();
        Call neighbour = calls.getLast();
        assertThat(offers[1].parts()).isEqualTo(2);

        offers[0].answer(THROTTLED);
        offers[1].accept();

        assertThat(both.outcome()).isEqualTo(THROTTLED);
        assertThat(neighbour.outcome()).isEqualTo(new Accepted(4, 0, 0, ""));
        assertThat(at.total("openwit_rows_refused")).isEqualTo(offers[0].rows());
    }

    /// A request with three rows on each route and, where there is a neighbour, one with four rows on route 1, in the
    /// same batch.
    private Offer[] twoRoutes(boolean neighbour) {
        Limits limits = new Limits();
        limits.nodes = 2;
        with(limits);
        String[] services = servicesOnBothRoutes();
        calls.add(at.send(new LogsRequest()
                .resource(services[0], 2, 10)
                .resource(services[1], 3, 10)
                .resource(services[0], 1, 10)
                .bytes()));
        if (neighbour) {
            calls.add(at.send(new LogsRequest().resource(services[1], 4, 10).bytes()));
        }
        at.run();
        return new Offer[] {at.nodes.get(0).next(), at.nodes.get(1).next()};
    }

    /// The names of two services of which the first goes to node 0, the second to node 1.
    private String[] servicesOnBothRoutes() {
        String[] services = new String[2];
        AtomicInteger route = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            int node = i;
            at.nodes.get(i).answerBy(batch -> {
                route.set(node);
                return new Accepted(batch.header().rows(), 0, 0, "");
            });
        }
        for (int i = 0; services[0] == null || services[1] == null; i++) {
            Call probe = at.send(new LogsRequest().resource("s" + i, 1, 10).bytes(), new TenantId("acme"), "probe" + i);
            at.clocks.advance(QUARTER);
            at.run();
            probe.outcome();
            services[route.get()] = "s" + i;
        }
        at.nodes.forEach(node -> node.answerBy(null));
        at.clocks.advance(QUARTER);
        return services;
    }

    @Test
    void aBatchWhoseNodeIsUnavailableIsOfferedAgainAlone() {
        Call call = at.send(LogsRequest.of(2));
        at.run();

        Offer first = at.node().next();
        first.answer(UNAVAILABLE);
        Offer second = at.node().next();
        assertThat(second.batch()).isSameAs(first.batch());
        second.accept();

        assertThat(call.outcome()).isEqualTo(new Accepted(2, 0, 0, ""));
        assertThat(at.total("openwit_rows_refused")).isZero();
    }

    @Test
    void aNodeThatStaysUnavailableIsAskedABoundedNumberOfTimes() {
        AtomicInteger asked = new AtomicInteger();
        at.node().answerBy(batch -> {
            asked.incrementAndGet();
            return UNAVAILABLE;
        });
        Call call = at.send(LogsRequest.of(2));
        at.run();

        assertThat(call.outcome()).isEqualTo(UNAVAILABLE);
        assertThat(asked).hasValue(3);
        assertThat(at.total("openwit_rows_refused")).isEqualTo(2);
    }

    @Test
    void throttledAndRejectedBatchesAreNotOfferedAgain() {
        AtomicInteger asked = new AtomicInteger();
        for (Outcome outcome : List.of(THROTTLED, REJECTED)) {
            at.node().answerBy(batch -> {
                asked.incrementAndGet();
                return outcome;
            });
            at.clocks.advance(QUARTER);
            Call call = at.send(LogsRequest.of(2));
            at.run();
            assertThat(call.outcome()).isEqualTo(outcome);
        }

        assertThat(asked).hasValue(2);
        assertThat(at.total("openwit_rows_rejected")).isEqualTo(2);
        assertThat(at.total("openwit_rows_refused")).isEqualTo(2);
    }

    @Test
    void aNodeThatThrowsOrDoesNotAddUpMakesTheBatchUnavailable() {
        at.node().answerBy(batch -> {
            throw new IllegalStateException("a mistake, made by the test");
        });
        Call thrown = at.send(LogsRequest.of(2));
        at.run();
        assertThat(thrown.outcome()).isInstanceOf(Unavailable.class);

        at.node().answerBy(batch -> new Accepted(1, 0, 0, ""));
        at.clocks.advance(QUARTER);
        Call short1 = at.send(LogsRequest.of(2));
        at.run();
        assertThat(short1.outcome()).isInstanceOf(Unavailable.class);
    }

    @Test
    void duplicatesAreCountedBySourceAndSharedOutWithoutRemainder() {
        at.sealOne(ACME);
        List<Call> grpc = List.of(at.send(LogsRequest.of(3)), at.send(LogsRequest.of(5)), at.send(LogsRequest.of(1)));
        Call http = at.send(LogsRequest.of(4), ACME, "http");
        at.run();
        at.clocks.advance(QUARTER);
        at.run();
        for (int i = 0; i < 2; i++) {
            Offer offer = at.node().next();
            offer.answer(offer.rows() == 9 ? new Accepted(5, 4, 0, "") : new Accepted(0, 4, 0, ""));
        }

        assertThat(http.outcome()).isEqualTo(new Accepted(0, 4, 0, ""));
        Accepted sum = new Accepted(0, 0, 0, "");
        int[] rows = {3, 5, 1};
        for (int i = 0; i < rows.length; i++) {
            Accepted accepted = (Accepted) grpc.get(i).outcome();
            assertThat(accepted.rows() + accepted.duplicates()).isEqualTo(rows[i]);
            sum = sum.plus(accepted);
        }
        assertThat(sum).isEqualTo(new Accepted(5, 4, 0, ""));
        assertThat(at.telemetry.metrics().rowsDuplicate.labelValues("acme", "logs", "grpc").get()).isEqualTo(4);
        assertThat(at.telemetry.metrics().rowsDuplicate.labelValues("acme", "logs", "http").get()).isEqualTo(4);
    }

    @Test
    void aMistakeThatSpoilsColumnsFailsTheNeighboursInThemRetryably() {
        Limits limits = new Limits();
        limits.nodes = 2;
        with(limits);
        String[] services = servicesOnBothRoutes();
        Call sealing = at.send(new LogsRequest().resource(services[0], 1, 10).bytes());
        at.run();
        at.nodes.get(0).next().accept();
        sealing.outcome();
        Call neighbour = at.send(new LogsRequest().resource(services[0], 3, 10).bytes());
        at.run();
        assertThat(neighbour.waits()).isTrue();

        // The request joins the neighbour's batch, and then fails where a batch for its second route is opened.
        Call unlucky = at.send(new LogsRequest()
                .resource(services[0], 2, 10)
                .resource(services[1], 2, 10)
                .bytes());
        at.clocks.failNextBatch();
        at.run();

        assertThat(unlucky.outcome()).isInstanceOf(Unavailable.class);
        assertThat(neighbour.outcome()).isInstanceOf(Unavailable.class);
        assertThat(at.total("openwit_rows_refused")).isEqualTo(3);
        assertThat(at.telemetry.metrics().openBatches.get()).isZero();
        Call next = at.send(new LogsRequest().resource(services[0], 2, 10).bytes());
        at.clocks.advance(QUARTER);
        at.run();
        at.nodes.get(0).next().accept();
        assertThat(next.outcome()).isEqualTo(new Accepted(2, 0, 0, ""));
    }

    @Test
    void theBooksBalanceAfterWhateverHappens() {
        long seed = 20261124;
        Random random = new Random(seed);
        at.node().answerBy(batch -> {
            int rows = batch.header().rows();
            synchronized (random) {
                return switch (random.nextInt(6)) {
                    case 0 -> THROTTLED;
                    case 1 -> UNAVAILABLE;
                    case 2 -> REJECTED;
                    case 3 -> new Accepted(rows - rows / 2, rows / 2, 0, "");
                    default -> new Accepted(rows, 0, 0, "");
                };
            }
        });
        List<Call> sent = new ArrayList<>();
        int good = 0;
        for (int i = 0; i < 200; i++) {
            int rows = 1 + random.nextInt(300);
            boolean cut = random.nextInt(5) == 0;
            sent.add(at.send(
                    cut ? LogsRequest.cut(rows) : LogsRequest.of(rows),
                    new TenantId("t" + random.nextInt(3)),
                    random.nextBoolean() ? "grpc" : "http"));
            good += cut ? 0 : rows;
            if (random.nextInt(4) == 0) {
                at.clocks.advance(Duration.ofMillis(random.nextInt(60)));
                at.run();
            }
        }
        at.clocks.advance(GatewayFixture.TIMEOUT);
        at.run();

        sent.forEach(Call::outcome);
        assertThat(at.total("openwit_rows_received")).as("seed %d", seed).isEqualTo(good);
        at.assertBooksBalance();
    }

    private RequestBody body() {
        try {
            RequestBody body = at.gateway.newBody("grpc");
            body.close();
            return body;
        } catch (BodyRefusedException e) {
            throw new AssertionError(e);
        }
    }
}
