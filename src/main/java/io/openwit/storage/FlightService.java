package io.openwit.storage;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.openwit.telemetry.Telemetry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// Arrow Flight as far as a sender of batches needs it: `DoPut`. Every other call is UNIMPLEMENTED.
///
/// A raw call, because the stock server decodes each batch and cannot give the sealed bytes. Source: Apache Arrow,
/// `Flight.proto`; sealed-batch.md §4.
final class FlightService implements ServerCallHandler<FlightMessage, byte[]> {
    private static final String SERVICE = "arrow.flight.protocol.FlightService";
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";

    private static final MethodDescriptor.Marshaller<FlightMessage> FLIGHT_DATA = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(FlightMessage message) {
            throw new UnsupportedOperationException("this end only receives FlightData");
        }

        @Override
        public FlightMessage parse(InputStream in) {
            try {
                return FlightMessage.read(in);
            } catch (IOException e) {
                throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).withCause(e).asRuntimeException();
            }
        }
    };

    /// Field 1, of bytes.
    private static final int PUT_RESULT_METADATA_TAG = (1 << 3) | 2;

    /// A `PutResult` that holds these bytes as its `app_metadata`, field 1.
    private static final MethodDescriptor.Marshaller<byte[]> PUT_RESULT = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] appMetadata) {
            ByteArrayOutputStream out = new ByteArrayOutputStream(appMetadata.length + 6);
            out.write(PUT_RESULT_METADATA_TAG);
            int length = appMetadata.length;
            for (; length > 0x7f; length >>>= 7) {
                out.write((length & 0x7f) | 0x80);
            }
            out.write(length);
            out.writeBytes(appMetadata);
            return new ByteArrayInputStream(out.toByteArray());
        }

        @Override
        public byte[] parse(InputStream in) {
            throw new UnsupportedOperationException("this end only sends PutResults");
        }
    };

    private static final MethodDescriptor<FlightMessage, byte[]> DO_PUT = MethodDescriptor.newBuilder(
                    FLIGHT_DATA, PUT_RESULT)
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "DoPut"))
            .build();

    private final StorageConfig config;
    private final Optional<Predicate<String>> tokens;
    private final BatchCheck check;
    private final Lander lander;
    private final Telemetry telemetry;
    private final AtomicInteger streams = new AtomicInteger();

    FlightService(
            StorageConfig config,
            Optional<Predicate<String>> tokens,
            BatchCheck check,
            Lander lander,
            Telemetry telemetry) {
        this.config = config;
        this.tokens = tokens;
        this.check = check;
        this.lander = lander;
        this.telemetry = telemetry;
    }

    ServerServiceDefinition definition() {
        return ServerServiceDefinition.builder(SERVICE).addMethod(DO_PUT, this).build();
    }

    /// The token is checked here, before any message is read.
    @Override
    public ServerCall.Listener<FlightMessage> startCall(ServerCall<FlightMessage, byte[]> call, Metadata headers) {
        if (tokens.isPresent() && !tokens.get().test(token(headers))) {
            call.close(Status.UNAUTHENTICATED.withDescription("no token, or an unknown one"), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        if (streams.incrementAndGet() > config.maxStreams()) {
            streams.decrementAndGet();
            call.close(
                    Status.RESOURCE_EXHAUSTED.withDescription("more than " + config.maxStreams() + " streams"),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        call.sendHeaders(new Metadata());
        return new PutStream(config, call, check, lander, telemetry, streams::decrementAndGet);
    }

    private static String token(Metadata headers) {
        String value = headers.get(AUTHORIZATION);
        return value == null || !value.startsWith(BEARER) ? "" : value.substring(BEARER.length());
    }
}
