package io.openwit.columnar;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.model.MalformedBatchException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;

/// The messages of sealed rows, found without decoding: some dictionaries, then one record batch. Immutable.
public final class SealedMessages implements Iterable<SealedMessages.Message> {
    /// More than any of our schemas has. Arrow's reader calls itself for each dictionary that it meets.
    static final int MAX_DICTIONARIES = 256;

    private static final int CONTINUATION = 0xFFFFFFFF;
    private static final int PREFIX_BYTES = 8;

    private final List<Message> messages;

    /// What a message carries.
    public enum Kind {
        DICTIONARY,
        RECORD
    }

    /// One message; its buffers are slices of the sealed rows, from position to limit.
    ///
    /// @param dictionaryId of a dictionary; -1 for the record batch
    /// @param rows of the record batch, or entries of the dictionary
    /// @param encapsulated marker, length, metadata and body, as they stand
    /// @param metadata the flatbuffer and its padding, without marker and length
    public record Message(
            Kind kind, long dictionaryId, long rows, ByteBuffer encapsulated, ByteBuffer metadata, ByteBuffer body) {}

    private SealedMessages(List<Message> messages) {
        this.messages = messages;
    }

    /// @param rows from position to limit; shared, not copied
    /// @throws MalformedBatchException the bytes are not dictionaries and one record batch
    public static SealedMessages of(ByteBuffer rows) throws MalformedBatchException {
        ByteBuffer in = rows.slice().order(LITTLE_ENDIAN);
        List<Message> messages = new ArrayList<>();
        while (in.hasRemaining()) {
            if (!messages.isEmpty() && messages.getLast().kind() == Kind.RECORD) {
                throw new MalformedBatchException(in.remaining() + " bytes behind the record batch");
            }
            if (messages.size() > MAX_DICTIONARIES) {
                throw new MalformedBatchException("sealed rows with more than " + MAX_DICTIONARIES + " dictionaries");
            }
            messages.add(read(in));
        }
        if (messages.isEmpty() || messages.getLast().kind() != Kind.RECORD) {
            throw new MalformedBatchException("sealed rows of " + in.limit() + " bytes end without a record batch");
        }
        return new SealedMessages(List.copyOf(messages));
    }

    private static Message read(ByteBuffer in) throws MalformedBatchException {
        int start = in.position();
        if (in.remaining() < PREFIX_BYTES || in.getInt(start) != CONTINUATION) {
            throw new MalformedBatchException("no message begins at " + start + " of " + in.limit());
        }
        int metadataBytes = in.getInt(start + 4);
        if (metadataBytes <= 0 || metadataBytes > in.remaining() - PREFIX_BYTES) {
            throw new MalformedBatchException("message at " + start + " has metadata of " + metadataBytes + " bytes");
        }
        ByteBuffer metadata = in.slice(start + PREFIX_BYTES, metadataBytes).order(LITTLE_ENDIAN);
        try {
            org.apache.arrow.flatbuf.Message message =
                    org.apache.arrow.flatbuf.Message.getRootAsMessage(metadata.duplicate().order(LITTLE_ENDIAN));
            long bodyBytes = message.bodyLength();
            int bodyAt = start + PREFIX_BYTES + metadataBytes;
            if (bodyBytes < 0 || bodyBytes > in.limit() - bodyAt) {
                throw new MalformedBatchException("message at " + start + " has a body of " + bodyBytes + " bytes");
            }
            int end = bodyAt + (int) bodyBytes;
            in.position(end);
            return describe(message, in.slice(start, end - start), metadata, in.slice(bodyAt, end - bodyAt));
        } catch (IndexOutOfBoundsException | AssertionError e) {
            throw new MalformedBatchException("message at " + start + " has metadata that cannot be read", e);
        }
    }

    private static Message describe(
            org.apache.arrow.flatbuf.Message message, ByteBuffer encapsulated, ByteBuffer metadata, ByteBuffer body)
            throws MalformedBatchException {
        if (message.headerType() == MessageHeader.DictionaryBatch
                && message.header(new DictionaryBatch()) instanceof DictionaryBatch dictionary
                && dictionary.data() != null) {
            return new Message(
                    Kind.DICTIONARY, dictionary.id(), dictionary.data().length(), encapsulated, metadata, body);
        }
        if (message.headerType() == MessageHeader.RecordBatch
                && message.header(new RecordBatch()) instanceof RecordBatch batch) {
            return new Message(Kind.RECORD, -1, batch.length(), encapsulated, metadata, body);
        }
        throw new MalformedBatchException("a message of kind " + message.headerType() + " among sealed rows");
    }

    @Override
    public Iterator<Message> iterator() {
        return messages.iterator();
    }

    /// The record batch.
    public Message record() {
        return messages.getLast();
    }
}
