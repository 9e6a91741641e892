package io.openwit.bulk;

import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.openwit.model.Batch;
import io.openwit.model.MalformedBatchException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// The gRPC method `openwit.bulk.v1.Bulk/Append`, as either end sees it.
final class BulkMethod {
    static final String SERVICE = "openwit.bulk.v1.Bulk";
    static final int WINDOW_BYTES = 8 << 20;
    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    static final String BEARER = "Bearer ";

    private static final Marshaller<AppendResponse> RESPONSES = new Marshaller<>() {
        @Override
        public InputStream stream(AppendResponse response) {
            return new ByteArrayInputStream(AppendResponse.encode(response));
        }

        @Override
        public AppendResponse parse(InputStream stream) {
            try {
                return AppendResponse.decode(readAll(stream));
            } catch (MalformedBatchException e) {
                throw Status.INTERNAL.withDescription(e.getMessage()).withCause(e).asRuntimeException();
            }
        }
    };

    /// A gateway sends batches.
    static final MethodDescriptor<Batch, AppendResponse> CLIENT = method(new Marshaller<Batch>() {
        @Override
        public InputStream stream(Batch batch) {
            return AppendRequest.encode(batch);
        }

        @Override
        public Batch parse(InputStream stream) {
            throw new IllegalStateException("a client parses no request");
        }
    });

    /// An ingest node takes a message's bytes as they are, and looks into them later, on another thread.
    static final MethodDescriptor<byte[], AppendResponse> SERVER = method(new Marshaller<byte[]>() {
        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            return readAll(stream);
        }
    });

    private BulkMethod() {}

    private static <T> MethodDescriptor<T, AppendResponse> method(Marshaller<T> requests) {
        return MethodDescriptor.<T, AppendResponse>newBuilder()
                .setType(MethodType.BIDI_STREAMING)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Append"))
                .setRequestMarshaller(requests)
                .setResponseMarshaller(RESPONSES)
                .build();
    }

    private static byte[] readAll(InputStream stream) {
        try {
            if (!(stream instanceof KnownLength)) {
                return stream.readAllBytes();
            }
            byte[] bytes = new byte[stream.available()];
            int count = stream.readNBytes(bytes, 0, bytes.length);
            if (count != bytes.length) {
                throw new IOException("message is cut: " + count + " bytes of " + bytes.length);
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
