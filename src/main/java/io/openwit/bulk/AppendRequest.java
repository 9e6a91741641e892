package io.openwit.bulk;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// The message that carries one batch: `header = 1`, `rows = 2`, as `bulk.proto` says.
final class AppendRequest {
    /// The largest message that either end sends or takes.
    static final int MAX_BYTES = 128 << 20;

    private static final int HEADER = 1;
    private static final int ROWS = 2;

    private AppendRequest() {}

    /// The bytes of the message for this batch, made as they are read: the batch is not copied.
    static InputStream encode(Batch batch) {
        ByteBuffer header = batch.header().encoded();
        ByteBuffer rows = batch.rows().duplicate();
        return new Pieces(
                ByteBuffer.wrap(new ProtoWriter().prefix(HEADER, header.remaining()).toBytes()),
                header,
                ByteBuffer.wrap(new ProtoWriter().prefix(ROWS, rows.remaining()).toBytes()),
                rows);
    }

    /// An upper bound of the bytes that [#encode] makes.
    static long bytesOf(Batch batch) {
        return (long) batch.header().encodedBytes() + batch.rows().remaining() + 2 * 6;
    }

    /// Reads a batch from a message; header and rows are views of its bytes.
    ///
    /// @throws MalformedBatchException the message, or the header in it, is not what it should be
    static Batch decode(byte[] message) throws MalformedBatchException {
        ByteBuffer header = ByteBuffer.allocate(0);
        ByteBuffer rows = ByteBuffer.allocate(0);
        ProtoReader in = new ProtoReader(ByteBuffer.wrap(message));
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case HEADER -> header = in.bytes();
                case ROWS -> rows = in.bytes();
                default -> in.skip(); // of a later version
            }
        }
        BatchHeader decoded = BatchHeader.decode(header);
        if (decoded.encodedBytes() != header.remaining()) {
            throw new MalformedBatchException("batch header has " + decoded.encodedBytes() + " bytes, its field "
                    + header.remaining());
        }
        if (decoded.rows() == 0 || !rows.hasRemaining()) {
            throw new MalformedBatchException("batch of " + decoded.rows() + " rows in " + rows.remaining() + " bytes");
        }
        return new Batch(decoded, rows);
    }

    /// Several buffers as one stream.
    private static final class Pieces extends InputStream implements Drainable, KnownLength {
        private static final int CHUNK_BYTES = 1 << 14;

        private final ByteBuffer[] pieces;

        Pieces(ByteBuffer... pieces) {
            this.pieces = pieces;
        }

        @Override
        public int available() {
            int bytes = 0;
            for (ByteBuffer piece : pieces) {
                bytes += piece.remaining();
            }
            return bytes;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int drained = 0;
            byte[] chunk = new byte[Math.min(available(), CHUNK_BYTES)];
            for (int count = read(chunk, 0, chunk.length); count > 0; count = read(chunk, 0, chunk.length)) {
                target.write(chunk, 0, count);
                drained += count;
            }
            return drained;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) == 1 ? one[0] & 0xFF : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int count = 0;
            for (ByteBuffer piece : pieces) {
                int taken = Math.min(piece.remaining(), length - count);
                piece.get(into, offset + count, taken);
                count += taken;
            }
            return count == 0 && length > 0 ? -1 : count;
        }
    }
}
