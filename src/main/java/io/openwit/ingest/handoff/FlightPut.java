package io.openwit.ingest.handoff;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The one call of Arrow Flight that we make, `DoPut`: FlightData out, `app_metadata` of PutResults in.
final class FlightPut {
    static final MethodDescriptor<FlightMessage, byte[]> METHOD = MethodDescriptor.<FlightMessage, byte[]>newBuilder()
            .setType(MethodType.BIDI_STREAMING)
            .setFullMethodName("arrow.flight.protocol.FlightService/DoPut")
            .setRequestMarshaller(new Outgoing())
            .setResponseMarshaller(new Incoming())
            .build();

    private FlightPut() {}

    private static final class Outgoing implements Marshaller<FlightMessage> {
        @Override
        public InputStream stream(FlightMessage message) {
            return message.stream();
        }

        @Override
        public FlightMessage parse(InputStream stream) {
            throw new UnsupportedOperationException("nobody sends us FlightData here");
        }
    }

    /// `PutResult { bytes app_metadata = 1 }`; unknown fields are passed over.
    private static final class Incoming implements Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] metadata) {
            throw new UnsupportedOperationException("we send no PutResult here");
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return appMetadata(stream.readAllBytes());
            } catch (IOException e) {
                throw Status.INTERNAL.withDescription("PutResult cannot be read").withCause(e).asRuntimeException();
            }
        }
    }

    private static byte[] appMetadata(byte[] message) {
        byte[] found = {};
        int[] at = {0};
        while (at[0] < message.length) {
            long tag = varint(message, at);
            switch ((int) (tag & 7)) {
                case 0 -> varint(message, at);
                case 1 -> at[0] += 8;
                case 2 -> {
                    long length = varint(message, at);
                    if (length < 0 || length > message.length - at[0]) {
                        throw malformed();
                    }
                    if (tag >>> 3 == 1) {
                        found = Arrays.copyOfRange(message, at[0], at[0] + (int) length);
                    }
                    at[0] += (int) length;
                }
                case 5 -> at[0] += 4;
                default -> throw malformed();
            }
        }
        return found;
    }

    private static long varint(byte[] message, int[] at) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at[0] >= message.length) {
                throw malformed();
            }
            byte next = message[at[0]++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw malformed();
    }

    private static RuntimeException malformed() {
        return Status.INTERNAL.withDescription("PutResult is malformed").asRuntimeException();
    }
}
