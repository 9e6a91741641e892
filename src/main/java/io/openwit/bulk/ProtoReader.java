package io.openwit.bulk;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.MalformedBatchException;
import java.nio.ByteBuffer;

/// Walks the fields of one protobuf message. Not thread-safe.
///
/// Source: protobuf.dev, "Encoding".
final class ProtoReader {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    private final ByteBuffer in;
    private int wireType;

    /// @param message from position to limit; shared, not copied
    ProtoReader(ByteBuffer message) {
        in = message.slice().order(LITTLE_ENDIAN);
    }

    /// Steps to the next field; its value is to be read, or skipped, before the next step.
    ///
    /// @return the field's number, or 0 at the end
    int next() throws MalformedBatchException {
        if (!in.hasRemaining()) {
            return 0;
        }
        long tag = varint();
        wireType = (int) (tag & 7);
        long field = tag >>> 3;
        if (field < 1 || field > 0x1FFF_FFFF) {
            throw new MalformedBatchException("protobuf field number " + field);
        }
        return (int) field;
    }

    /// The value of a varint field.
    long unsigned() throws MalformedBatchException {
        expect(VARINT);
        return varint();
    }

    long fixed64() throws MalformedBatchException {
        expect(FIXED64);
        need(8);
        return in.getLong();
    }

    /// A view of the field's bytes.
    ByteBuffer bytes() throws MalformedBatchException {
        expect(BYTES);
        long length = varint();
        need(length);
        ByteBuffer bytes = in.slice(in.position(), (int) length);
        in.position(in.position() + (int) length);
        return bytes;
    }

    String text() throws MalformedBatchException {
        return UTF_8.decode(bytes()).toString();
    }

    void skip() throws MalformedBatchException {
        switch (wireType) {
            case VARINT -> varint();
            case FIXED64 -> fixed64();
            case BYTES -> bytes();
            case FIXED32 -> {
                need(4);
                in.getInt();
            }
            default -> throw new MalformedBatchException("protobuf wire type " + wireType);
        }
    }

    private void expect(int type) throws MalformedBatchException {
        if (wireType != type) {
            throw new MalformedBatchException("protobuf wire type " + wireType + " where " + type + " belongs");
        }
    }

    private void need(long bytes) throws MalformedBatchException {
        if (bytes < 0 || bytes > in.remaining()) {
            throw new MalformedBatchException("protobuf field of " + Long.toUnsignedString(bytes) + " bytes, there are "
                    + in.remaining());
        }
    }

    private long varint() throws MalformedBatchException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            need(1);
            byte next = in.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new MalformedBatchException("protobuf varint of more than ten bytes");
    }
}
