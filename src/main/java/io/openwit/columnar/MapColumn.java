package io.openwit.columnar;

import java.util.List;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Attributes: `map<dictionary<int32, utf8> not null, dictionary<int32, utf8>>`.
///
/// A map is filled by [#key] and one of [#value] and [#noValue] for each entry, then closed by [#append].
public final class MapColumn extends Column {
    private final Bytes offsets = new Bytes(1024);
    private final DictColumn keys;
    private final DictColumn values;

    /// Where the entries of the open map and of the one before it begin.
    private int from;

    private int previousFrom;

    MapColumn(RowJournal journal) {
        keys = new DictColumn(journal);
        values = new DictColumn(journal);
        offsets.putInt(0);
    }

    /// The next entry's key: most often the one that stood at the same place in the map before.
    public void key(byte[] bytes, int from, int length) {
        int predicted = previousFrom + keys.count - this.from;
        if (predicted < this.from && keys.equalAt(predicted, bytes, from, length)) {
            keys.appendIndex(keys.indexAt(predicted));
        } else {
            keys.append(bytes, from, length);
        }
    }

    public void value(byte[] bytes, int from, int length) {
        values.append(bytes, from, length);
    }

    /// The entry's value is unset.
    public void noValue() {
        values.appendNull();
    }

    /// Closes the open map, which may be empty.
    public void append() {
        close();
        validity.value(count++);
    }

    private void close() {
        offsets.putInt(keys.count);
        previousFrom = from;
        from = keys.count;
    }

    @Override
    void appendNothing() {
        close();
    }

    @Override
    void appendCopy(int index) {
        int last = LittleEndian.getInt(offsets.array, index * 4 + 4);
        for (int at = LittleEndian.getInt(offsets.array, index * 4); at < last; at++) {
            keys.appendIndex(keys.indexAt(at));
            if (values.validity.isMissing(at)) {
                values.appendNull();
            } else {
                values.appendIndex(values.indexAt(at));
            }
        }
        close();
    }

    @Override
    void truncateValues(int to) {
        int entries = LittleEndian.getInt(offsets.array, to * 4);
        keys.truncate(entries);
        values.truncate(entries);
        offsets.truncate(to * 4 + 4);
        from = entries;
        previousFrom = entries;
    }

    @Override
    void dictionaries(List<Dictionary> all) {
        keys.dictionaries(all);
        values.dictionaries(all);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(offsets.array, 0, offsets.size);
        // The struct of an entry is always there.
        out.node(keys.count, 0);
        out.buffer(offsets.array, 0, 0);
        keys.layOut(out);
        values.layOut(out);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        Field key = keys.field(MapVector.KEY_NAME, false, ids);
        Field value = values.field(MapVector.VALUE_NAME, true, ids);
        FieldType entry = new FieldType(false, ArrowType.Struct.INSTANCE, null);
        Field entries = new Field(MapVector.DATA_VECTOR_NAME, entry, List.of(key, value));
        return new Field(name, new FieldType(nullable, new ArrowType.Map(false), null), List.of(entries));
    }
}
