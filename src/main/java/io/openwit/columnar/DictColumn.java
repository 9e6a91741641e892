package io.openwit.columnar;

import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/// Texts that repeat: numbers into a dictionary of the batch.
public final class DictColumn extends Column {
    private final Dictionary dictionary;
    private final Bytes indices = new Bytes(1024);

    DictColumn(RowJournal journal) {
        dictionary = new Dictionary(journal);
    }

    /// Appends a text; what is not UTF-8 is mended.
    ///
    /// @param bytes readable up to 7 bytes behind the text
    public void append(byte[] bytes, int from, int length) {
        int index = count > 0 ? lastIfEqual(bytes, from, length) : -1;
        indices.putInt(index >= 0 ? index : dictionary.index(bytes, from, length));
        validity.value(count++);
    }

    /// Appends a text that is not likely to equal the one before.
    ///
    /// @param novel whether it is likely to be none of those before: then it is not looked for
    /// @return whether it was found to be one of those before
    boolean appendText(byte[] bytes, int from, int length, boolean novel) {
        int known = dictionary.size();
        int index = novel ? dictionary.enter(bytes, from, length) : dictionary.index(bytes, from, length);
        indices.putInt(index);
        validity.value(count++);
        return index < known;
    }

    /// Most texts equal the one before: then the table need not be asked.
    private int lastIfEqual(byte[] bytes, int from, int length) {
        int last = LittleEndian.getInt(indices.array, (count - 1) * 4);
        return last < dictionary.size() && dictionary.equal(last, bytes, from, length) ? last : -1;
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
        return LittleEndian.getInt(indices.array, at * 4);
    }

    boolean equalAt(int at, byte[] bytes, int from, int length) {
        int index = indexAt(at);
        return index < dictionary.size() && dictionary.equal(index, bytes, from, length);
    }

    int number(byte[] bytes, int from, int length) {
        return dictionary.index(bytes, from, length);
    }

    /// Appends texts by their numbers to a column that has no null.
    void appendIndices(int[] numbers) {
        int at = indices.room(numbers.length * 4);
        byte[] target = indices.array;
        for (int i = 0; i < numbers.length; i++) {
            LittleEndian.putInt(target, at + 4 * i, numbers[i]);
        }
        count += numbers.length;
    }

    void appendIndex(int index) {
        indices.putInt(index);
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
        indices.repeat(first * 4, length * 4, times);
        count += length * times;
    }

    @Override
    void appendNothing() {
        indices.putInt(0);
    }

    @Override
    void appendCopies(int index, int times) {
        indices.repeat(index * 4, 4, times);
    }

    @Override
    void truncateValues(int to) {
        indices.truncate(to * 4);
    }

    @Override
    void dictionaries(List<Dictionary> all) {
        all.add(dictionary);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(indices.array, 0, indices.size);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        DictionaryEncoding encoding = new DictionaryEncoding(ids.next(), false, Dictionary.indexType());
        return new Field(name, new FieldType(nullable, ArrowType.Utf8.INSTANCE, encoding), List.of());
    }
}
