package io.openwit.storage;

import io.openwit.model.MalformedBatchException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;

/// Checks that vectors hold what they say: buffers are long enough, offsets rise and stay inside, dictionary indices
/// point
/// into their dictionary, text is UTF-8, a map has no key twice (DuckDB refuses those), and what is "not null" is not.
///
/// It does what Arrow C++ calls `ValidateFull`. One instance a batch; not thread-safe.
final class VectorCheck {
    private static final long ANY_HIGH_BIT = 0x8080808080808080L;

    private final DictionaryProvider dictionaries;
    private final Map<Long, Integer> checkedDictionaries = new HashMap<>();
    private final Set<Long> distinctDictionaries = new HashSet<>();

    VectorCheck(DictionaryProvider dictionaries) {
        this.dictionaries = dictionaries;
    }

    /// @param count values that are in use, from the first on
    void check(FieldVector vector, int count) throws MalformedBatchException {
        if (vector.getValueCount() < count) {
            throw wrong(vector, "has " + vector.getValueCount() + " values, needed are " + count);
        }
        if (count == 0) {
            return;
        }
        checkCapacity(vector, "validity", vector.getValidityBuffer(), (count + 7) / 8);
        if (!vector.getField().isNullable() && hasNull(vector, count)) {
            throw wrong(vector, "has a null");
        }
        switch (vector) {
            case BitVector bits -> checkCapacity(vector, "data", bits.getDataBuffer(), (count + 7) / 8);
            case BaseFixedWidthVector fixed -> {
                checkCapacity(vector, "data", fixed.getDataBuffer(), (long) count * fixed.getTypeWidth());
                DictionaryEncoding encoding = vector.getField().getDictionary();
                if (encoding != null) {
                    checkIndices((IntVector) fixed, count, dictionarySize(vector, encoding.getId()));
                }
            }
            case VarCharVector text -> checkText(text, count);
            case MapVector map -> checkMap(map, count);
            case ListVector list -> check(list.getDataVector(), checkOffsets(list, list.getOffsetBuffer(), count));
            case StructVector struct -> {
                for (FieldVector child : struct.getChildrenFromFields()) {
                    check(child, count);
                }
            }
            default -> throw wrong(vector, "is of a kind that no schema has");
        }
    }

    private static boolean hasNull(FieldVector vector, int count) {
        for (int i = 0; i < count; i++) {
            if (vector.isNull(i)) {
                return true;
            }
        }
        return false;
    }

    private static void checkIndices(IntVector indices, int count, int size) throws MalformedBatchException {
        boolean nullable = indices.getNullCount() > 0;
        for (int i = 0; i < count; i++) {
            if (!nullable || !indices.isNull(i)) {
                int index = indices.get(i);
                if (index < 0 || index >= size) {
                    throw wrong(indices, "points to entry " + index + " of a dictionary of " + size);
                }
            }
        }
    }

    /// Checks a dictionary the first time it is met.
    private int dictionarySize(FieldVector user, long id) throws MalformedBatchException {
        Integer known = checkedDictionaries.get(id);
        if (known != null) {
            return known;
        }
        Dictionary dictionary = dictionaries.lookup(id);
        if (dictionary == null) {
            throw wrong(user, "has no dictionary " + id);
        }
        FieldVector values = dictionary.getVector();
        int size = values.getValueCount();
        if (values.getNullCount() > 0) {
            throw wrong(user, "has a dictionary with a null");
        }
        check(values, size);
        checkedDictionaries.put(id, size);
        return size;
    }

    private void checkText(VarCharVector text, int count) throws MalformedBatchException {
        ArrowBuf offsets = text.getOffsetBuffer();
        int last = checkOffsets(text, offsets, count);
        checkCapacity(text, "data", text.getDataBuffer(), last);
        int first = offsets.getInt(0);
        if (first == last) {
            return;
        }
        ByteBuffer bytes = text.getDataBuffer().nioBuffer(first, last - first).order(ByteOrder.LITTLE_ENDIAN);
        if (isAscii(bytes)) {
            return;
        }
        // All bytes together are UTF-8 and every value begins with a character: so each value is UTF-8.
        int wrongAt = Utf8Check.firstWrong(bytes);
        if (wrongAt >= 0) {
            throw wrong(text, "is not UTF-8 at byte " + wrongAt);
        }
        for (int i = 0; i < count; i++) {
            int at = offsets.getInt(4L * i) - first;
            if (at < bytes.limit() && (bytes.get(at) & 0xc0) == 0x80) {
                throw wrong(text, "begins value " + i + " within a character");
            }
        }
    }

    private static boolean isAscii(ByteBuffer bytes) {
        int at = 0;
        long seen = 0;
        for (; at + 8 <= bytes.limit(); at += 8) {
            seen |= bytes.getLong(at);
        }
        for (; at < bytes.limit(); at++) {
            seen |= bytes.get(at) & 0x80;
        }
        return (seen & ANY_HIGH_BIT) == 0;
    }

    private void checkMap(MapVector map, int count) throws MalformedBatchException {
        int entries = checkOffsets(map, map.getOffsetBuffer(), count);
        if (entries == 0) {
            return;
        }
        StructVector pairs = (StructVector) map.getDataVector();
        check(pairs, entries);
        FieldVector keys = pairs.getChildrenFromFields().getFirst();
        if (hasNull(pairs, entries) || hasNull(keys, entries)) {
            throw wrong(map, "has an entry or key that is null");
        }
        long id = keys.getField().getDictionary().getId();
        checkDistinct(map, id);
        int[] lastMap = new int[dictionarySize(keys, id)];
        for (int i = 0; i < count; i++) {
            int end = map.getOffsetBuffer().getInt(4L * (i + 1));
            for (int at = map.getOffsetBuffer().getInt(4L * i); at < end; at++) {
                int key = ((IntVector) keys).get(at);
                if (lastMap[key] == i + 1) {
                    throw wrong(map, "has a key twice in value " + i);
                }
                lastMap[key] = i + 1;
            }
        }
    }

    /// Two equal entries in a dictionary would make two indices one key.
    private void checkDistinct(FieldVector user, long id) throws MalformedBatchException {
        if (!distinctDictionaries.add(id)) {
            return;
        }
        VarCharVector values = (VarCharVector) dictionaries.lookup(id).getVector();
        Set<ByteBuffer> seen = new HashSet<>();
        for (int i = 0; i < values.getValueCount(); i++) {
            if (!seen.add(ByteBuffer.wrap(values.get(i)))) {
                throw wrong(user, "has a dictionary of keys with an entry twice");
            }
        }
    }

    /// @return the last offset: how many values or bytes are in use behind it
    private static int checkOffsets(FieldVector vector, ArrowBuf offsets, int count) throws MalformedBatchException {
        checkCapacity(vector, "offsets", offsets, 4L * (count + 1));
        int before = offsets.getInt(0);
        if (before < 0) {
            throw wrong(vector, "has a negative offset");
        }
        for (int i = 1; i <= count; i++) {
            int next = offsets.getInt(4L * i);
            if (next < before) {
                throw wrong(vector, "has offsets that fall, at value " + i);
            }
            before = next;
        }
        return before;
    }

    private static void checkCapacity(FieldVector vector, String what, ArrowBuf buffer, long bytes)
            throws MalformedBatchException {
        if (buffer.capacity() < bytes) {
            throw wrong(vector, "has " + buffer.capacity() + " bytes of " + what + ", needed are " + bytes);
        }
    }

    private static MalformedBatchException wrong(FieldVector vector, String what) {
        return new MalformedBatchException("column " + vector.getName() + " " + what);
    }
}
