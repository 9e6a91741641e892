package io.openwit.source.grpc;

import static io.openwit.source.DoorFixture.BROKEN_TOKEN;
import static io.openwit.source.DoorFixture.LOGS_TOKEN;
import static io.openwit.source.DoorFixture.MAX_REQUEST_BYTES;
import static io.openwit.source.DoorFixture.TOKEN;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.ZstdOutputStream;
import com.google.protobuf.ByteString;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.source.DoorFixture;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OtlpGrpcServerTest {
    private static final MethodDescriptor<byte[], byte[]> PING = method("test.Ping/Ping");

    private final DoorFixture behind = new DoorFixture();
    private final OtlpGrpcServer server = new OtlpGrpcServer(
            new GrpcConfig("127.0.0.1", 0, MAX_REQUEST_BYTES),
            behind.gateway,
            behind.telemetry,
            behind.virtualThreads,
            List.of(ServerServiceDefinition.builder("test.Ping")
                    .addMethod(PING, ServerCalls.asyncUnaryCall((request, observer) -> {
                        observer.onNext(request);
                        observer.onCompleted();
                    }))
                    .build()));
    private ManagedChannel channel;

    @BeforeEach
    void open() throws IOException {
        server.start();
        channel = channel();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.close();
        behind.close();
    }

    private ManagedChannel channel() {
        CompressorRegistry compressors = CompressorRegistry.newEmptyInstance();
        compressors.register(Codec.Identity.NONE);
        compressors.register(new Codec.Gzip());
        compressors.register(compressor("zstd", out -> new ZstdOutputStream(out)));
        compressors.register(compressor("snappy", out -> out));
        return NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .compressorRegistry(compressors)
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip", "zstd"})
    void theGeneratedClientsAreServedForEverySignal(String compression) {
        var bearer = MetadataUtils.newAttachHeadersInterceptor(headers(TOKEN));
        String compressor = compression.equals("identity") ? null : compression;

        var logs = LogsServiceGrpc.newBlockingStub(channel).withInterceptors(bearer).withCompression(compressor);
        var traces = TraceServiceGrpc.newBlockingStub(channel).withInterceptors(bearer).withCompression(compressor);
        var metrics = MetricsServiceGrpc.newBlockingStub(channel).withInterceptors(bearer).withCompression(compressor);

        assertThat(logs.export(DoorFixture.logs(300))).isEqualTo(ExportLogsServiceResponse.getDefaultInstance());
        assertThat(traces.export(DoorFixture.traces(300))).isEqualTo(ExportTraceServiceResponse.getDefaultInstance());
        assertThat(metrics.export(DoorFixture.metrics(300))).isEqualTo(ExportMetricsServiceResponse.getDefaultInstance());
        assertThat(behind.rows()).isEqualTo(900);
        assertThat(behind.batches).allSatisfy(batch ->
                assertThat(batch.header().tenant().value()).isEqualTo("acme"));
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyRequestIsAccepted(Signal signal) {
        assertThat(export(signal, TOKEN, new byte[0])).isEmpty();
    }

    @Test
    void aMessageLargerThanTheWindowOfTheNetworkArrivesWhole() {
        byte[] request = DoorFixture.request(Signal.LOGS, 50_000);
        assertThat(request).hasSizeGreaterThan(1 << 20);

        assertThat(export(Signal.LOGS, TOKEN, request)).isEmpty();
        assertThat(behind.rows()).isEqualTo(50_000);
    }

    @Test
    void rejectedRowsAreToldInPartialSuccess() throws Exception {
        ExportTraceServiceRequest.Builder request = DoorFixture.traces(3).toBuilder();
        request.getResourceSpansBuilder(0)
                .getScopeSpansBuilder(0)
                .addSpans(Span.newBuilder().setTraceId(ByteString.copyFromUtf8("short")));

        byte[] response = export(Signal.TRACES, TOKEN, request.build().toByteArray());

        var partial = ExportTraceServiceResponse.parseFrom(response).getPartialSuccess();
        assertThat(partial.getRejectedSpans()).isEqualTo(1);
        assertThat(partial.getErrorMessage()).isNotEmpty();
        assertThat(behind.rows()).isEqualTo(3);
    }

    @Test
    void whatIsNoProtobufIsAnInvalidArgument() throws Exception {
        StatusRuntimeException refusal = refusal(Signal.LOGS, TOKEN, "this is no protobuf".getBytes(UTF_8));

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(details(refusal).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(details(refusal).getMessage()).isEqualTo(refusal.getStatus().getDescription());
        assertThat(details(refusal).getDetailsList()).isEmpty();
    }

    @Test
    void whoIsNotKnownIsRefusedBeforeTheMessageIsSent() throws Exception {
        CompletableFuture<Status> closed = new CompletableFuture<>();
        // As a stream: for a unary call the client would hold the headers back until it has the message.
        ClientCall<byte[], byte[]> call = channel.newCall(
                method(Signal.LOGS).toBuilder().setType(MethodType.BIDI_STREAMING).build(), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        closed.complete(status);
                    }
                },
                headers("nobody's"));

        assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(behind.refused("grpc", "unauthenticated")).isEqualTo(1);
    }

    @Test
    void aTokenMayStandInTheOtherHeaderToo() {
        Metadata headers = new Metadata();
        headers.put(key("x-auth-token"), TOKEN);

        assertThat(export(Signal.LOGS, headers, new byte[0])).isEmpty();
    }

    @Test
    void aForeignSignalOrTenantIsDenied() {
        Metadata foreign = headers(TOKEN);
        foreign.put(key("x-openwit-tenant"), "globex");
        Metadata noName = headers(TOKEN);
        noName.put(key("x-openwit-tenant"), "../x");

        assertThat(refusal(Signal.TRACES, headers(LOGS_TOKEN), new byte[0]).getStatus().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(refusal(Signal.LOGS, foreign, new byte[0]).getStatus().getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(refusal(Signal.LOGS, noName, new byte[0]).getStatus().getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip", "zstd"})
    void aMessageOverTheLimitIsTooLargeHoweverItIsCompressed(String compression) {
        CallOptions options = CallOptions.DEFAULT.withCompression(compression);
        StatusRuntimeException refusal =
                refusal(Signal.LOGS, headers(TOKEN), new byte[MAX_REQUEST_BYTES + 1], options);
        StatusRuntimeException larger =
                refusal(Signal.LOGS, headers(TOKEN), new byte[10 * MAX_REQUEST_BYTES], options);

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(retryInfo(refusal)).isNull();
        assertThat(larger.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(behind.refused("grpc", "too_large")).isEqualTo(2);
        await().until(behind.gateway::idle);
        assertThat(export(Signal.LOGS, TOKEN, new byte[0])).isEmpty();
    }

    @Test
    void aMessageAtTheLimitIsRead() {
        // Field 15, unknown to every request, of a length that fills the limit.
        byte[] request = new byte[MAX_REQUEST_BYTES];
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int rest = MAX_REQUEST_BYTES - 5;
        head.write(15 << 3 | 2);
        for (int i = 0; i < 3; i++, rest >>>= 7) {
            head.write(rest & 0x7F | 0x80);
        }
        head.write(rest);
        System.arraycopy(head.toByteArray(), 0, request, 0, head.size());

        assertThat(export(Signal.LOGS, TOKEN, request)).isEmpty();
    }

    @Test
    void anUnknownCompressionIsUnimplemented() {
        StatusRuntimeException refusal = refusal(
                Signal.LOGS, headers(TOKEN), new byte[10], CallOptions.DEFAULT.withCompression("snappy"));

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    @Test
    void aBodyThatIsNoGzipIsCutOrGoesOnBehindItIsAnInvalidArgument() {
        byte[] good = gzip(DoorFixture.request(Signal.LOGS, 1));
        byte[] cut = java.util.Arrays.copyOf(good, good.length - 5);
        byte[] trailing = java.util.Arrays.copyOf(good, good.length + 3);
        for (byte[] sent : new byte[][] {"plain text".getBytes(UTF_8), cut, trailing, new byte[0]}) {
            assertThat(refusalOfGzip(sent).getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        }
        assertThat(behind.refused("grpc", "malformed")).isEqualTo(4);
        assertThat(behind.rows()).isZero();
    }

    /// Sends these bytes as what gzip has made of the message.
    private StatusRuntimeException refusalOfGzip(byte[] sent) {
        CompressorRegistry compressors = CompressorRegistry.newEmptyInstance();
        compressors.register(compressor("gzip", out -> new FilterOutputStream(out) {
            @Override
            public void write(byte[] bytes, int offset, int length) {}

            @Override
            public void close() throws IOException {
                out.write(sent);
                out.close();
            }
        }));
        ManagedChannel forging = NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .compressorRegistry(compressors)
                .build();
        try {
            return refusal(
                    forging, Signal.LOGS, headers(TOKEN), new byte[10], CallOptions.DEFAULT.withCompression("gzip"));
        } finally {
            forging.shutdownNow();
        }
    }

    @Test
    void overloadIsUnavailableWithTheDelay() throws Exception {
        behind.node = batch -> new Throttled(false, Duration.ofMillis(2500), "the disk is slow");

        StatusRuntimeException refusal = refusal(Signal.LOGS, TOKEN, DoorFixture.request(Signal.LOGS, 1));

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        RetryInfo retry = retryInfo(refusal);
        assertThat(retry.getRetryDelay().getSeconds()).isEqualTo(2);
        assertThat(retry.getRetryDelay().getNanos()).isEqualTo(500_000_000);
    }

    @Test
    void aTenantOverItsQuotaIsExhaustedWithTheDelay() {
        behind.node = batch -> new Throttled(true, Duration.ofSeconds(7), "over quota");

        StatusRuntimeException refusal = refusal(Signal.LOGS, TOKEN, DoorFixture.request(Signal.LOGS, 1));

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(retryInfo(refusal).getRetryDelay().getSeconds()).isEqualTo(7);
    }

    @Test
    void aNodeThatIsAwayIsUnavailableWithADelay() {
        behind.node = batch -> new Unavailable("n1 cannot be reached");

        StatusRuntimeException refusal = refusal(Signal.LOGS, TOKEN, DoorFixture.request(Signal.LOGS, 1));

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(retryInfo(refusal).getRetryDelay().getSeconds()).isEqualTo(OtlpAnswers.RETRY_DELAY.toSeconds());
    }

    @Test
    void aMistakeOfOursIsInternalAndTheNextCallIsServed() throws Exception {
        StatusRuntimeException refusal = refusal(Signal.LOGS, BROKEN_TOKEN, new byte[0]);

        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(details(refusal).getMessage()).doesNotContain("broken on purpose");
        assertThat(behind.refused("grpc", "internal")).isEqualTo(1);
        assertThat(export(Signal.LOGS, TOKEN, new byte[0])).isEmpty();
    }

    @Test
    void anIdempotencyKeyHasAtMostOneHundredAndTwentyEightBytes() {
        Metadata longest = headers(TOKEN);
        longest.put(key("idempotency-key"), "k".repeat(128));
        Metadata tooLong = headers(TOKEN);
        tooLong.put(key("idempotency-key"), "k".repeat(129));
        byte[] request = DoorFixture.request(Signal.LOGS, 1);

        assertThat(export(Signal.LOGS, longest, request)).isEmpty();
        assertThat(refusal(Signal.LOGS, tooLong, request).getStatus().getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void aCallWithoutAMessageIsAnInvalidArgument() throws Exception {
        CompletableFuture<Status> closed = new CompletableFuture<>();
        ClientCall<byte[], byte[]> call = channel.newCall(method(Signal.LOGS), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        closed.complete(status);
                    }
                },
                headers(TOKEN));
        call.halfClose();

        assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void headersOverEightKibibytesAreRefusedAndTheNextCallIsServed() {
        Metadata headers = headers(TOKEN);
        headers.put(key("x-padding"), "p".repeat(9000));

        assertThat(refusal(Signal.LOGS, headers, new byte[0])).isNotNull();
        assertThat(export(Signal.LOGS, TOKEN, new byte[0])).isEmpty();
    }

    @Test
    void aMethodThatIsNotServedIsUnimplemented() {
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
                        channel, method("no.such.Service/Export"), CallOptions.DEFAULT, new byte[0]))
                .satisfies(e -> assertThat(((StatusRuntimeException) e).getStatus().getCode())
                        .isEqualTo(Status.Code.UNIMPLEMENTED));
    }

    @Test
    void furtherServicesAreServedOnTheSamePort() {
        assertThat(ClientCalls.blockingUnaryCall(channel, PING, CallOptions.DEFAULT, new byte[] {1, 2}))
                .containsExactly(1, 2);
    }

    @Test
    void theLimitOfAMessageHoldsForFurtherServicesToo() {
        byte[] tooLarge = new byte[MAX_REQUEST_BYTES + 1];
        for (String compression : new String[] {"identity", "gzip", "zstd"}) {
            CallOptions options =
                    CallOptions.DEFAULT.withCompression(compression).withDeadlineAfter(10, TimeUnit.SECONDS);
            // Compressed ones are read within gRPC, which answers UNKNOWN.
            assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(channel, PING, options, tooLarge))
                    .satisfies(e -> assertThat(((StatusRuntimeException) e).getStatus().getCode())
                            .as(compression)
                            .isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.UNKNOWN));
        }
    }

    @Test
    void aClientThatGoesAwayLeavesNothingBehind() throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        behind.node = batch -> {
            reached.countDown();
            awaitUninterruptibly(release);
            return new Accepted(batch.header().rows(), 0, 0, "");
        };
        ClientCall<byte[], byte[]> call = channel.newCall(method(Signal.LOGS), CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, headers(TOKEN));
        call.sendMessage(DoorFixture.request(Signal.LOGS, 1));
        call.halfClose();
        call.request(1);
        assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();

        call.cancel("the test goes away", null);
        assertThat(behind.gateway.idle()).isFalse();
        release.countDown();

        await().until(behind.gateway::idle);
    }

    @Test
    void aConnectionThatResetsItsCallsOverAndOverIsClosedAndOthersAreServed() throws Exception {
        behind.node = batch -> new Accepted(batch.header().rows(), 0, 0, "");
        CountDownLatch closed = new CountDownLatch(2000);
        for (int i = 0; i < 2000; i++) {
            ClientCall<byte[], byte[]> call = channel.newCall(method(Signal.LOGS), CallOptions.DEFAULT);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            closed.countDown();
                        }
                    },
                    headers(TOKEN));
            call.cancel("on purpose", null);
        }
        assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();

        ManagedChannel other = channel();
        try {
            assertThat(export(other, Signal.LOGS, headers(TOKEN), new byte[0])).isEmpty();
        } finally {
            other.shutdownNow();
        }
        await().until(behind.gateway::idle);
    }

    @Test
    void bytesThatAreNoHttpCloseTheirConnectionAlone() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
            socket.getInputStream().readAllBytes();
        }

        assertThat(export(Signal.LOGS, TOKEN, new byte[0])).isEmpty();
    }

    @Test
    void closingLetsTheCallsUnderWayComeToTheirEnd() throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        behind.node = batch -> {
            reached.countDown();
            awaitUninterruptibly(release);
            return new Accepted(batch.header().rows(), 0, 0, "");
        };
        CompletableFuture<byte[]> underWay = CompletableFuture.supplyAsync(
                () -> export(Signal.LOGS, TOKEN, DoorFixture.request(Signal.LOGS, 1)), behind.virtualThreads);
        assertThat(reached.await(10, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Void> closed = CompletableFuture.runAsync(
                () -> {
                    try {
                        server.close(Duration.ofSeconds(10));
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                },
                behind.virtualThreads);
        await().until(() -> !accepts(server.port()));
        assertThat(closed).isNotDone();
        release.countDown();

        assertThat(underWay.get(10, TimeUnit.SECONDS)).isEmpty();
        closed.get(10, TimeUnit.SECONDS);
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void anAddressThatIsTakenIsNamed() {
        OtlpGrpcServer second = new OtlpGrpcServer(
                new GrpcConfig("127.0.0.1", server.port(), MAX_REQUEST_BYTES),
                behind.gateway,
                behind.telemetry,
                behind.virtualThreads,
                List.of());

        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("OTLP/gRPC cannot listen on 127.0.0.1:" + server.port())
                .hasMessageContaining("Address already in use");
    }

    private byte[] export(Signal signal, String token, byte[] request) {
        return export(signal, headers(token), request);
    }

    private byte[] export(Signal signal, Metadata headers, byte[] request) {
        return export(channel, signal, headers, request);
    }

    private static byte[] export(ManagedChannel channel, Signal signal, Metadata headers, byte[] request) {
        return export(channel, signal, headers, request, CallOptions.DEFAULT);
    }

    private static byte[] export(
            ManagedChannel channel, Signal signal, Metadata headers, byte[] request, CallOptions options) {
        return ClientCalls.blockingUnaryCall(
                io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                method(signal),
                options.withDeadlineAfter(10, TimeUnit.SECONDS),
                request);
    }

    private StatusRuntimeException refusal(Signal signal, String token, byte[] request) {
        return refusal(signal, headers(token), request);
    }

    private StatusRuntimeException refusal(Signal signal, Metadata headers, byte[] request) {
        return refusal(signal, headers, request, CallOptions.DEFAULT);
    }

    private StatusRuntimeException refusal(Signal signal, Metadata headers, byte[] request, CallOptions options) {
        return refusal(channel, signal, headers, request, options);
    }

    private static StatusRuntimeException refusal(
            ManagedChannel channel, Signal signal, Metadata headers, byte[] request, CallOptions options) {
        try {
            export(channel, signal, headers, request, options);
        } catch (StatusRuntimeException e) {
            return e;
        }
        throw new AssertionError("the call was accepted");
    }

    private static com.google.rpc.Status details(StatusRuntimeException refusal) throws IOException {
        byte[] details = refusal.getTrailers()
                .get(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER));
        return com.google.rpc.Status.parseFrom(details == null ? new byte[0] : details);
    }

    private static @Nullable RetryInfo retryInfo(StatusRuntimeException refusal) {
        try {
            for (var detail : details(refusal).getDetailsList()) {
                if (detail.is(RetryInfo.class)) {
                    return detail.unpack(RetryInfo.class);
                }
            }
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Metadata headers(String token) {
        Metadata headers = new Metadata();
        headers.put(key("authorization"), "Bearer " + token);
        return headers;
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    private static MethodDescriptor<byte[], byte[]> method(Signal signal) {
        return method(switch (signal) {
            case LOGS -> LogsServiceGrpc.getExportMethod().getFullMethodName();
            case TRACES -> TraceServiceGrpc.getExportMethod().getFullMethodName();
            case METRICS -> MetricsServiceGrpc.getExportMethod().getFullMethodName();
        });
    }

    private static MethodDescriptor<byte[], byte[]> method(String name) {
        MethodDescriptor.Marshaller<byte[]> bytes = new MethodDescriptor.Marshaller<>() {
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
        };
        return MethodDescriptor.newBuilder(bytes, bytes)
                .setFullMethodName(name)
                .setType(MethodType.UNARY)
                .build();
    }

    private interface Wrapping {
        OutputStream wrap(OutputStream out) throws IOException;
    }

    private static Compressor compressor(String name, Wrapping wrapping) {
        return new Compressor() {
            @Override
            public String getMessageEncoding() {
                return name;
            }

            @Override
            public OutputStream compress(OutputStream out) throws IOException {
                return wrapping.wrap(out);
            }
        };
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
