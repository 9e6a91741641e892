package io.openwit.columnar;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Structs whose members are columns of their own: append to each member, then [#append].
public final class StructColumn extends Column {
    final List<Named> members = new ArrayList<>();

    /// @param nullable whether the schema lets a value be null
    record Named(String name, boolean nullable, Column column) {}

    StructColumn() {}

    <C extends Column> C member(String name, C column) {
        members.add(new Named(name, true, column));
        return column;
    }

    /// Closes a struct: each member has one value more.
    public void append() {
        validity.value(count++);
    }

    @Override
    void appendNothing() {
        for (Named member : members) {
            member.column.appendNull();
        }
    }

    @Override
    void appendCopies(int index, int times) {
        throw new IllegalStateException("structs are not repeated");
    }

    @Override
    void truncateValues(int to) {
        for (Named member : members) {
            member.column.truncate(to);
        }
    }

    @Override
    void dictionaries(List<Dictionary> all) {
        members.forEach(member -> member.column.dictionaries(all));
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        for (Named member : members) {
            member.column.layOut(out);
        }
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        List<Field> fields = new ArrayList<>();
        for (Named member : members) {
            fields.add(member.column.field(member.name, member.nullable, ids));
        }
        return new Field(name, new FieldType(nullable, ArrowType.Struct.INSTANCE, null), fields);
    }
}
