package io.openwit.load;

import com.google.protobuf.Any;
import com.google.rpc.DebugInfo;
import com.google.rpc.RetryInfo;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/// A gRPC server that takes each of the three `Export` methods as bytes.
final class GrpcTarget implements Target {
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private final Script script;
    private final Server server;

    /// @param port 0 takes a free one
    GrpcTarget(int port, Script script) throws IOException {
        this.script = script;
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .fallbackHandlerRegistry(new HandlerRegistry() {
                    @Override
                    public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
                        return ServerMethodDefinition.create(method(name), (call, headers) -> {
                            call.request(2);
                            return listener(call, headers);
                        });
                    }
                })
                .maxInboundMessageSize(64 << 20)
                .build()
                .start();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(new Plain())
                .setResponseMarshaller(new Plain())
                .build();
    }

    private ServerCall.Listener<byte[]> listener(ServerCall<byte[], byte[]> call, Metadata headers) {
        return new ServerCall.Listener<>() {
            private byte[] body = {};

            @Override
            public void onMessage(byte[] message) {
                body = message;
            }

            @Override
            public void onHalfClose() {
                Signal signal = switch (call.getMethodDescriptor().getFullMethodName()) {
                    case "opentelemetry.proto.collector.logs.v1.LogsService/Export" -> Signal.LOGS;
                    case "opentelemetry.proto.collector.trace.v1.TraceService/Export" -> Signal.TRACES;
                    case "opentelemetry.proto.collector.metrics.v1.MetricsService/Export" -> Signal.METRICS;
                    default -> throw new IllegalStateException(call.getMethodDescriptor().getFullMethodName());
                };
                answer(call, script.receive(new Received(
                        signal, body, System.nanoTime(), header(headers, "authorization"),
                        header(headers, "x-openwit-tenant"))));
            }
        };
    }

    private void answer(ServerCall<byte[], byte[]> call, Reply reply) {
        switch (reply) {
            case Reply.Ok ok -> {
                call.sendHeaders(new Metadata());
                call.sendMessage(ok.response());
                call.close(Status.OK, new Metadata());
            }
            case Reply.Busy busy ->
                call.close(Status.UNAVAILABLE.withDescription("busy"), details(busy.delay()));
            case Reply.OverQuota quota ->
                call.close(Status.RESOURCE_EXHAUSTED.withDescription("over quota"), details(quota.delay()));
            case Reply.Bad bad -> call.close(Status.INVALID_ARGUMENT.withDescription(bad.message()), new Metadata());
            case Reply.Cut cut -> server.shutdownNow();
            case Reply.Silence silence -> {}
        }
    }

    /// RetryInfo behind another detail, as servers may send several.
    private static Metadata details(Duration delay) {
        Metadata trailers = new Metadata();
        if (!delay.isZero()) {
            RetryInfo retry = RetryInfo.newBuilder()
                    .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                            .setSeconds(delay.toSeconds())
                            .setNanos(delay.toNanosPart()))
                    .build();
            trailers.put(DETAILS, com.google.rpc.Status.newBuilder()
                    .setMessage("later")
                    .addDetails(Any.pack(DebugInfo.newBuilder().setDetail("a detail of no interest").build()))
                    .addDetails(Any.pack(retry))
                    .build()
                    .toByteArray());
        }
        return trailers;
    }

    private static String header(Metadata headers, String name) {
        String value = headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        return value == null ? "" : value;
    }

    @Override
    public int port() {
        return server.getPort();
    }

    @Override
    public Script script() {
        return script;
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Plain implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
