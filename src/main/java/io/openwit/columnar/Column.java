package io.openwit.columnar;

import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// One column that is being filled, laid out as Arrow lays it out. Kept and reused from batch to batch.
public abstract sealed class Column
        permits BoolColumn, DictColumn, FixedColumn, IntColumn, ListColumn, LongColumn, MapColumn, StructColumn, Utf8Column {
    final Validity validity = new Validity();
    int count;

    /// Values so far, nulls included.
    public final int count() {
        return count;
    }

    public final void appendNull() {
        validity.missing(count);
        appendNothing();
        count++;
    }

    /// Appends the last value `times` more.
    ///
    /// @throws IllegalStateException there is none
    final void repeatLast(int times) {
        if (count == 0) {
            throw new IllegalStateException("an empty column has nothing to repeat");
        }
        validity.repeat(count, times);
        appendCopies(count - 1, times);
        count += times;
    }

    /// Forgets all values from `to` on.
    final void truncate(int to) {
        validity.truncate(to, count);
        truncateValues(to);
        count = to;
    }

    final void reset() {
        validity.reset();
        truncateValues(0);
        count = 0;
    }

    /// Adds what stands in the place of a null.
    abstract void appendNothing();

    /// Adds copies of what stands at `index`, be it a value or the place of a null.
    abstract void appendCopies(int index, int times);

    abstract void truncateValues(int to);

    /// The dictionaries of this column and of its children, in the order of the schema.
    void dictionaries(List<Dictionary> all) {}

    /// Nodes and buffers of this column and of its children, in Arrow's order.
    abstract void layOut(Sealer out);

    /// The column's place in the schema.
    ///
    /// @param ids gives each dictionary its number
    abstract Field field(String name, boolean nullable, DictionaryIds ids);

    /// Hands out dictionary numbers from 0, in the order of the schema: the order of [#dictionaries].
    static final class DictionaryIds {
        private int next;

        long next() {
            return next++;
        }
    }

    static Field leaf(String name, boolean nullable, ArrowType type) {
        return new Field(name, new FieldType(nullable, type, null), List.of());
    }
}
