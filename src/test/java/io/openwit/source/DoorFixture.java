package io.openwit.source;

import com.google.common.util.concurrent.Uninterruptibles;
import com.google.protobuf.ByteString;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.gateway.Gateway;
import io.openwit.gateway.GatewayConfig;
import io.openwit.gateway.Token;
import io.openwit.gateway.Tokens;
import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.RoutingTable;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.model.TenantId;
import io.openwit.otlp.ReaderLimits;
import io.openwit.telemetry.Telemetry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/// A real gateway behind a door under test, and a node behind that which answers as the test says.
public final class DoorFixture implements AutoCloseable {
    /// A token of tenant `acme`, good for every signal.
    public static final String TOKEN = "acme-token";

    /// A token that is good for logs alone.
    public static final String LOGS_TOKEN = "logs-token";

    /// A token at which the lookup breaks, as a mistake of ours would.
    public static final String BROKEN_TOKEN = "broken-token";

    public static final int MAX_REQUEST_BYTES = 4 << 20;
    public static final long TIME = System.currentTimeMillis() * 1_000_000;

    /// What the node does with a batch; accepts all rows unless a test says otherwise.
    public volatile Function<Batch, Outcome> node =
            batch -> new Accepted(batch.header().rows(), 0, 0, "");

    public final List<Batch> batches = new CopyOnWriteArrayList<>();
    public final ExecutorService virtualThreads = Executors.newVirtualThreadPerTaskExecutor();
    public final Telemetry telemetry = new Telemetry(new SystemTime(), OpenTelemetry.noop());
    public final Gateway gateway;

    private final List<Thread> workers = new ArrayList<>();
    private volatile boolean stopped;

    private record SystemTime() implements Clocks {
        @Override
        public long wallNanos() {
            return System.currentTimeMillis() * 1_000_000;
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    }

    public DoorFixture() {
        GatewayConfig config = new GatewayConfig(
                1000,
                1 << 20,
                Duration.ofMillis(20),
                64 << 20,
                1000,
                MAX_REQUEST_BYTES,
                1,
                100,
                64 << 20,
                1,
                Duration.ofMillis(1),
                GatewayConfig.DEFAULT_TOKEN_HEADER,
                ReaderLimits.DEFAULT);
        Tokens tokens = presented -> switch (presented) {
            case TOKEN -> token(presented, EnumSet.allOf(Signal.class));
            case LOGS_TOKEN -> token(presented, Set.of(Signal.LOGS));
            case BROKEN_TOKEN -> throw new IllegalStateException("broken on purpose");
            default -> Optional.empty();
        };
        gateway = new Gateway(
                config,
                tokens,
                new RoutingTable(List.of("n1")),
                List.of(batch -> {
                    batches.add(batch);
                    return node.apply(batch);
                }),
                new FingerprintKey(1, 2),
                new SystemTime(),
                telemetry,
                virtualThreads,
                new Random(1));
        for (Stepper worker : gateway.workers()) {
            workers.add(Thread.ofPlatform().start(() -> {
                while (!stopped) {
                    if (!worker.step()) {
                        worker.awaitWork(5_000_000);
                    }
                }
            }));
        }
    }

    private static Optional<Token> token(String presented, Set<Signal> signals) {
        return Optional.of(new Token(presented, Token.sha256Of(presented), new TenantId("acme"), signals, null));
    }

    /// Rows that the node was given.
    public int rows() {
        return batches.stream().mapToInt(batch -> batch.header().rows()).sum();
    }

    /// What `openwit_requests_refused_total` says.
    public double refused(String source, String reason) {
        return telemetry.metrics().requestsRefused.labelValues(source, reason).get();
    }

    @Override
    public void close() {
        gateway.close();
        stopped = true;
        for (Thread worker : workers) {
            Uninterruptibles.joinUninterruptibly(worker);
        }
        virtualThreads.shutdownNow();
    }

    /// A request with so many rows, each with a body, name or value of its own.
    public static byte[] request(Signal signal, int rows) {
        return switch (signal) {
            case LOGS -> logs(rows).toByteArray();
            case TRACES -> traces(rows).toByteArray();
            case METRICS -> metrics(rows).toByteArray();
        };
    }

    public static ExportLogsServiceRequest logs(int rows) {
        ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
        var scope = request.addResourceLogsBuilder().addScopeLogsBuilder();
        for (int i = 0; i < rows; i++) {
            scope.addLogRecords(LogRecord.newBuilder()
                    .setTimeUnixNano(TIME + i)
                    .setBody(AnyValue.newBuilder().setStringValue("row " + i)));
        }
        return request.build();
    }

    public static ExportTraceServiceRequest traces(int rows) {
        ExportTraceServiceRequest.Builder request = ExportTraceServiceRequest.newBuilder();
        var scope = request.addResourceSpansBuilder().addScopeSpansBuilder();
        for (int i = 0; i < rows; i++) {
            scope.addSpans(Span.newBuilder()
                    .setTraceId(ByteString.copyFromUtf8("0123456789abcdef"))
                    .setSpanId(ByteString.copyFromUtf8("01234567"))
                    .setName("span " + i)
                    .setStartTimeUnixNano(TIME + i)
                    .setEndTimeUnixNano(TIME + i + 1));
        }
        return request.build();
    }

    public static ExportMetricsServiceRequest metrics(int rows) {
        ExportMetricsServiceRequest.Builder request = ExportMetricsServiceRequest.newBuilder();
        var scope = request.addResourceMetricsBuilder().addScopeMetricsBuilder();
        for (int i = 0; i < rows; i++) {
            scope.addMetrics(Metric.newBuilder()
                    .setName("metric " + i)
                    .setGauge(Gauge.newBuilder()
                            .addDataPoints(NumberDataPoint.newBuilder().setTimeUnixNano(TIME).setAsInt(i))));
        }
        return request.build();
    }
}
