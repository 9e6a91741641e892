package io.openwit.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.openwit.model.BatchConsumer;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Outcome;
import io.openwit.model.RoutingTable;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.otlp.ReaderLimits;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A gateway with one worker, clocks that stand still, and nodes that the test plays. The test steps the worker itself.
final class GatewayFixture implements AutoCloseable {
    static final TenantId ACME = new TenantId("acme");
    static final Duration TIMEOUT = Duration.ofMillis(200);
    static final Duration QUARTER = TIMEOUT.dividedBy(4);

    final FakeClocks clocks = new FakeClocks();
    final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    final List<FakeNode> nodes = new ArrayList<>();
    final Gateway gateway;
    final Worker worker;
    private final AtomicInteger sealed = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /// What a test changes of the configuration.
    static final class Limits {
        int batchRows = 1000;
        int batchBytes = 1 << 20;
        int maxOpenBatches = 100;
        long maxOpenBytes = 10 << 20;
        long maxBufferBytes = 32 << 20;
        int maxBufferRequests = 1000;
        int maxRequestBytes = 4 << 20;
        int sendAttempts = 3;
        int nodes = 1;
        @Nullable Tokens tokens;

        GatewayConfig config() {
            return new GatewayConfig(
                    batchRows,
                    batchBytes,
                    TIMEOUT,
                    maxBufferBytes,
                    maxBufferRequests,
                    maxRequestBytes,
                    1,
                    maxOpenBatches,
                    maxOpenBytes,
                    sendAttempts,
                    Duration.ofMillis(1),
                    GatewayConfig.DEFAULT_TOKEN_HEADER,
                    ReaderLimits.DEFAULT);
        }
    }

    GatewayFixture() {
        this(new Limits());
    }

    GatewayFixture(Limits limits) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < limits.nodes; i++) {
            names.add("n" + i);
            nodes.add(new FakeNode());
        }
        gateway = new Gateway(
                limits.config(),
                limits.tokens,
                new RoutingTable(names),
                List.<BatchConsumer>copyOf(nodes),
                new FingerprintKey(1, 2),
                clocks,
                telemetry,
                task -> {
                    sealed.incrementAndGet();
                    threads.execute(task);
                },
                new Random(7));
        worker = (Worker) gateway.workers().getFirst();
    }

    FakeNode node() {
        return nodes.getFirst();
    }

    /// Sends, and returns when the request waits at the worker.
    Call send(byte[] request) {
        return send(request, ACME, "grpc");
    }

    Call send(byte[] request, TenantId tenant, String source) {
        return send(request, tenant, source, Encoding.PROTOBUF);
    }

    Call send(byte[] request, TenantId tenant, String source, Encoding encoding) {
        long before = worker.waitingBytes();
        Call call = new Call(threads.submit(() -> export(request, tenant, source, encoding, null)));
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> worker.waitingBytes() == before + request.length || call.answer.isDone());
        return call;
    }

    /// Does what a door does.
    Outcome export(byte[] request, TenantId tenant, String source, Encoding encoding, @Nullable String key) {
        try (RequestBody body = gateway.newBody(source)) {
            body.write(request, 0, request.length);
            Caller caller = new Caller(tenant, "test", EnumSet.allOf(Signal.class));
            return gateway.export(new ExportRequest(caller, Signal.LOGS, encoding, body, key, source));
        } catch (BodyRefusedException e) {
            return e.outcome();
        }
    }

    /// Steps the worker until it has nothing to do.
    void run() {
        while (worker.step()) {
            Thread.onSpinWait();
        }
    }

    /// Seals one batch for the tenant, so that the next small one has to wait.
    void sealOne(TenantId tenant) {
        Call call = send(LogsRequest.of(1), tenant, "grpc");
        run();
        node().next().accept();
        call.outcome();
    }

    /// Whether the worker has sealed no batch but those that the test took from its nodes.
    boolean nothingMoreWasSealed() {
        return sealed.get() == nodes.stream().mapToInt(FakeNode::taken).sum();
    }

    /// Seals what is open, accepts all, and waits until every request is answered.
    void finish() {
        clocks.advance(TIMEOUT);
        run();
        nodes.forEach(FakeNode::answerAll);
        await().until(() -> {
            nodes.forEach(FakeNode::answerAll);
            return gateway.idle();
        });
    }

    /// The sum over the labels of a counter.
    double total(String name) {
        return telemetry.metrics().registry.scrape(found -> found.equals(name)).stream()
                .flatMap(snapshot -> ((CounterSnapshot) snapshot).getDataPoints().stream())
                .mapToDouble(point -> point.getValue())
                .sum();
    }

    void assertBooksBalance() {
        assertThat(total("openwit_rows_received"))
                .isEqualTo(total("openwit_rows_accepted")
                        + total("openwit_rows_duplicate")
                        + total("openwit_rows_rejected")
                        + total("openwit_rows_refused"));
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    /// A request under way.
    record Call(Future<Outcome> answer) {
        boolean waits() {
            return !answer.isDone();
        }

        Outcome outcome() {
            try {
                return answer.get(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new AssertionError("no answer", e);
            }
        }
    }
}
