package io.openwit.columnar;

import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// 64-bit numbers: integers, signed or not, doubles, or nanoseconds since 1970.
public final class LongColumn extends Column {
    private final ArrowType type;
    private final Longs values = new Longs(256);

    private LongColumn(ArrowType type) {
        this.type = type;
    }

    static LongColumn signed() {
        return new LongColumn(new ArrowType.Int(64, true));
    }

    static LongColumn unsigned() {
        return new LongColumn(new ArrowType.Int(64, false));
    }

    static LongColumn doubles() {
        return new LongColumn(new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE));
    }

    /// Nanoseconds since 1970 without a zone, meaning UTC.
    static LongColumn times() {
        return new LongColumn(new ArrowType.Timestamp(TimeUnit.NANOSECOND, null));
    }

    /// @param value for doubles, their raw bits
    public void append(long value) {
        validity.value(count++);
        values.put(value);
    }

    /// Appends a time; 0 is null.
    public void appendTime(long nanos) {
        if (nanos == 0) {
            appendNull();
        } else {
            append(nanos);
        }
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
        return leaf(name, nullable, type);
    }
}
