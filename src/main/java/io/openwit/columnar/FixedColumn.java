package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// Byte strings of one width: trace and span ids.
public final class FixedColumn extends Column {
    private final int width;
    private final Bytes values = new Bytes(2048);

    FixedColumn(int width) {
        this.width = width;
    }

    /// Appends as many bytes as the column is wide.
    public void append(byte[] bytes, int from) {
        validity.value(count++);
        values.put(bytes, from, width);
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
