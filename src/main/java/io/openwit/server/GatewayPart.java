package io.openwit.server;

import io.openwit.bulk.BulkClient;
import io.openwit.bulk.BulkClientConfig;
import io.openwit.gateway.Gateway;
import io.openwit.gateway.GatewayConfig;
import io.openwit.gateway.Tokens;
import io.openwit.ingest.IngestNode;
import io.openwit.model.BatchConsumer;
import io.openwit.model.FingerprintKey;
import io.openwit.model.RoutingTable;
import io.openwit.model.Stepper;
import io.openwit.otlp.ReaderLimits;
import io.openwit.server.ConfigKeys.OnExcess;
import io.openwit.source.grpc.GrpcConfig;
import io.openwit.source.grpc.OtlpGrpcServer;
import io.openwit.source.http.HttpConfig;
import io.openwit.source.http.OtlpHttpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The gateway of this process: its workers, the OTLP doors, and the way to the ingest nodes.
final class GatewayPart {
    private static final Logger LOG = Logger.getLogger(GatewayPart.class.getName());
    private static final Duration HELLO_LOOK = Duration.ofMillis(500);
    private static final long LOOK_MILLIS = 2;

    /// A connection is kept this much longer than a body may take, so that a stalled one hears 408 first.
    private static final Duration HTTP_IDLE_BEYOND_REQUEST = Duration.ofSeconds(30);


    private final Wiring wiring;
    private final Gateway gateway;
    private final List<BulkClient> clients;
    private final @Nullable OtlpGrpcServer grpc;
    private final @Nullable OtlpHttpServer http;

    /// In one process with its ingest node.
    static GatewayPart direct(Wiring wiring, Optional<Tokens> tokens, IngestNode node) {
        return new GatewayPart(
                wiring, tokens, new RoutingTable(List.of(node.node().value())), List.of(node), node.fingerprintKey(),
                        List.of());
    }

    /// In a process of its own: waits until an ingest node has said hello, as its key is needed for every row.
    static GatewayPart remote(Wiring wiring, Optional<Tokens> tokens) throws CommandException, InterruptedException {
        String token = token(wiring);
        List<HostPort> addresses = wiring.get(ConfigKeys.INGEST_NODES);
        List<BulkClient> clients = new ArrayList<>();
        for (HostPort address : addresses) {
            BulkClient client = new BulkClient(
                    BulkClientConfig.of(address.host(), address.port(), token),
                    wiring.clocks(),
                    wiring.telemetry(),
                    wiring.virtualThreads(),
                    wiring.random());
            clients.add(client);
            wiring.loops().start("bulk-client-" + clients.size(), client);
        }
        try {
            FingerprintKey key = awaitKey(clients);
            RoutingTable routes = new RoutingTable(addresses.stream().map(HostPort::toString).toList());
            return new GatewayPart(wiring, tokens, routes, List.copyOf(clients), key, clients);
        } catch (InterruptedException | RuntimeException e) {
            clients.forEach(BulkClient::close);
            throw e;
        }
    }

    private static String token(Wiring wiring) throws CommandException {
        Optional<Path> file = wiring.get(ConfigKeys.GATEWAY_TOKEN_FILE);
        if (file.isEmpty()) {
            return "";
        }
        try {
            return Files.readString(file.get()).strip();
        } catch (IOException e) {
            throw CommandException.usage(ConfigKeys.GATEWAY_TOKEN_FILE.name() + ": " + file.get() + " cannot be read: "
                    + e, e);
        }
    }

    private static FingerprintKey awaitKey(List<BulkClient> clients) throws InterruptedException {
        boolean said = false;
        while (true) {
            for (BulkClient client : clients) {
                if (client.awaitHello(HELLO_LOOK.dividedBy(clients.size()))) {
                    return client.fingerprintKey();
                }
            }
            if (!said) {
                LOG.log(Level.WARNING, "the gateway waits for an ingest node: nodes={0}", clients.size());
                said = true;
            }
        }
    }

    private GatewayPart(
            Wiring wiring,
            Optional<Tokens> tokens,
            RoutingTable routes,
            List<BatchConsumer> nodes,
            FingerprintKey key,
            List<BulkClient> clients) {
        this.wiring = wiring;
        this.clients = List.copyOf(clients);
        gateway = new Gateway(
                config(wiring),
                tokens.orElse(null),
                routes,
                nodes,
                key,
                wiring.clocks(),
                wiring.telemetry(),
                wiring.virtualThreads(),
                wiring.random());
        List<Stepper> workers = gateway.workers();
        for (int i = 0; i < workers.size(); i++) {
            wiring.loops().start("gateway-" + (i + 1), workers.get(i));
        }
        grpc = wiring.get(ConfigKeys.GRPC_ENABLED) ? grpc() : null;
        http = wiring.get(ConfigKeys.HTTP_ENABLED) ? http() : null;
    }

    private static GatewayConfig config(Wiring wiring) {
        int batchBytes = Math.toIntExact(wiring.get(ConfigKeys.BATCH_BYTES));
        ReaderLimits limits = new ReaderLimits(
                wiring.get(ConfigKeys.MAX_ATTRIBUTES),
                Math.toIntExact(wiring.get(ConfigKeys.MAX_VALUE_BYTES)),
                wiring.get(ConfigKeys.ON_EXCESS) == OnExcess.TRUNCATE,
                nanos(wiring.get(ConfigKeys.MAX_PAST)),
                nanos(wiring.get(ConfigKeys.MAX_FUTURE)),
                batchBytes,
                ReaderLimits.DEPTH);
        return new GatewayConfig(
                wiring.get(ConfigKeys.BATCH_SIZE),
                batchBytes,
                Duration.ofMillis(wiring.get(ConfigKeys.BATCH_TIMEOUT_MS)),
                wiring.get(ConfigKeys.BUFFER_BYTES),
                wiring.get(ConfigKeys.BUFFER_MESSAGES),
                Math.max(maxGrpcBytes(wiring), maxHttpBytes(wiring)),
                Runtime.getRuntime().availableProcessors(),
                GatewayConfig.DEFAULT_MAX_OPEN_BATCHES,
                GatewayConfig.DEFAULT_MAX_OPEN_BYTES,
                GatewayConfig.DEFAULT_SEND_ATTEMPTS,
                GatewayConfig.DEFAULT_SEND_BACKOFF,
                wiring.get(ConfigKeys.TOKEN_HEADER).toLowerCase(Locale.ROOT),
                limits);
    }

    /// Of a span of time too long for nanoseconds: as long as they can say.
    private static long nanos(Duration duration) {
        return duration.toSeconds() > Long.MAX_VALUE / 1_000_000_000L ? Long.MAX_VALUE : duration.toNanos();
    }

    private static int maxGrpcBytes(Wiring wiring) {
        return Math.toIntExact(wiring.get(ConfigKeys.GRPC_MAX_MESSAGE));
    }

    private static int maxHttpBytes(Wiring wiring) {
        return wiring.get(ConfigKeys.HTTP_MAX_PAYLOAD_MB) << 20;
    }

    private OtlpGrpcServer grpc() {
        GrpcConfig config = new GrpcConfig(
                wiring.get(ConfigKeys.GRPC_BIND), wiring.get(ConfigKeys.GRPC_PORT), maxGrpcBytes(wiring));
        return new OtlpGrpcServer(config, gateway, wiring.telemetry(), wiring.virtualThreads(), List.of());
    }

    private OtlpHttpServer http() {
        Duration requestTimeout = Duration.ofMillis(wiring.get(ConfigKeys.HTTP_TIMEOUT_MS));
        HttpConfig config = new HttpConfig(
                wiring.get(ConfigKeys.HTTP_BIND),
                wiring.get(ConfigKeys.HTTP_PORT),
                wiring.get(ConfigKeys.HTTP_MAX_REQUESTS),
                requestTimeout,
                requestTimeout.plus(HTTP_IDLE_BEYOND_REQUEST),
                maxHttpBytes(wiring));
        return new OtlpHttpServer(config, gateway, wiring.telemetry(), wiring.virtualThreads());
    }

    /// Lets clients in.
    void openDoors() throws CommandException {
        OtlpGrpcServer grpcServer = grpc;
        if (grpcServer != null) {
            int port = wiring.get(ConfigKeys.GRPC_PORT);
            wiring.doors().open("grpc", ConfigKeys.GRPC_PORT, wiring.get(ConfigKeys.GRPC_BIND), port, () -> {
                grpcServer.start();
                return grpcServer.port();
            });
        }
        OtlpHttpServer httpServer = http;
        if (httpServer != null) {
            int port = wiring.get(ConfigKeys.HTTP_PORT);
            wiring.doors().open("http", ConfigKeys.HTTP_PORT, wiring.get(ConfigKeys.HTTP_BIND), port, () -> {
                httpServer.start();
                return httpServer.port();
            });
        }
    }

    /// Takes no further request, answers those under way, and ends the workers.
    void stop() {
        Duration drain = wiring.stopTimeout();
        List<Thread> closing = new ArrayList<>();
        if (grpc != null) {
            closing.add(Thread.ofPlatform().name("stop-grpc").start(() -> close(grpc::close, drain)));
        }
        if (http != null) {
            closing.add(Thread.ofPlatform().name("stop-http").start(() -> close(http::close, drain)));
        }
        try {
            for (Thread thread : closing) {
                thread.join();
            }
            gateway.close();
            long end = wiring.clocks().monotonicNanos() + drain.toNanos();
            while (!gateway.idle() && wiring.clocks().monotonicNanos() - end < 0) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (int i = 0; i < gateway.workers().size(); i++) {
            wiring.loops().stop("gateway-" + (i + 1), drain);
        }
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).close();
            wiring.loops().stop("bulk-client-" + (i + 1), drain);
        }
    }

    /// Closes a door within a time.
    @FunctionalInterface
    private interface Closing {
        void close(Duration drain) throws InterruptedException;
    }

    private static void close(Closing door, Duration drain) {
        try {
            door.close(drain);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
