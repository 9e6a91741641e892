package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// Byte strings of one width: trace and span ids.
public final class FixedColumn extends Column {
    private final int width;

    /// Words of eight bytes, as they came.
    private final Longs values = new Longs(512);

    private final int words;

    /// @param width a multiple of 8
    FixedColumn(int width) {
        if (width <= 0 || width % 8 != 0) {
            throw new IllegalArgumentException("width is not a multiple of 8: " + width);
        }
        this.width = width;
        words = width / 8;
    }

    /// Appends as many bytes as the column is wide.
    public void append(byte[] bytes, int from) {
        validity.value(count++);
        for (int word = 0; word < words; word++) {
            values.put(LittleEndian.getLong(bytes, from + 8 * word));
        }
    }

    @Override
    void appendNothing() {
        values.fill(0, words);
    }

    @Override
    void appendCopies(int index, int times) {
        for (int i = 0; i < times; i++) {
            for (int word = 0; word < words; word++) {
                values.put(values.array[index * words + word]);
            }
        }
    }

    @Override
    void truncateValues(int to) {
        values.truncate(to * words);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(values);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, new ArrowType.FixedSizeBinary(width));
    }
}
