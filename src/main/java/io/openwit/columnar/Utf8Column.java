package io.openwit.columnar;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/// Texts that seldom repeat.
public final class Utf8Column extends Column {
    private final RowJournal journal;
    private final Bytes texts = new Bytes(4096);
    private final Ints offsets = new Ints(256);

    Utf8Column(RowJournal journal) {
        this.journal = journal;
        offsets.put(0);
    }

    /// Appends a text; what is not UTF-8 is mended.
    ///
    /// @param bytes readable up to 7 bytes behind the text
    public void append(byte[] bytes, int from, int length) {
        int end = texts.size;
        if (!texts.putText(bytes, from, length) && !Utf8.isValid(bytes, from, length)) {
            texts.truncate(end);
            journal.mended();
            byte[] mended = Utf8.mended(bytes, from, length);
            texts.put(mended, 0, mended.length);
        }
        offsets.put(texts.size);
        validity.value(count++);
    }

    /// Appends a text, or null where it is empty.
    public void appendOrNull(byte[] bytes, int from, int length) {
        if (length == 0) {
            appendNull();
        } else {
            append(bytes, from, length);
        }
    }

    @Override
    void appendNothing() {
        offsets.put(texts.size);
    }

    @Override
    void appendCopies(int index, int times) {
        int from = offsets.array[index];
        int length = offsets.array[index + 1] - from;
        for (int i = 0; i < times; i++) {
            texts.repeat(from, length, 1);
            offsets.put(texts.size);
        }
    }

    @Override
    void truncateValues(int to) {
        texts.truncate(offsets.array[to]);
        offsets.truncate(to + 1);
    }

    @Override
    void layOut(Sealer out) {
        out.node(count, validity.nulls());
        validity.layOut(count, out);
        out.buffer(offsets);
        out.buffer(texts.array, 0, texts.size);
    }

    @Override
    Field field(String name, boolean nullable, DictionaryIds ids) {
        return leaf(name, nullable, ArrowType.Utf8.INSTANCE);
    }
}
