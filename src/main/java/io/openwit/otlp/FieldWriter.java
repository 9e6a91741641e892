package io.openwit.otlp;

import io.openwit.columnar.OpenedColumn;

/// Writes values of columns as protobuf fields; what is null, and what proto3 takes for absent, is left out.
///
/// Lengths are the shortest, so a message of fields in the order of their numbers is what protobuf's own writers make.
/// Not thread-safe.
///
/// Source: protobuf encoding, "Wire Types".
final class FieldWriter {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private ByteSink out = new ByteSink(1);

    /// What follows is appended to `out`.
    void open(ByteSink out) {
        this.out = out;
    }

    ByteSink out() {
        return out;
    }

    /// Begins a submessage, or any bytes, that [ByteSink#closeShort] ends.
    ///
    /// @return what to end it by
    int openMessage(int number) throws MalformedRequestException {
        out.putVarint(number << 3 | BYTES);
        return out.openShort();
    }

    void closeMessage(int start) throws MalformedRequestException {
        out.closeShort(start);
    }

    void bytes(int number, byte[] from, int offset, int length) throws MalformedRequestException {
        out.putVarint(number << 3 | BYTES);
        out.putVarint(length);
        out.put(from, offset, length);
    }

    void varint(int number, long value) throws MalformedRequestException {
        out.putVarint(number << 3 | VARINT);
        out.putVarint(value);
    }

    void fixed64(int number, long value) throws MalformedRequestException {
        out.putVarint(number << 3 | FIXED64);
        out.putFixed64(value);
    }

    /// A text or an id.
    void text(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at) && column.length(at) > 0) {
            bytes(number, column.bytes(), column.from(at), column.length(at));
        }
    }

    /// An enum, a bool or a whole number that stands as a varint.
    void varint(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at) && column.number(at) != 0) {
            varint(number, column.number(at));
        }
    }

    void zigZag(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at) && column.number(at) != 0) {
            int value = (int) column.number(at);
            varint(number, Integer.toUnsignedLong(value << 1 ^ value >> 31));
        }
    }

    void fixed32(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at) && column.number(at) != 0) {
            out.putVarint(number << 3 | FIXED32);
            out.putFixed32((int) column.number(at));
        }
    }

    /// A number of 64 bits, a time, or a double; −0.0 is not absent.
    void fixed64(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at) && column.number(at) != 0) {
            fixed64(number, column.number(at));
        }
    }

    /// A field that has presence: also 0 is written.
    void present64(int number, OpenedColumn column, int at) throws MalformedRequestException {
        if (!column.isNull(at)) {
            fixed64(number, column.number(at));
        }
    }

    /// A list of numbers of 64 bits, packed.
    void packed64(int number, OpenedColumn list, int at) throws MalformedRequestException {
        if (list.end(at) > list.first(at)) {
            int start = openMessage(number);
            for (int i = list.first(at); i < list.end(at); i++) {
                out.putFixed64(list.elements().number(i));
            }
            closeMessage(start);
        }
    }

    /// A list of whole numbers, packed as varints.
    void packedVarints(int number, OpenedColumn list, int at) throws MalformedRequestException {
        if (list.end(at) > list.first(at)) {
            int start = openMessage(number);
            for (int i = list.first(at); i < list.end(at); i++) {
                out.putVarint(list.elements().number(i));
            }
            closeMessage(start);
        }
    }
}
