package io.openwit.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.openwit.columnar.Schemas;
import io.openwit.columnar.SealedMessages;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// A DoPut stream with sealed bytes, as the handoff opens it.
final class RawPut implements AutoCloseable {
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
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

    private final ManagedChannel channel;
    private final ClientCall<byte[], byte[]> call;

    /// Batch ids of the PutResults, in their order.
    final List<String> answered = new CopyOnWriteArrayList<>();

    final CompletableFuture<Status> ended = new CompletableFuture<>();

    RawPut(int port, String token) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        call = channel.newCall(
                MethodDescriptor.newBuilder(BYTES, BYTES)
                        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                        .setFullMethodName("arrow.flight.protocol.FlightService/DoPut")
                        .build(),
                CallOptions.DEFAULT);
        Metadata headers = new Metadata();
        if (!token.isEmpty()) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        }
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] message) {
                        // app_metadata is field 1, and shorter than 128 bytes.
                        answered.add(new String(message, 2, message[1], UTF_8));
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ended.complete(status);
                    }
                },
                headers);
        call.request(Integer.MAX_VALUE);
    }

    RawPut schema(Signal signal) {
        byte[] message = Schemas.schemaMessage(signal);
        byte[] flatbuffer = new byte[message.length - 8];
        System.arraycopy(message, 8, flatbuffer, 0, flatbuffer.length);
        ByteArrayOutputStream descriptor = new ByteArrayOutputStream();
        descriptor.writeBytes(new byte[] {8, 1});
        field(descriptor, 3, signal.label().getBytes(UTF_8));
        send(descriptor.toByteArray(), flatbuffer, new byte[0], new byte[0]);
        return this;
    }

    RawPut batch(String json, ByteBuffer sealed) {
        try {
            for (SealedMessages.Message message : SealedMessages.of(sealed)) {
                boolean record = message.kind() == SealedMessages.Kind.RECORD;
                send(
                        new byte[0],
                        bytes(message.metadata()),
                        record ? json.getBytes(UTF_8) : new byte[0],
                        bytes(message.body()));
            }
        } catch (MalformedBatchException e) {
            throw new AssertionError(e);
        }
        return this;
    }

    RawPut send(byte[] descriptor, byte[] header, byte[] metadata, byte[] body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object[] each : new Object[][] {{1, descriptor}, {2, header}, {3, metadata}, {1000, body}}) {
            if (((byte[]) each[1]).length > 0) {
                field(out, (int) each[0], (byte[]) each[1]);
            }
        }
        call.sendMessage(out.toByteArray());
        return this;
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] value) {
        varint(out, number << 3 | 2);
        varint(out, value.length);
        out.writeBytes(value);
    }

    private static void varint(ByteArrayOutputStream out, int value) {
        for (; value > 0x7f; value >>>= 7) {
            out.write(value & 0x7f | 0x80);
        }
        out.write(value);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /// Ends the stream and waits for how it ended.
    Status finish() {
        call.halfClose();
        return status();
    }

    Status status() {
        return ended.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
