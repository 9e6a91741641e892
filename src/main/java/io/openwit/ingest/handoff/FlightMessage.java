package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// One `FlightData` message, written by hand so that the sealed bytes are copied once: into the socket's buffer.
///
/// ```
/// field 1     flight_descriptor { type = PATH, path = [signal] }   on the first message of a stream
/// field 2     data_header       the message's flatbuffer, without its length prefix
/// field 3     app_metadata      on record batches
/// field 1000  data_body         a slice of the sealed rows
/// ```
///
/// Source: `Flight.proto` of Apache Arrow.
final class FlightMessage {
    private static final byte[] NOTHING = {};
    private static final ByteBuffer NO_BODY = ByteBuffer.allocate(0);
    private static final int COPY_BYTES = 16 << 10;

    private final byte[] head;
    private final ByteBuffer body;

    /// The first message of a stream.
    ///
    /// @param schema the schema message's flatbuffer
    static FlightMessage schema(String path, ByteBuffer schema) {
        ByteArrayOutputStream descriptor = new ByteArrayOutputStream();
        putVarint(descriptor, 1 << 3);
        putVarint(descriptor, 1); // PATH
        putBytes(descriptor, 3, path.getBytes(UTF_8));
        return new FlightMessage(descriptor.toByteArray(), schema, NOTHING, NO_BODY);
    }

    /// A dictionary batch.
    ///
    /// @param body borrowed until the call has taken the message
    static FlightMessage dictionary(ByteBuffer header, ByteBuffer body) {
        return new FlightMessage(NOTHING, header, NOTHING, body);
    }

    /// A record batch.
    ///
    /// @param body borrowed until the call has taken the message
    static FlightMessage record(ByteBuffer header, ByteBuffer body, byte[] appMetadata) {
        return new FlightMessage(NOTHING, header, appMetadata, body);
    }

    private FlightMessage(byte[] descriptor, ByteBuffer header, byte[] appMetadata, ByteBuffer body) {
        ByteArrayOutputStream out =
                new ByteArrayOutputStream(descriptor.length + header.remaining() + appMetadata.length + 32);
        if (descriptor.length > 0) {
            putBytes(out, 1, descriptor);
        }
        byte[] flatbuffer = new byte[header.remaining()];
        header.duplicate().get(flatbuffer);
        putBytes(out, 2, flatbuffer);
        if (appMetadata.length > 0) {
            putBytes(out, 3, appMetadata);
        }
        if (body.hasRemaining()) {
            putVarint(out, 1000 << 3 | 2);
            putVarint(out, body.remaining());
        }
        this.head = out.toByteArray();
        this.body = body;
    }

    int bytes() {
        return head.length + body.remaining();
    }

    InputStream stream() {
        return new Bytes();
    }

    private static void putBytes(ByteArrayOutputStream out, int field, byte[] bytes) {
        putVarint(out, field << 3 | 2);
        putVarint(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void putVarint(ByteArrayOutputStream out, int value) {
        int rest = value;
        while (rest >>> 7 != 0) {
            out.write(rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }

    /// The message as gRPC takes it: drained in one go on the way to the network, read piecemeal by nobody but tests.
    private final class Bytes extends InputStream implements Drainable, KnownLength {
        private final ByteBuffer headLeft = ByteBuffer.wrap(head);
        private final ByteBuffer bodyLeft = body.duplicate();

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int length = available();
            target.write(headLeft.array(), headLeft.position(), headLeft.remaining());
            headLeft.position(headLeft.limit());
            if (bodyLeft.hasArray()) {
                target.write(bodyLeft.array(), bodyLeft.arrayOffset() + bodyLeft.position(), bodyLeft.remaining());
                bodyLeft.position(bodyLeft.limit());
            } else {
                byte[] piece = new byte[Math.min(COPY_BYTES, bodyLeft.remaining())];
                while (bodyLeft.hasRemaining()) {
                    int count = Math.min(piece.length, bodyLeft.remaining());
                    bodyLeft.get(piece, 0, count);
                    target.write(piece, 0, count);
                }
            }
            return length;
        }

        @Override
        public int available() {
            return headLeft.remaining() + bodyLeft.remaining();
        }

        @Override
        public int read() {
            ByteBuffer from = headLeft.hasRemaining() ? headLeft : bodyLeft;
            return from.hasRemaining() ? from.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            ByteBuffer from = headLeft.hasRemaining() ? headLeft : bodyLeft;
            if (length == 0) {
                return 0;
            }
            if (!from.hasRemaining()) {
                return -1;
            }
            int count = Math.min(length, from.remaining());
            from.get(target, offset, count);
            return count;
        }
    }
}
