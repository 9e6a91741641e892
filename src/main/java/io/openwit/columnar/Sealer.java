package io.openwit.columnar;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.github.luben.zstd.Zstd;
import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.arrow.flatbuf.BodyCompression;
import org.apache.arrow.flatbuf.BodyCompressionMethod;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.CompressionType;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;

/// Writes the columns of a batch as encapsulated Arrow IPC messages: its dictionaries, then one record batch.
///
/// ```
/// 0xFFFFFFFF u32 │ length of the flatbuffer and its padding u32 │ flatbuffer │ padding to 8 │ body
/// body:  for each buffer, beginning on a multiple of 8:
///        length before compression i64, or -1 where the bytes that follow are as they were │ bytes
/// ```
///
/// Owns its output memory, which it keeps from batch to batch. Not thread-safe.
public final class Sealer {
    /// How the buffers of a batch are compressed.
    public enum Codec {
        LZ4_FRAME,
        ZSTD,
        NONE
    }

    private static final int CONTINUATION = 0xFFFFFFFF;
    private static final int PREFIX_BYTES = 8;
    private static final int ZSTD_LEVEL = 1;

    /// Less than this is not worth the head and end of a compressed frame.
    private static final int MIN_COMPRESSED_BYTES = 64;

    private final Codec codec;
    private final Lz4Frame lz4 = new Lz4Frame();
    private final Bytes out = new Bytes(64 << 10);
    private final Bytes body = new Bytes(64 << 10);

    /// Numbers as the bytes that they are sealed as.
    private final Bytes scratch = new Bytes(64 << 10);

    private final FlatBufferBuilder flat = new FlatBufferBuilder(8192);

    /// Of the open message: length and null count of each node; offset and length of each buffer.
    private long[] nodes = new long[256];

    private int nodeCount;
    private long[] buffers = new long[512];
    private int bufferCount;

    /// With LZ4, the default everywhere.
    public Sealer() {
        this(Codec.LZ4_FRAME);
    }

    public Sealer(Codec codec) {
        this.codec = codec;
    }

    void begin() {
        out.truncate(0);
        beginMessage();
    }

    private void beginMessage() {
        body.truncate(0);
        nodeCount = 0;
        bufferCount = 0;
    }

    /// The next column of the message.
    void node(int length, int nulls) {
        if (nodeCount == nodes.length) {
            nodes = Arrays.copyOf(nodes, nodeCount * 2);
        }
        nodes[nodeCount++] = length;
        nodes[nodeCount++] = nulls;
    }

    /// The next buffer of the message, copied.
    void buffer(Ints values) {
        int length = values.size * Integer.BYTES;
        scratch.truncate(0);
        scratch.room(length);
        ByteBuffer.wrap(scratch.array).order(LITTLE_ENDIAN).asIntBuffer().put(values.array, 0, values.size);
        buffer(scratch.array, 0, length);
    }

    void buffer(Longs values) {
        int length = values.size * Long.BYTES;
        scratch.truncate(0);
        scratch.room(length);
        ByteBuffer.wrap(scratch.array).order(LITTLE_ENDIAN).asLongBuffer().put(values.array, 0, values.size);
        buffer(scratch.array, 0, length);
    }

    /// The next buffer is empty: nothing is null.
    void noBuffer() {
        buffer(scratch.array, 0, 0);
    }

    void buffer(byte[] bytes, int from, int length) {
        int at = body.size();
        if (length > 0) {
            switch (codec) {
                case NONE -> body.put(bytes, from, length);
                case LZ4_FRAME, ZSTD -> compress(bytes, from, length);
            }
        }
        if (bufferCount == buffers.length) {
            buffers = Arrays.copyOf(buffers, bufferCount * 2);
        }
        buffers[bufferCount++] = at;
        buffers[bufferCount++] = (long) body.size() - at;
        pad(body);
    }

    private void compress(byte[] bytes, int from, int length) {
        body.putLong(length);
        int at = body.size();
        if (length >= MIN_COMPRESSED_BYTES) {
            if (codec == Codec.ZSTD) {
                int room = Math.toIntExact(Zstd.compressBound(length));
                body.room(room);
                long bytesOut = Zstd.compressByteArray(body.array, at, room, bytes, from, length, ZSTD_LEVEL);
                if (Zstd.isError(bytesOut)) {
                    throw new IllegalStateException("zstd: " + Zstd.getErrorName(bytesOut));
                }
                body.truncate(at + (int) bytesOut);
            } else {
                lz4.compress(bytes, from, length, body);
            }
        }
        int compressed = body.size() - at;
        if (compressed == 0 || compressed >= length) {
            body.truncate(at - 8);
            body.putLong(-1);
            body.put(bytes, from, length);
        }
    }

    void endDictionary(long id, int rows) {
        flat.clear();
        int batch = recordBatch(rows);
        message(MessageHeader.DictionaryBatch, DictionaryBatch.createDictionaryBatch(flat, id, batch, false));
    }

    void endRecord(int rows) {
        flat.clear();
        message(MessageHeader.RecordBatch, recordBatch(rows));
    }

    private int recordBatch(int rows) {
        RecordBatch.startNodesVector(flat, nodeCount / 2);
        for (int i = nodeCount - 2; i >= 0; i -= 2) {
            FieldNode.createFieldNode(flat, nodes[i], nodes[i + 1]);
        }
        int nodesAt = flat.endVector();
        RecordBatch.startBuffersVector(flat, bufferCount / 2);
        for (int i = bufferCount - 2; i >= 0; i -= 2) {
            Buffer.createBuffer(flat, buffers[i], buffers[i + 1]);
        }
        int buffersAt = flat.endVector();
        int compressionAt =
                switch (codec) {
                    case LZ4_FRAME -> compression(CompressionType.LZ4_FRAME);
                    case ZSTD -> compression(CompressionType.ZSTD);
                    case NONE -> 0;
                };
        RecordBatch.startRecordBatch(flat);
        RecordBatch.addLength(flat, rows);
        RecordBatch.addNodes(flat, nodesAt);
        RecordBatch.addBuffers(flat, buffersAt);
        if (compressionAt != 0) {
            RecordBatch.addCompression(flat, compressionAt);
        }
        return RecordBatch.endRecordBatch(flat);
    }

    private int compression(byte type) {
        return BodyCompression.createBodyCompression(flat, type, BodyCompressionMethod.BUFFER);
    }

    private void message(byte type, int headerAt) {
        Message.startMessage(flat);
        Message.addHeader(flat, headerAt);
        Message.addHeaderType(flat, type);
        Message.addVersion(flat, MetadataVersion.V5);
        Message.addBodyLength(flat, body.size());
        flat.finish(Message.endMessage(flat));
        ByteBuffer metadata = flat.dataBuffer();
        int length = metadata.remaining();
        int padded = (length + PREFIX_BYTES - 1) & -PREFIX_BYTES;
        out.putInt(CONTINUATION);
        out.putInt(padded);
        int at = out.room(length);
        metadata.get(out.array, at, length);
        pad(out);
        out.put(body.array, 0, body.size());
        beginMessage();
    }

    private static void pad(Bytes bytes) {
        bytes.putZeros(-bytes.size() & PREFIX_BYTES - 1);
    }

    /// Appends messages that were sealed before, as they are.
    void copy(ByteBuffer messages) {
        int length = messages.remaining();
        int at = out.room(length);
        messages.duplicate().get(out.array, at, length);
    }

    /// The messages since [#begin], in memory of their own.
    ByteBuffer finish() {
        return fresh(out);
    }

    /// The one place where memory for a sealed batch comes from.
    private static ByteBuffer fresh(Bytes bytes) {
        return ByteBuffer.wrap(Arrays.copyOf(bytes.array, bytes.size));
    }
}
