package io.openwit.columnar;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Attributes: `map<dictionary<int32, utf8> not null, dictionary<int32, utf8>>`.
///
/// A map is filled by [#key] and one of [#value] and [#noValue] for each entry, then closed by [#append].
public final class MapColumn extends Column {
    private static final long UNKNOWN_KEYS = 0;
    private static final AtomicLong VERSIONS = new AtomicLong();
    private static final int NOVEL_AFTER = 64;
    private static final int LOOK_UP_EVERY = 16;
    private static final int NEWS_LIMIT = 2 * NOVEL_AFTER - 1;

    private final Ints offsets = new Ints(256);
    private final DictColumn keys;
    private final DictColumn values;

    /// Where the entries of the open map and of the one before it begin.
    private int from;

    private int previousFrom;

    private long version = VERSIONS.incrementAndGet();

    MapColumn(RowJournal journal) {
        keys = new DictColumn(journal);
        values = new DictColumn(journal);
        offsets.put(0);
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

    /// The next entry's value.
    public void value(byte[] bytes, int from, int length) {
        values.appendIndex(values.number(bytes, from, length));
    }

    /// The next entry's value, looked for by its hash. At a place where the values have been new for many maps, such as
    /// that of a request's id, only one in [#LOOK_UP_EVERY] is looked for, and the others are taken for new.
    ///
    /// @param hash not 0 but by chance; of the same text always the same, or the text may stand in the dictionary twice
    /// @param news by place, for maps of the same keys: how many values in a row were new there, within bounds
    /// @param place of the entry in the open map
    public void value(byte[] bytes, int from, int length, int hash, int[] news, int place) {
        int number;
        if (expectsNew(news, place)) {
            number = values.dictionary.enter(bytes, from, length);
            wasNew(news, place);
        } else {
            int known = values.dictionary.size();
            number = values.dictionary.index(bytes, from, length, hash);
            if (number < known) {
                news[place] = 0;
            } else {
                wasNew(news, place);
            }
        }
        values.appendIndex(number);
    }

    /// Whether the value at this place is taken for new; then it may be written by [#newValue] as well.
    public static boolean expectsNew(int[] news, int place) {
        int before = news[place];
        return before >= NOVEL_AFTER && (before & LOOK_UP_EVERY - 1) != 0;
    }

    private static void wasNew(int[] news, int place) {
        int before = news[place];
        news[place] = before == NEWS_LIMIT ? NOVEL_AFTER : before + 1;
    }

    /// Where the next entry's value is written in its place, without a copy: append ASCII to it, then [#endNewValue].
    public Bytes newValue() {
        return values.dictionary.nextText();
    }

    /// The next entry's value has been written to [#newValue].
    public void endNewValue(int[] news, int place) {
        values.appendIndex(values.dictionary.enterWritten());
        wasNew(news, place);
    }

    /// The entry's value is unset.
    public void noValue() {
        values.appendNull();
    }

    /// Changes when numbers of keys lose their meaning; no other map ever has the same.
    public long version() {
        return version;
    }

    /// The number of a key, for [#keys]; entered if it is new.
    public int keyNumber(byte[] bytes, int from, int length) {
        return keys.number(bytes, from, length);
    }

    /// The keys of the open map's entries, all at once and beside their values.
    ///
    /// @param numbers of [#keyNumber], since the last change of [#version]
    public void keys(int[] numbers) {
        keys.appendIndices(numbers);
    }

    /// Closes the open map, which may be empty.
    public void append() {
        close();
        validity.value(count++);
    }

    private void close() {
        offsets.put(keys.count);
        previousFrom = from;
        from = keys.count;
    }

    @Override
    void appendNothing() {
        close();
    }

    @Override
    void appendCopies(int index, int times) {
        int first = offsets.array[index];
        int entries = offsets.array[index + 1] - first;
        keys.repeat(first, entries, times);
        values.repeat(first, entries, times);
        for (int i = 1; i <= times; i++) {
            offsets.put(from + entries * i);
        }
        if (times > 0) {
            previousFrom = keys.count - entries;
            from = keys.count;
        }
    }

    @Override
    void truncateValues(int to) {
        int entries = offsets.array[to];
        keys.truncate(entries);
        values.truncate(entries);
        offsets.truncate(to + 1);
        from = entries;
        previousFrom = entries;
        version = VERSIONS.incrementAndGet();
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
        out.buffer(offsets);
        // The struct of an entry is always there.
        out.node(keys.count, 0);
        out.noBuffer();
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
