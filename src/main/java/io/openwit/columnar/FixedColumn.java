package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// Byte strings of one width: trace and span ids.
public final class FixedColumn extends Column {
    private final int width;
    private final Bytes values = new Bytes(2048);

    /// @param width a multiple of 8
    FixedColumn(int width) {
        if (width <= 0 || width % 8 != 0) {
            throw new IllegalArgumentException("width is not a multiple of 8: " + width);
        }
        this.width = width;
    }

    /// Appends as many bytes as the column is wide.
    public void append(byte[] bytes, int from) {
        validity.value(count++);
        int at = values.room(width);
        for (int i = 0; i < width; i += 8) {
            LittleEndian.putLong(values.array, at + i, LittleEndian.getLong(bytes, from + i));
        }
    }

    @Override
    void appendNothing() {
        values.putZeros(width);
    }

    @Override
    void appendCopies(int index, int times) {
        values.repeat(index * width, width, times);
    }

    @Override
    void truncateValues(int to) {
        values.truncate(to * width);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(values.array, 0, values.size);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, new ArrowType.FixedSizeBinary(width));
    }
}
