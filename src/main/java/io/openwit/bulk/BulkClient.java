package io.openwit.bulk;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.openwit.bulk.AppendResponse.Hello;
import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// An ingest node behind the network: keeps one stream to it, and sends batches through.
///
/// A stream that ends is opened anew by the next batch or the next [#step], whichever comes first, but not before a
/// pause that doubles with every failure and is spread at random; meanwhile batches hear *Unavailable* at once.
/// [#consume] is thread-safe; [#step] and [#awaitWork] belong to one thread, which keeps the node reachable while
/// nothing is sent.
public final class BulkClient implements BatchConsumer, Stepper, AutoCloseable {
    /// A connection on which nothing comes for so long is probed, and given up if the probe finds nobody.
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(5);

    private static final int MAX_RESPONSE_BYTES = 1 << 16;

    /// How long [#awaitHello] sleeps at most before it looks again.
    private static final long LOOK_NANOS = 100_000_000L;

    private static final Logger LOG = Logger.getLogger(BulkClient.class.getName());

    private final BulkClientConfig config;
    private final Clocks clocks;
    private final Telemetry telemetry;
    private final RandomGenerator random;
    private final String alarm;
    private final ManagedChannel channel;
    private final Bell bell = new Bell();
    private final ReentrantLock connecting = new ReentrantLock();
    private volatile @Nullable ClientStream stream;
    private volatile @Nullable Hello hello;
    private volatile String failure = "not connected yet";
    private volatile boolean closed;

    // Guarded by connecting; retryNanos is also read by awaitWork, where an old value does no harm.
    private volatile long retryNanos;
    private long backoffNanos;

    /// @param virtualThreads gRPC's callbacks run there
    public BulkClient(
            BulkClientConfig config,
            Clocks clocks,
            Telemetry telemetry,
            Executor virtualThreads,
            RandomGenerator random) {
        this.config = config;
        this.clocks = clocks;
        this.telemetry = telemetry;
        this.random = random;
        alarm = "ingest-node-unreachable:" + config.address();
        retryNanos = clocks.monotonicNanos();
        backoffNanos = config.minBackoff().toNanos();
        channel = NettyChannelBuilder.forAddress(config.host(), config.port())
                .usePlaintext()
                .executor(virtualThreads)
                .flowControlWindow(BulkMethod.WINDOW_BYTES)
                .maxInboundMessageSize(MAX_RESPONSE_BYTES)
                .keepAliveTime(KEEP_ALIVE.toNanos(), TimeUnit.NANOSECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                .disableRetry()
                .build();
    }

    @Override
    public Outcome consume(Batch batch) {
        long bytes = AppendRequest.bytesOf(batch);
        if (bytes > AppendRequest.MAX_BYTES) {
            return new Rejected(
                    Refusal.TOO_LARGE, "a batch of " + bytes + " bytes is more than " + AppendRequest.MAX_BYTES);
        }
        ClientStream live = liveStream();
        if (live == null) {
            return new Unavailable("ingest node " + config.address() + " cannot be reached: " + failure);
        }
        return live.send(batch, config.answerTimeout());
    }

    /// Whether there is a stream to the node.
    public boolean connected() {
        ClientStream present = stream;
        return present != null && present.alive();
    }

    /// Waits until the node has said hello once, connecting if need be.
    ///
    /// @return whether it has
    public boolean awaitHello(Duration limit) throws InterruptedException {
        long start = clocks.monotonicNanos();
        while (hello == null && clocks.monotonicNanos() - start < limit.toNanos() && !closed) {
            if (liveStream() == null) {
                TimeUnit.NANOSECONDS.sleep(Math.clamp(retryNanos - clocks.monotonicNanos(), 1, LOOK_NANOS));
            }
        }
        return hello != null;
    }

    /// The key of all fingerprints, as the node said it in its first hello.
    ///
    /// @throws IllegalStateException the node has not said hello yet
    public FingerprintKey fingerprintKey() {
        return said().key();
    }

    /// The node's name.
    ///
    /// @throws IllegalStateException the node has not said hello yet
    public NodeId nodeId() {
        return said().node();
    }

    private Hello said() {
        Hello said = hello;
        if (said == null) {
            throw new IllegalStateException("ingest node " + config.address() + " has not said hello: " + failure);
        }
        return said;
    }

    /// Opens the stream where there is none and the pause is over; takes at most the timeout of a connection.
    @Override
    public boolean step() {
        if (closed || connected() || clocks.monotonicNanos() - retryNanos < 0) {
            return false;
        }
        return liveStream() != null;
    }

    @Override
    public void awaitWork(long maxNanos) {
        long nanos = connected() || closed ? maxNanos : Math.min(maxNanos, retryNanos - clocks.monotonicNanos());
        if (nanos > 0) {
            bell.await(nanos);
        }
    }

    @Override
    public void close() {
        closed = true;
        ClientStream present = stream;
        if (present != null) {
            present.giveUp("the gateway is stopping");
        }
        channel.shutdownNow();
        telemetry.alarms().clear(alarm);
        bell.ring();
    }

    /// The stream, opened now if there is none; null where that fails, is not due yet, or takes another thread too
    /// long.
    @Nullable ClientStream liveStream() {
        ClientStream present = stream;
        if (present != null && present.alive()) {
            return present;
        }
        try {
            if (!connecting.tryLock(config.connectTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
                return null;
            }
            try {
                present = stream;
                if (present != null && present.alive()) {
                    return present;
                }
                return closed || clocks.monotonicNanos() - retryNanos < 0 ? null : connect();
            } finally {
                connecting.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private @Nullable ClientStream connect() throws InterruptedException {
        // The pauses between attempts are ours, not those of the channel.
        channel.resetConnectBackoff();
        ClientStream fresh = new ClientStream(
                channel.newCall(BulkMethod.CLIENT, CallOptions.DEFAULT),
                config.maxBytesInFlight(),
                telemetry.metrics(),
                config.address());
        Metadata headers = new Metadata();
        if (!config.token().isEmpty()) {
            headers.put(BulkMethod.AUTHORIZATION, BulkMethod.BEARER + config.token());
        }
        try {
            Hello said = fresh.open(headers, config.connectTimeout());
            connected(fresh, said);
            return fresh;
        } catch (StreamFailedException e) {
            failed(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private void connected(ClientStream fresh, Hello said) {
        Hello before = hello;
        if (before == null) {
            hello = said;
        } else if (!before.key().equals(said.key())) {
            telemetry
                    .alarms()
                    .raise(
                            "fingerprint-key-changed",
                            "ingest node " + config.address() + " has another key than before; restart this gateway, or"
                                    + " what it resends will not be recognised");
        }
        // A node that says hello and leaves is not asked again at once either.
        backoffNanos = config.minBackoff().toNanos();
        pause();
        stream = fresh;
        telemetry.metrics().bulkConnects.labelValues(config.address(), "connected").inc();
        telemetry.alarms().clear(alarm);
        LOG.log(Level.INFO, "ingest node connected: address={0} node={1}", new Object[] {
            config.address(), said.node()
        });
    }

    private void failed(String why) {
        failure = why;
        pause();
        backoffNanos = Math.min(2 * backoffNanos, config.maxBackoff().toNanos());
        telemetry.metrics().bulkConnects.labelValues(config.address(), "failed").inc();
        telemetry.alarms().raise(alarm, why);
    }

    private void pause() {
        retryNanos = clocks.monotonicNanos() + (long) (backoffNanos * (0.5 + random.nextDouble()));
    }
}
