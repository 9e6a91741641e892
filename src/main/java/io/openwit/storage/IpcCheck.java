package io.openwit.storage;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.openwit.model.MalformedBatchException;
import java.nio.ByteBuffer;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.jspecify.annotations.Nullable;

/// Checks what an IPC message says of its body before anybody follows it there: Arrow's reader trusts it.
final class IpcCheck {
    /// Rows, and entries of lists and dictionaries, that one vector may have.
    private static final long MAX_VALUES = 1L << 28;

    private IpcCheck() {}

    /// Reads the head of a message.
    ///
    /// @param header the flatbuffer, without a length before it
    /// @throws MalformedBatchException it is none, or its body lies elsewhere than in these bytes
    static Message message(byte[] header, int bodyBytes) throws MalformedBatchException {
        try {
            Message message = Message.getRootAsMessage(ByteBuffer.wrap(header));
            if (message.bodyLength() != bodyBytes) {
                throw new MalformedBatchException(
                        "an IPC message says that its body has " + message.bodyLength() + " bytes, it has " + bodyBytes);
            }
            if (bodyBytes % 8 != 0) {
                throw new MalformedBatchException("an IPC message's body is not padded to 8 bytes: " + bodyBytes);
            }
            switch (message.headerType()) {
                case MessageHeader.DictionaryBatch -> {
                    DictionaryBatch dictionary = (DictionaryBatch) message.header(new DictionaryBatch());
                    checkBatch(dictionary == null ? null : dictionary.data(), bodyBytes);
                }
                case MessageHeader.RecordBatch -> checkBatch((RecordBatch) message.header(new RecordBatch()), bodyBytes);
                default -> {}
            }
            return message;
        } catch (RuntimeException | AssertionError e) {
            // Flatbuffers are read without a verifier: a wrong offset ends in whatever exception it meets.
            throw new MalformedBatchException("an IPC message is not a flatbuffer: " + e, e);
        }
    }

    private static void checkBatch(@Nullable RecordBatch batch, int bodyBytes)
            throws MalformedBatchException {
        if (batch == null) {
            throw new MalformedBatchException("an IPC message has no record batch");
        }
        checkCount("rows", batch.length());
        if (batch.variadicBufferCountsLength() > 0) {
            throw new MalformedBatchException("view vectors are not taken");
        }
        for (int i = 0; i < batch.nodesLength(); i++) {
            FieldNode node = batch.nodes(i);
            checkCount("values", node.length());
            if (node.nullCount() < 0 || node.nullCount() > node.length()) {
                throw new MalformedBatchException("a vector says " + node.nullCount() + " nulls in " + node.length());
            }
        }
        for (int i = 0; i < batch.buffersLength(); i++) {
            Buffer buffer = batch.buffers(i);
            if (buffer.offset() < 0
                    || buffer.length() < 0
                    || buffer.offset() > bodyBytes
                    || buffer.length() > bodyBytes - buffer.offset()) {
                throw new MalformedBatchException("buffer " + i + " lies outside of its body: offset "
                        + buffer.offset() + ", length " + buffer.length() + ", body " + bodyBytes);
            }
        }
    }

    /// Bytes that the buffers of all messages will have when they are decompressed, as they say themselves.
    ///
    /// @param sealed whole messages that were checked by [#message] before
    static long openedBytes(ByteBuffer sealed) throws MalformedBatchException {
        try {
            return sumOpenedBytes(sealed);
        } catch (RuntimeException | AssertionError e) {
            throw new MalformedBatchException("an IPC message is not a flatbuffer: " + e, e);
        }
    }

    private static long sumOpenedBytes(ByteBuffer sealed) throws MalformedBatchException {
        ByteBuffer in = sealed.slice().order(LITTLE_ENDIAN);
        long opened = 0;
        while (in.hasRemaining()) {
            int headerBytes = in.getInt(in.position() + 4);
            ByteBuffer header = in.slice(in.position() + 8, headerBytes).order(LITTLE_ENDIAN);
            Message message = Message.getRootAsMessage(header);
            int bodyAt = in.position() + 8 + headerBytes;
            RecordBatch batch;
            if (message.headerType() == MessageHeader.DictionaryBatch) {
                DictionaryBatch dictionary = (DictionaryBatch) message.header(new DictionaryBatch());
                batch = dictionary == null ? null : dictionary.data();
            } else {
                batch = (RecordBatch) message.header(new RecordBatch());
            }
            if (batch != null) {
                opened += openedBytes(batch, in, bodyAt);
            }
            in.position(bodyAt + (int) message.bodyLength());
        }
        return opened;
    }

    private static long openedBytes(RecordBatch batch, ByteBuffer in, int bodyAt) throws MalformedBatchException {
        long opened = 0;
        for (int i = 0; i < batch.buffersLength(); i++) {
            Buffer buffer = batch.buffers(i);
            if (batch.compression() == null || buffer.length() == 0) {
                opened += buffer.length();
                continue;
            }
            if (buffer.length() < Long.BYTES) {
                throw new MalformedBatchException("compressed buffer " + i + " has no length");
            }
            long length = in.getLong(bodyAt + (int) buffer.offset());
            if (length < -1 || length > Integer.MAX_VALUE) {
                throw new MalformedBatchException("compressed buffer " + i + " says " + length + " bytes");
            }
            opened += length == -1 ? buffer.length() : length;
        }
        return opened;
    }

    private static void checkCount(String what, long count) throws MalformedBatchException {
        if (count < 0 || count > MAX_VALUES) {
            throw new MalformedBatchException("a vector says " + count + " " + what);
        }
    }
}
