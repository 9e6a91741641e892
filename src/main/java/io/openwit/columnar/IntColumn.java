package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// 32-bit integers, signed or not.
public final class IntColumn extends Column {
    private final boolean signed;
    private final Ints values = new Ints(256);

    IntColumn(boolean signed) {
        this.signed = signed;
    }

    public void append(int value) {
        validity.value(count++);
        values.put(value);
    }

    @Override
    void appendNothing() {
        values.put(0);
    }

    @Override
    void appendCopies(int index, int times) {
        values.fill(values.array[index], times);
    }

    @Override
    void truncateValues(int to) {
        values.truncate(to);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(values);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, new ArrowType.Int(32, signed));
    }
}
