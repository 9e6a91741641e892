package io.openwit.columnar;

import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Texts that repeat: numbers into a dictionary of the batch.
public final class DictColumn extends Column {
    final Dictionary dictionary;
    private final Ints indices = new Ints(256);

    DictColumn(RowJournal journal) {
        dictionary = new Dictionary(journal);
    }

    /// Appends a text; what is not UTF-8 is mended.
    ///
    /// @param bytes readable up to 7 bytes behind the text
    /// @return its number, for [#appendIndex]
    public int append(byte[] bytes, int from, int length) {
        int index = count > 0 ? indexAt(count - 1) : -1;
        // Most texts equal the one before: then the table need not be asked.
        if (index < 0 || !dictionary.isText(index, bytes, from, length)) {
            index = dictionary.index(bytes, from, length);
        }
        appendIndex(index);
        return index;
    }

    /// Appends a text, or null where it is empty.
    public void appendOrNull(byte[] bytes, int from, int length) {
        if (length == 0) {
            appendNull();
        } else {
            append(bytes, from, length);
        }
    }

    int indexAt(int at) {
        return indices.array[at];
    }

    boolean equalAt(int at, byte[] bytes, int from, int length) {
        return dictionary.isText(indexAt(at), bytes, from, length);
    }

    int number(byte[] bytes, int from, int length) {
        return dictionary.index(bytes, from, length);
    }

    /// Appends texts by their numbers to a column that has no null.
    void appendIndices(int[] numbers) {
        int at = indices.room(numbers.length);
        System.arraycopy(numbers, 0, indices.array, at, numbers.length);
        count += numbers.length;
    }

    /// Appends a text by the number that it has since it was entered; a row that is taken back takes its numbers along.
    public void appendIndex(int index) {
        indices.put(index);
        validity.value(count++);
    }

    /// Appends copies of a stretch of its own values, one behind the other.
    void repeat(int first, int length, int times) {
        for (int copy = 0; copy < times && validity.nulls() > 0; copy++) {
            for (int i = 0; i < length; i++) {
                int at = count + copy * length + i;
                if (validity.isMissing(first + i)) {
                    validity.missing(at);
                } else {
                    validity.value(at);
                }
            }
        }
        int at = indices.room(Math.multiplyExact(length, times));
        for (int copy = 0; copy < times; copy++) {
            System.arraycopy(indices.array, first, indices.array, at + copy * length, length);
        }
        count += length * times;
    }

    @Override
    void appendNothing() {
        indices.put(0);
    }

    @Override
    void appendCopies(int index, int times) {
        indices.fill(indices.array[index], times);
    }

    @Override
    void truncateValues(int to) {
        indices.truncate(to);
    }

    @Override
    void dictionaries(List<Dictionary> all) {
        all.add(dictionary);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(indices);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        DictionaryEncoding encoding = new DictionaryEncoding(ids.next(), false, Dictionary.indexType());
        return new Field(name, new FieldType(nullable, ArrowType.Utf8.INSTANCE, encoding), List.of());
    }
}
