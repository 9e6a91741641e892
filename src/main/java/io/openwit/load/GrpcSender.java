package io.openwit.load;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// OTLP/gRPC over a connection of its own, with the request's bytes as they are.
///
/// Source: OTLP specification, "OTLP/gRPC Response" and "OTLP/gRPC Throttling", for what may be sent again.
final class GrpcSender implements Sender {
    private static final int FLOW_CONTROL_WINDOW_BYTES = 8 << 20;
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
    private static final Map<Signal, MethodDescriptor<Bytes, byte[]>> METHODS = methods();

    private final ManagedChannel channel;
    private final Channel calls;

    /// @param headers sent with every request
    GrpcSender(URI target, Map<String, String> headers, Executor executor) {
        Metadata metadata = new Metadata();
        headers.forEach((name, value) -> metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
        // Without retries of its own: each sending is ours and is counted.
        channel = NettyChannelBuilder.forAddress(target.getHost(), target.getPort())
                .usePlaintext()
                .disableRetry()
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .executor(executor)
                .build();
        calls = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    private static Map<Signal, MethodDescriptor<Bytes, byte[]>> methods() {
        Map<Signal, MethodDescriptor<Bytes, byte[]>> methods = new EnumMap<>(Signal.class);
        for (Signal signal : Signal.values()) {
            methods.put(signal, MethodDescriptor.<Bytes, byte[]>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName(service(signal) + "/Export")
                    .setRequestMarshaller(new BytesMarshaller())
                    .setResponseMarshaller(new AnswerMarshaller())
                    .build());
        }
        return methods;
    }

    private static String service(Signal signal) {
        return switch (signal) {
            case LOGS -> "opentelemetry.proto.collector.logs.v1.LogsService";
            case TRACES -> "opentelemetry.proto.collector.trace.v1.TraceService";
            case METRICS -> "opentelemetry.proto.collector.metrics.v1.MetricsService";
        };
    }

    @Override
    public Answer send(Signal signal, byte[] request, int offset, int length, long timeoutNanos)
            throws InterruptedException {
        MethodDescriptor<Bytes, byte[]> method = METHODS.get(signal);
        if (method == null) {
            throw new IllegalStateException("no method for " + signal);
        }
        byte[] response;
        try {
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(timeoutNanos, NANOSECONDS);
            response = ClientCalls.blockingUnaryCall(calls, method, options, new Bytes(request, offset, length));
        } catch (StatusRuntimeException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException("the request was given up");
            }
            return answer(e.getStatus(), e.getTrailers());
        }
        try {
            AnswerReader.PartialSuccess partial = AnswerReader.exportResponse(response);
            return new Answer.Acknowledged(partial.rejected(), partial.message());
        } catch (IOException e) {
            return Answer.Again.unanswered("OK with an undecodable response: " + e.getMessage());
        }
    }

    private Answer answer(Status status, @Nullable Metadata trailers) {
        String why = status.getCode() + (status.getDescription() == null ? "" : ": " + status.getDescription());
        byte[] details = trailers == null ? null : trailers.get(DETAILS);
        long delay = Answer.Again.NO_DELAY;
        if (details != null) {
            try {
                delay = AnswerReader.status(details).retryDelayNanos();
            } catch (IOException e) {
                why += " (with undecodable details: " + e.getMessage() + ")";
            }
        }
        return switch (status.getCode()) {
            case UNAVAILABLE -> {
                // Else the channel waits up to two minutes before it looks again whether the target is back.
                channel.resetConnectBackoff();
                yield new Answer.Again(delay, delay >= 0, why);
            }
            case RESOURCE_EXHAUSTED ->
                delay >= 0 ? new Answer.Again(delay, true, why) : new Answer.Refused(why);
            case CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, DATA_LOSS -> new Answer.Again(delay, false, why);
            case OK, UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION,
                    UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED -> new Answer.Refused(why);
        };
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private record Bytes(byte[] array, int offset, int length) {}

    private static final class BytesMarshaller implements MethodDescriptor.Marshaller<Bytes> {
        @Override
        public InputStream stream(Bytes value) {
            return new BytesStream(value);
        }

        @Override
        public Bytes parse(InputStream stream) {
            throw new UnsupportedOperationException("a client does not read requests");
        }
    }

    /// Tells gRPC its length and gives its bytes in one copy.
    private static final class BytesStream extends ByteArrayInputStream implements Drainable, KnownLength {
        BytesStream(Bytes bytes) {
            super(bytes.array, bytes.offset, bytes.length);
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            return (int) transferTo(target);
        }
    }

    private static final class AnswerMarshaller implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            throw new UnsupportedOperationException("a client does not write responses");
        }

        @Override
        public byte[] parse(InputStream stream) {
            try (stream) {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
