package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// Booleans, a bit each.
public final class BoolColumn extends Column {
    private final Bytes bits = new Bytes(128);

    BoolColumn() {}

    public void append(boolean value) {
        validity.value(count);
        put(count, value);
        count++;
    }

    private void put(int index, boolean value) {
        int at = index >>> 3;
        int bit = index & 7;
        if (bit == 0) {
            bits.put((byte) 0);
        }
        if (value) {
            bits.array[at] |= (byte) (1 << bit);
        }
    }

    @Override
    void appendNothing() {
        put(count, false);
    }

    @Override
    void appendCopies(int index, int times) {
        boolean value = (bits.array[index >>> 3] >>> (index & 7) & 1) != 0;
        for (int i = 0; i < times; i++) {
            put(count + i, value);
        }
    }

    @Override
    void truncateValues(int to) {
        bits.truncate((to + 7) >>> 3);
        if ((to & 7) != 0) {
            bits.array[to >>> 3] &= (byte) ((1 << (to & 7)) - 1);
        }
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(bits.array, 0, bits.size);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, ArrowType.Bool.INSTANCE);
    }
}
