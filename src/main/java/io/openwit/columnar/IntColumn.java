package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// 32-bit integers, signed or not.
public final class IntColumn extends Column {
    private final boolean signed;
    private final Bytes values = new Bytes(1024);

    IntColumn(boolean signed) {
        this.signed = signed;
    }

    public void append(int value) {
        validity.value(count++);
        values.putInt(value);
    }

    @Override
    void appendNothing() {
        values.putInt(0);
    }

    @Override
    void appendCopies(int index, int times) {
        values.repeat(index * 4, 4, times);
    }

    @Override
    void truncateValues(int to) {
        values.truncate(to * 4);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(values.array, 0, values.size);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, new ArrowType.Int(32, signed));
    }
}
