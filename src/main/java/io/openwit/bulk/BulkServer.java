package io.openwit.bulk;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.openwit.bulk.AppendResponse.Hello;
import io.openwit.model.BatchConsumer;
import io.openwit.model.FingerprintKey;
import io.openwit.model.NodeId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// The ingest node's door for gateways: the bulk service in front of a [BatchConsumer]. Thread-safe.
///
/// Only nodes may send sealed batches: the token in the metadata is checked before any message is read.
public final class BulkServer implements AutoCloseable {
    private static final Duration MIN_KEEP_ALIVE = Duration.ofSeconds(5);
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LAST_WAIT = Duration.ofSeconds(1);
    private static final int MAX_METADATA_BYTES = 8 << 10;
    private static final int MAX_STREAMS_PER_CONNECTION = 16;
    private static final int MAX_RESETS = 200;
    private static final int MAX_RESETS_SECONDS = 30;

    private final BatchConsumer consumer;
    private final Predicate<String> nodeToken;
    private final Executor virtualThreads;
    private final Hello hello;
    private final ReadBudget budget;
    private final Server server;
    private final Set<ServerStream> streams = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    /// @param node said to gateways in the handshake, with the key
    /// @param nodeToken whether this token is a node's; asked with an empty text where the gateway sent none
    /// @param virtualThreads runs each batch
    public BulkServer(
            BulkServerConfig config,
            NodeId node,
            FingerprintKey key,
            BatchConsumer consumer,
            Predicate<String> nodeToken,
            Telemetry telemetry,
            Executor virtualThreads) {
        this.consumer = consumer;
        this.nodeToken = nodeToken;
        this.virtualThreads = virtualThreads;
        hello = new Hello(node, key);
        budget = new ReadBudget(config.maxQueuedBytes(), telemetry.metrics());
        server = NettyServerBuilder.forAddress(new InetSocketAddress(config.bind(), config.port()))
                .addService(ServerServiceDefinition.builder(BulkMethod.SERVICE)
                        .addMethod(BulkMethod.SERVER, this::open)
                        .build())
                .executor(virtualThreads)
                .flowControlWindow(BulkMethod.WINDOW_BYTES)
                .maxInboundMessageSize(config.maxMessageBytes())
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .maxConcurrentCallsPerConnection(MAX_STREAMS_PER_CONNECTION)
                .maxRstFramesPerWindow(MAX_RESETS, MAX_RESETS_SECONDS)
                .handshakeTimeout(HANDSHAKE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveTime(MIN_KEEP_ALIVE.toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveWithoutCalls(true)
                .build();
    }

    /// @throws IOException the address cannot be bound
    public BulkServer start() throws IOException {
        server.start();
        return this;
    }

    /// The port in use, also where 0 was asked for.
    public int port() {
        return server.getPort();
    }

    /// Takes no further batch, answers those that have come, and ends; what is not answered within `drain` is cut.
    public void close(Duration drain) {
        server.shutdown();
        draining = true;
        streams.forEach(ServerStream::drain);
        try {
            if (!server.awaitTermination(drain.toNanos(), TimeUnit.NANOSECONDS)) {
                server.shutdownNow();
                server.awaitTermination(LAST_WAIT.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /// Cuts whatever is under way.
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    private ServerCall.Listener<byte[]> open(ServerCall<byte[], AppendResponse> call, Metadata headers) {
        if (!nodeToken.test(token(headers))) {
            call.close(Status.UNAUTHENTICATED.withDescription("a node's token is needed here"), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        ServerStream stream = new ServerStream(call, consumer, virtualThreads, budget, streams::remove);
        streams.add(stream);
        stream.begin(hello);
        if (draining) {
            stream.drain();
        }
        return stream;
    }

    private static String token(Metadata headers) {
        String authorization = headers.get(BulkMethod.AUTHORIZATION);
        if (authorization == null
                || !authorization.regionMatches(true, 0, BulkMethod.BEARER, 0, BulkMethod.BEARER.length())) {
            return "";
        }
        return authorization.substring(BulkMethod.BEARER.length()).strip();
    }
}
