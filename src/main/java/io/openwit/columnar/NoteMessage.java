package io.openwit.columnar;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.flatbuffers.FlatBufferBuilder;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;

/// A message for an Arrow stream that says something about the batch behind it, and holds no rows.
///
/// It is a dictionary of the column `tenant` without entries, with a key and a text as the message's `custom_metadata`.
/// A reader that does not know it takes the dictionary and replaces it at once by that of the batch, which every batch
/// begins with. So the messages of the batch stay byte for byte what was sealed.
public final class NoteMessage {
    /// No note is longer, marker and length included.
    public static final int MAX_BYTES = 1024;

    private static final int CONTINUATION = 0xFFFFFFFF;
    private static final int PREFIX_BYTES = 8;

    /// The one offset of a column without values, and its padding.
    private static final int BODY_BYTES = 8;

    private NoteMessage() {}

    /// A note that was found.
    ///
    /// @param bytes of the message, marker and length included: the batch begins behind them
    public record Found(int bytes, String text) {}

    /// @param text such that the message has at most [#MAX_BYTES]
    /// @return the message with its marker and length
    public static byte[] of(Signal signal, String key, String text) {
        FlatBufferBuilder flat = new FlatBufferBuilder(512);
        int pair = KeyValue.createKeyValue(flat, flat.createString(key), flat.createString(text));
        int metadata = Message.createCustomMetadataVector(flat, new int[] {pair});
        RecordBatch.startNodesVector(flat, 1);
        FieldNode.createFieldNode(flat, 0, 0);
        int nodes = flat.endVector();
        RecordBatch.startBuffersVector(flat, 3);
        Buffer.createBuffer(flat, BODY_BYTES, 0); // written from the last to the first: values, offsets, validity
        Buffer.createBuffer(flat, 0, Integer.BYTES);
        Buffer.createBuffer(flat, 0, 0);
        int buffers = flat.endVector();
        RecordBatch.startRecordBatch(flat);
        RecordBatch.addLength(flat, 0);
        RecordBatch.addNodes(flat, nodes);
        RecordBatch.addBuffers(flat, buffers);
        int empty = RecordBatch.endRecordBatch(flat);
        long tenant = Schemas.of(signal).findField("tenant").getDictionary().getId();
        int dictionary = DictionaryBatch.createDictionaryBatch(flat, tenant, empty, false);
        Message.startMessage(flat);
        Message.addHeader(flat, dictionary);
        Message.addHeaderType(flat, MessageHeader.DictionaryBatch);
        Message.addVersion(flat, MetadataVersion.V5);
        Message.addBodyLength(flat, BODY_BYTES);
        Message.addCustomMetadata(flat, metadata);
        flat.finish(Message.endMessage(flat));
        ByteBuffer header = flat.dataBuffer();
        int length = header.remaining();
        int padded = length + PREFIX_BYTES - 1 & -PREFIX_BYTES;
        ByteBuffer out = ByteBuffer.allocate(PREFIX_BYTES + padded + BODY_BYTES).order(LITTLE_ENDIAN);
        if (out.capacity() > MAX_BYTES) {
            throw new IllegalArgumentException("a note has at most " + MAX_BYTES + " bytes: " + out.capacity());
        }
        out.putInt(CONTINUATION).putInt(padded).put(header);
        return out.array();
    }

    /// Reads the note at the position, which stays.
    ///
    /// @param in from its position on, a note and what follows it
    /// @throws MalformedBatchException there is no whole note of this key
    public static Found at(ByteBuffer in, String key) throws MalformedBatchException {
        ByteBuffer bytes = in.slice().order(LITTLE_ENDIAN);
        int padded = bytes.remaining() < PREFIX_BYTES ? -1 : bytes.getInt(4);
        if (padded <= 0
                || bytes.getInt(0) != CONTINUATION
                || padded > MAX_BYTES - PREFIX_BYTES - BODY_BYTES
                || padded > bytes.remaining() - PREFIX_BYTES - BODY_BYTES) {
            throw new MalformedBatchException("no note begins there");
        }
        try {
            Message message = Message.getRootAsMessage(bytes.slice(PREFIX_BYTES, padded).order(LITTLE_ENDIAN));
            boolean note = message.headerType() == MessageHeader.DictionaryBatch
                    && message.bodyLength() == BODY_BYTES
                    && message.customMetadataLength() == 1;
            KeyValue pair = note ? message.customMetadata(0) : null;
            if (pair != null && key.equals(pair.key()) && pair.value() != null) {
                String text = UTF_8.decode(pair.valueAsByteBuffer()).toString();
                return new Found(PREFIX_BYTES + padded + BODY_BYTES, text);
            }
        } catch (RuntimeException | AssertionError e) {
            // The library throws whatever it meets in bytes that are no message.
            throw new MalformedBatchException("the note there cannot be read", e);
        }
        throw new MalformedBatchException("the message there is no note");
    }
}
