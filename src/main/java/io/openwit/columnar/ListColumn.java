package io.openwit.columnar;

import java.util.List;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Lists: append elements to [#elements], then close the list with [#append].
public final class ListColumn<C extends Column> extends Column {
    private final Ints offsets = new Ints(256);
    private final C elements;

    ListColumn(C elements) {
        this.elements = elements;
        offsets.put(0);
    }

    public C elements() {
        return elements;
    }

    /// Closes a list of the elements since the last one; it may be empty.
    public void append() {
        offsets.put(elements.count);
        validity.value(count++);
    }

    @Override
    void appendNothing() {
        offsets.put(elements.count);
    }

    @Override
    void appendCopies(int index, int times) {
        throw new IllegalStateException("lists are not repeated");
    }

    @Override
    void truncateValues(int to) {
        elements.truncate(offsets.array[to]);
        offsets.truncate(to + 1);
    }

    @Override
    void dictionaries(List<Dictionary> all) {
        elements.dictionaries(all);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(offsets);
        elements.layOut(out);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        Field element = elements.field(ListVector.DATA_VECTOR_NAME, true, ids);
        return new Field(name, new FieldType(nullable, ArrowType.List.INSTANCE, null), List.of(element));
    }
}
