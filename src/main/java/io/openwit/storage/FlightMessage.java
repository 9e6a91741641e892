package io.openwit.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// One `FlightData` of a stream, read from the wire by hand. Its body stays in the network's buffers until
/// [#copyBody], so
/// that it is copied once. To be closed.
///
/// Source: Apache Arrow, `Flight.proto`: 1 flight_descriptor {3 path}, 2 data_header, 3 app_metadata, 1000 data_body.
final class FlightMessage implements AutoCloseable {
    private static final int DESCRIPTOR = 1;
    private static final int DESCRIPTOR_PATH = 3;
    private static final int HEADER = 2;
    private static final int APP_METADATA = 3;
    private static final int BODY = 1000;

    private static final byte[] NONE = {};

    private final List<String> path = new ArrayList<>();
    private byte[] header = NONE;
    private byte[] appMetadata = NONE;
    private InputStream body = InputStream.nullInputStream();
    private int bodyBytes;

    private FlightMessage() {}

    /// Reads all but the body.
    ///
    /// @param in one message; may be closed as soon as this returns
    /// @throws IOException the bytes are no FlightData
    static FlightMessage read(InputStream in) throws IOException {
        FlightMessage message = new FlightMessage();
        boolean whole = in instanceof KnownLength && in instanceof Detachable;
        InputStream from = whole ? in : new ByteArrayInputStream(in.readAllBytes());
        while (from.available() > 0) {
            long tag = varint(from);
            int field = (int) (tag >>> 3);
            switch ((int) (tag & 7)) {
                case 0 -> varint(from);
                case 1 -> from.skipNBytes(8);
                case 2 -> {
                    int length = length(from);
                    switch (field) {
                        case DESCRIPTOR -> message.readDescriptor(from.readNBytes(length));
                        case HEADER -> message.header = from.readNBytes(length);
                        case APP_METADATA -> message.appMetadata = from.readNBytes(length);
                        case BODY -> message.takeBody(from, length);
                        default -> from.skipNBytes(length);
                    }
                }
                case 5 -> from.skipNBytes(4);
                default -> throw new IOException("not FlightData: tag " + tag);
            }
        }
        return message;
    }

    private void takeBody(InputStream from, int length) throws IOException {
        bodyBytes = length;
        if (from.available() == length && from instanceof Detachable network) {
            body = network.detach();
        } else {
            body = new ByteArrayInputStream(from.readNBytes(length));
        }
    }

    private void readDescriptor(byte[] bytes) throws IOException {
        ByteArrayInputStream from = new ByteArrayInputStream(bytes);
        while (from.available() > 0) {
            long tag = varint(from);
            switch ((int) (tag & 7)) {
                case 0 -> varint(from);
                case 2 -> {
                    byte[] value = from.readNBytes(length(from));
                    if (tag >>> 3 == DESCRIPTOR_PATH) {
                        path.add(new String(value, UTF_8));
                    }
                }
                default -> throw new IOException("not a FlightDescriptor: tag " + tag);
            }
        }
    }

    private static int length(InputStream from) throws IOException {
        long length = varint(from);
        if (length < 0 || length > from.available()) {
            throw new IOException("not FlightData: a field of " + length + " bytes, there are " + from.available());
        }
        return (int) length;
    }

    private static long varint(InputStream from) throws IOException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int next = from.read();
            if (next < 0) {
                throw new EOFException("not FlightData: it ends within a number");
            }
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new IOException("not FlightData: a number of more than ten bytes");
    }

    /// The descriptor's path; empty in all but a stream's first message.
    List<String> path() {
        return path;
    }

    /// The IPC message without its length prefix; empty where there is none.
    byte[] header() {
        return header;
    }

    /// Empty where there is none.
    byte[] appMetadata() {
        return appMetadata;
    }

    int bodyBytes() {
        return bodyBytes;
    }

    /// Copies the body, once.
    ///
    /// @param target has room for [#bodyBytes]
    void copyBody(ByteBuffer target) throws IOException {
        int left = bodyBytes;
        byte[] piece = NONE;
        while (left > 0) {
            if (body instanceof HasByteBuffer network && network.byteBufferSupported()) {
                ByteBuffer next = network.getByteBuffer();
                if (next == null) {
                    throw new EOFException("FlightData ends " + left + " bytes before the end of its body");
                }
                int bytes = Math.min(left, next.remaining());
                target.put(next.slice(next.position(), bytes));
                body.skipNBytes(bytes);
                left -= bytes;
            } else {
                piece = piece.length == 0 ? new byte[Math.min(left, 64 << 10)] : piece;
                int bytes = body.read(piece, 0, Math.min(left, piece.length));
                if (bytes < 0) {
                    throw new EOFException("FlightData ends " + left + " bytes before the end of its body");
                }
                target.put(piece, 0, bytes);
                left -= bytes;
            }
        }
    }

    @Override
    public void close() throws IOException {
        body.close();
    }
}
