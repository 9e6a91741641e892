package io.openwit.source.grpc;

import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/// Messages that gRPC does not look into.
final class RawBytes {
    /// The stream of a request as gRPC has it, over its own buffers; it is open for as long as `onMessage` runs.
    static final Marshaller<InputStream> REQUEST = new Marshaller<>() {
        @Override
        public InputStream stream(InputStream value) {
            return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
            return stream;
        }
    };

    static final Marshaller<byte[]> RESPONSE = new Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            throw new UnsupportedOperationException("a server reads no responses");
        }
    };

    private RawBytes() {}
}
