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
    private static final long UNKNOWN_KEYS = 0;
    private static final int PREDICTED_PLACES = 64;
    private static final int NOVEL_AFTER = 64;
    private static final int LOOK_UP_EVERY = 16;
    private static final int NEWS_LIMIT = 2 * NOVEL_AFTER - 1;

    private final Bytes offsets = new Bytes(1024);
    private final DictColumn keys;
    private final DictColumn values;

    /// Where the entries of the open map and of the one before it begin.
    private int from;

    private int previousFrom;

    /// By an entry's place in the map: how many values in a row were new there, within bounds.
    private final int[] news = new int[PREDICTED_PLACES];

    /// What the caller calls the keys of the map before.
    private long lastKeys = UNKNOWN_KEYS;

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

    /// The next entry's value. At a place where the values have been new for many maps, such as that of a request's
    /// id, only one in [#LOOK_UP_EVERY] is looked for, and the others are taken for new.
    public void value(byte[] bytes, int from, int length) {
        int place = values.count - this.from;
        if (place >= news.length) {
            values.appendText(bytes, from, length, false);
            return;
        }
        int before = news[place];
        boolean novel = before >= NOVEL_AFTER && (before & LOOK_UP_EVERY - 1) != 0;
        int predicted = previousFrom + place;
        if (!novel && predicted < this.from && values.equalAt(predicted, bytes, from, length)) {
            values.appendIndex(values.indexAt(predicted));
            news[place] = 0;
            return;
        }
        boolean found = values.appendText(bytes, from, length, novel);
        news[place] = found ? 0 : before == NEWS_LIMIT ? NOVEL_AFTER : before + 1;
    }

    /// The entry's value is unset.
    public void noValue() {
        values.appendNull();
    }

    /// Closes the open map, which may be empty.
    public void append() {
        append(UNKNOWN_KEYS);
    }

    /// Closes the open map, which may be empty.
    ///
    /// @param keys the caller's number for the map's keys in their order, not 0: see [#appendWithLastKeys]
    public void append(long keys) {
        close();
        lastKeys = keys;
        validity.value(count++);
    }

    /// The number that the map before was appended with; 0 where it had none.
    public long lastKeys() {
        return lastKeys;
    }

    /// Closes a map for which only values were given: its keys are those of the map before.
    public void appendWithLastKeys() {
        keys.repeat(previousFrom, from - previousFrom, 1);
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
        lastKeys = UNKNOWN_KEYS;
    }

    @Override
    void appendCopies(int index, int times) {
        int first = LittleEndian.getInt(offsets.array, index * 4);
        int entries = LittleEndian.getInt(offsets.array, index * 4 + 4) - first;
        keys.repeat(first, entries, times);
        values.repeat(first, entries, times);
        for (int i = 1; i <= times; i++) {
            offsets.putInt(from + entries * i);
        }
        if (times > 0) {
            previousFrom = keys.count - entries;
            from = keys.count;
        }
    }

    @Override
    void truncateValues(int to) {
        int entries = LittleEndian.getInt(offsets.array, to * 4);
        keys.truncate(entries);
        values.truncate(entries);
        offsets.truncate(to * 4 + 4);
        from = entries;
        previousFrom = entries;
        lastKeys = UNKNOWN_KEYS;
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
