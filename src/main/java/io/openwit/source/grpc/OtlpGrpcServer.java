package io.openwit.source.grpc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.openwit.gateway.Gateway;
import io.openwit.model.Signal;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;

/// The OTLP/gRPC door: the three `Export` services, and whatever else is to be served on the same port.
///
/// Each limit is set here, also where it is gRPC's own default, as nobody else does it.
///
/// Source: OTLP specification, "OTLP/gRPC".
public final class OtlpGrpcServer implements AutoCloseable {
    /// The label of this door in metrics.
    static final String SOURCE = "grpc";

    /// A message of 8 MiB flows without waiting for a window update.
    private static final int FLOW_CONTROL_BYTES = 8 << 20;

    /// All messages that have not arrived whole take as much as so many of the largest.
    private static final int MAX_LARGEST_AT_ONCE = 4;

    private static final int MAX_CALLS_PER_CONNECTION = 256;
    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final int HANDSHAKE_SECONDS = 20;

    /// A connection whose client resets more streams in this window is closed. Source: CVE-2023-44487, "rapid reset".
    private static final int MAX_RESETS = 200;

    private static final int RESETS_WINDOW_SECONDS = 30;

    /// Clients may ping as often as this, also without a call.
    private static final int MIN_PING_SECONDS = 10;

    /// A peer that is silent is asked whether it lives, and then given up.
    private static final int KEEP_ALIVE_SECONDS = 60;

    private static final int KEEP_ALIVE_TIMEOUT_SECONDS = 20;
    private static final int MAX_IDLE_SECONDS = 15 * 60;

    /// Clients come anew after this time, and so find nodes that were added since.
    private static final int MAX_AGE_SECONDS = 60 * 60;

    private static final int MAX_AGE_GRACE_SECONDS = 60;

    private static final int MAX_CLOSE_SECONDS = 5;

    private final GrpcConfig config;
    private final Server server;

    /// @param virtualThreads runs each call, which blocks until its rows are durable
    /// @param others further services on the same port, with interceptors of their own; `maxMessageBytes` holds for
    ///     their messages too
    public OtlpGrpcServer(
            GrpcConfig config,
            Gateway gateway,
            Telemetry telemetry,
            Executor virtualThreads,
            List<ServerServiceDefinition> others) {
        this.config = config;
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress(config.bind(), config.port()))
                .executor(virtualThreads)
                // Reception judges the size, for each message and for all together.
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .addStreamTracerFactory(new Reception.Factory(
                        config.maxMessageBytes(), (long) MAX_LARGEST_AT_ONCE * config.maxMessageBytes()))
                .flowControlWindow(FLOW_CONTROL_BYTES)
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .maxInboundMetadataSize(MAX_HEADER_BYTES)
                .handshakeTimeout(HANDSHAKE_SECONDS, SECONDS)
                .maxRstFramesPerWindow(MAX_RESETS, RESETS_WINDOW_SECONDS)
                .permitKeepAliveTime(MIN_PING_SECONDS, SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(KEEP_ALIVE_SECONDS, SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, SECONDS)
                .maxConnectionIdle(MAX_IDLE_SECONDS, SECONDS)
                .maxConnectionAge(MAX_AGE_SECONDS, SECONDS)
                .maxConnectionAgeGrace(MAX_AGE_GRACE_SECONDS, SECONDS)
                .decompressorRegistry(Codecs.decompressors(config.maxMessageBytes()));
        Failures failures = new Failures(telemetry.metrics());
        for (Signal signal : Signal.values()) {
            builder.addService(ServerInterceptors.intercept(
                    service(signal, gateway, config, failures),
                    new AuthenticationInterceptor(gateway, signal, failures)));
        }
        others.forEach(builder::addService);
        server = builder.build();
    }

    private static ServerServiceDefinition service(
            Signal signal, Gateway gateway, GrpcConfig config, Failures failures) {
        String name = switch (signal) {
            case LOGS -> "opentelemetry.proto.collector.logs.v1.LogsService";
            case TRACES -> "opentelemetry.proto.collector.trace.v1.TraceService";
            case METRICS -> "opentelemetry.proto.collector.metrics.v1.MetricsService";
        };
        MethodDescriptor<InputStream, byte[]> export = MethodDescriptor.newBuilder(RawBytes.REQUEST, RawBytes.RESPONSE)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(name, "Export"))
                .setType(MethodType.UNARY)
                .build();
        return ServerServiceDefinition.builder(name)
                .addMethod(export, new ExportHandler(gateway, signal, config.maxMessageBytes(), failures))
                .build();
    }

    /// Opens the door.
    ///
    /// @throws IOException the address cannot be taken; the message names it
    public void start() throws IOException {
        try {
            server.start();
        } catch (IOException e) {
            String why = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
            throw new IOException(
                    "OTLP/gRPC cannot listen on " + config.bind() + ":" + config.port() + ": " + why, e);
        }
    }

    /// The port that is listened on, from [#start] on.
    public int port() {
        return server.getPort();
    }

    /// Takes no further call, lets those under way come to their end, and cancels what is left of them after `drain`.
    ///
    /// @throws InterruptedException the wait was interrupted; calls under way have been cancelled
    public void close(Duration drain) throws InterruptedException {
        server.shutdown();
        try {
            server.awaitTermination(drain.toNanos(), NANOSECONDS);
        } finally {
            close();
        }
    }

    /// Cancels whatever is under way, and waits a moment for its connections to end, as they still use the executor.
    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(MAX_CLOSE_SECONDS, SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
