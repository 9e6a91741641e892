package io.openwit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.BatchConsumer;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.RoutingTable;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Metrics;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What every door calls: knows who may write, makes room, and answers a request when its rows are durable.
/// Thread-safe.
///
/// A door calls, in this order: [#authenticate] on the headers alone, [#newBody] and its writes, [#export], and closes
/// the body. Nothing is done for a request by the gateway but in these calls and in [#workers].
public final class Gateway implements AutoCloseable {
    /// Requests that wait for one worker; a request that finds its worker's queue full is throttled.
    static final int MAX_QUEUE = 1 << 16;

    /// Free arrays are kept up to the share `1 / POOL_SHARE` of the permits.
    private static final int POOL_SHARE = 4;

    private final GatewayConfig config;
    private final Telemetry telemetry;
    private final Metrics metrics;
    private final Authenticator authenticator;
    private final Permits permits;
    private final BufferPool pool;
    private final List<Worker> workers = new ArrayList<>();
    private final AtomicInteger nextWorker = new AtomicInteger();
    private volatile boolean closed;

    /// @param tokens null where authentication is switched off
    /// @param routes names the nodes; fixed for the life of this gateway
    /// @param nodes what stands behind each name of `routes`, in its order
    /// @param virtualThreads runs each call of a node, which blocks
    public Gateway(
            GatewayConfig config,
            @Nullable Tokens tokens,
            RoutingTable routes,
            List<BatchConsumer> nodes,
            FingerprintKey key,
            Clocks clocks,
            Telemetry telemetry,
            Executor virtualThreads,
            RandomGenerator random) {
        if (nodes.size() != routes.nodes().size()) {
            throw new IllegalArgumentException(nodes.size() + " nodes for " + routes.nodes().size() + " routes");
        }
        this.config = config;
        this.telemetry = telemetry;
        metrics = telemetry.metrics();
        authenticator = new Authenticator(tokens, config.tokenHeader());
        Jitter jitter = new Jitter(random);
        permits = new Permits(config.maxBufferBytes(), config.maxBufferRequests(), clocks, metrics, jitter);
        pool = new BufferPool(config.maxRequestBytes(), config.maxBufferBytes() / POOL_SHARE);
        Delivery delivery = new Delivery(config, List.copyOf(nodes), telemetry, jitter, virtualThreads);
        for (int i = 0; i < config.workers(); i++) {
            workers.add(new Worker(config, routes, key, permits, pool, delivery, clocks, telemetry));
        }
    }

    /// What has to be stepped, each by a thread of its own, for as long as there are requests.
    public List<Stepper> workers() {
        return List.copyOf(workers);
    }

    /// Who sends this, and may they? Reads headers only; a refusal is counted here.
    ///
    /// @param source the door, as in [ExportRequest#source]
    /// @param header the value of a header (gRPC: metadata) by its name, which is given in lower case; null where there
    ///     is none
    /// @param signal what they want to send
    public Authentication authenticate(String source, Function<String, @Nullable String> header, Signal signal) {
        try (var timing = telemetry.begin(Stage.AUTHENTICATE)) {
            Authentication authentication = authenticator.authenticate(header, signal);
            switch (authentication) {
                case Authentication.Known known -> timing.with("tenant", known.caller().tenant().value());
                case Authentication.Refused(Rejected(Refusal refusal, String detail)) -> {
                    metrics.requestsRefused.labelValues(source, refusal.label()).inc();
                    timing.failed(detail);
                }
            }
            return authentication;
        }
    }

    /// A body to write the request's bytes into, as they are decompressed. The caller closes it.
    ///
    /// @param source the door, as in [ExportRequest#source]
    /// @throws BodyRefusedException *Throttled*: too many requests wait for their answer
    public RequestBody newBody(String source) throws BodyRefusedException {
        if (!permits.takeRequest()) {
            metrics.requestsRefused.labelValues(source, "overload").inc();
            throw new BodyRefusedException(permits.throttled("too many requests wait for their answer"));
        }
        return new RequestBody(permits, pool, metrics, source, config.maxRequestBytes());
    }

    /// Reads the request into batches, and answers when all of its rows are durable, or some will not be.
    ///
    /// Blocks the calling (virtual) thread, and cannot be interrupted: the body is in use until this returns. It does
    /// so after [GatewayConfig#batchTimeout] and the time that the nodes take for their own answers, all attempts
    /// together.
    public Outcome export(ExportRequest request) {
        metrics.bytesReceived.labelValues(request.source()).inc(request.body().length());
        if (closed) {
            return refused(request, "stopping", new Outcome.Unavailable("the gateway is stopping"));
        }
        String key = request.idempotencyKey();
        if (key != null && key.getBytes(UTF_8).length > ExportRequest.MAX_IDEMPOTENCY_KEY_BYTES) {
            return refused(
                    request,
                    "malformed",
                    new Rejected(
                            Refusal.MALFORMED,
                            "Idempotency-Key has more than " + ExportRequest.MAX_IDEMPOTENCY_KEY_BYTES + " bytes"));
        }
        PendingRequest pending = new PendingRequest(request);
        if (!pickWorker().offer(pending)) {
            return refused(request, "overload", permits.throttled("the workers' queues are full"));
        }
        return pending.await();
    }

    /// Whether no request waits for its answer.
    public boolean idle() {
        return permits.usedRequests() == 0;
    }

    /// Takes no further request, and lets the workers close their batches at once; requests under way are answered as
    /// long as the workers are stepped.
    @Override
    public void close() {
        closed = true;
        workers.forEach(Worker::hurry);
    }

    /// Round robin, but the less loaded of two neighbours.
    private Worker pickWorker() {
        int turn = Math.floorMod(nextWorker.getAndIncrement(), workers.size());
        Worker first = workers.get(turn);
        Worker second = workers.get((turn + 1) % workers.size());
        return second.waitingBytes() < first.waitingBytes() ? second : first;
    }

    private Outcome refused(ExportRequest request, String reason, Outcome outcome) {
        metrics.requestsRefused.labelValues(request.source(), reason).inc();
        return outcome;
    }
}
