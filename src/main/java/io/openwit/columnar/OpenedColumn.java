package io.openwit.columnar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.jspecify.annotations.Nullable;

/// One column of opened rows, or the elements of lists within one. Values are asked for by their place.
///
/// It holds copies and no memory of Arrow's. Offsets and dictionary numbers are checked when it is made, so that no value
/// of a damaged batch lies outside of what was copied. Immutable.
public final class OpenedColumn {
    private final String name;
    private final int count;

    /// A bit for each value; empty where nothing is null.
    private final byte[] validity;

    /// Numbers and ids `width` bytes each, bits, texts, or numbers into the dictionary.
    private final byte[] values;

    private final int width;
    private final boolean signed;

    /// Of texts into [#values], of lists into the elements; empty for others.
    private final int[] offsets;

    /// A list's elements, a map's keys and values, a struct's members.
    private final List<OpenedColumn> children;

    /// What [#values] are numbers into; null where they are not.
    private final @Nullable OpenedColumn dictionary;

    /// @throws IllegalArgumentException the vector is of a type that no schema of ours has, or its buffers contradict one
    ///     another
    static OpenedColumn of(String name, FieldVector vector, DictionaryProvider dictionaries) {
        return new OpenedColumn(name, vector, dictionaries);
    }

    private OpenedColumn(String name, FieldVector vector, DictionaryProvider dictionaries) {
        this.name = name;
        count = vector.getValueCount();
        validity = vector.getNullCount() == 0 ? new byte[0] : copy(vector.getValidityBuffer(), (count + 7) >>> 3, vector);
        signed = !(vector instanceof UInt4Vector);
        switch (vector) {
            case BitVector bits -> {
                width = 0;
                values = copy(bits.getDataBuffer(), (count + 7) >>> 3, vector);
                offsets = new int[0];
                children = List.of();
            }
            case BaseFixedWidthVector fixed -> {
                width = fixed.getTypeWidth();
                values = copy(fixed.getDataBuffer(), (long) count * width, vector);
                offsets = new int[0];
                children = List.of();
            }
            case BaseVariableWidthVector texts -> {
                width = 0;
                offsets = offsets(texts.getOffsetBuffer(), vector);
                values = copy(texts.getDataBuffer(), offsets[count], vector);
                children = List.of();
            }
            case ListVector list -> {
                width = 0;
                values = new byte[0];
                offsets = offsets(list.getOffsetBuffer(), vector);
                FieldVector elements = list.getDataVector();
                OpenedColumn all = new OpenedColumn(elements.getName(), elements, dictionaries);
                check(offsets[count] <= all.count, vector);
                children = List.of(all);
            }
            case StructVector struct -> {
                width = 0;
                values = new byte[0];
                offsets = new int[0];
                List<OpenedColumn> members = new ArrayList<>();
                for (FieldVector member : struct.getChildrenFromFields()) {
                    OpenedColumn opened = new OpenedColumn(member.getName(), member, dictionaries);
                    check(opened.count >= count, vector);
                    members.add(opened);
                }
                children = List.copyOf(members);
            }
            default -> throw new IllegalArgumentException("a column of type " + vector.getField());
        }
        dictionary = vector.getField().getDictionary() == null ? null : dictionary(vector, dictionaries);
    }

    private OpenedColumn dictionary(FieldVector vector, DictionaryProvider dictionaries) {
        Dictionary found = dictionaries.lookup(vector.getField().getDictionary().getId());
        check(found != null && width == 4, vector);
        OpenedColumn texts = new OpenedColumn(name, found.getVector(), dictionaries);
        check(texts.offsets.length > 0, vector);
        for (int at = 0; at < count; at++) {
            int index = LittleEndian.getInt(values, at * 4);
            check(isNull(at) || index >= 0 && index < texts.count, vector);
        }
        return texts;
    }

    private static byte[] copy(ArrowBuf buffer, long length, FieldVector vector) {
        check(length <= buffer.capacity() && length <= Bytes.MAX_BYTES, vector);
        byte[] bytes = new byte[(int) length];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    private int[] offsets(ArrowBuf buffer, FieldVector vector) {
        // Arrow leaves the offsets out where there are no values.
        int[] all = new int[count + 1];
        if (count > 0) {
            byte[] bytes = copy(buffer, 4L * (count + 1), vector);
            for (int i = 0; i <= count; i++) {
                all[i] = LittleEndian.getInt(bytes, i * 4);
                check(all[i] >= (i == 0 ? 0 : all[i - 1]), vector);
            }
        }
        return all;
    }

    private static void check(boolean holds, FieldVector vector) {
        if (!holds) {
            throw new IllegalArgumentException("the buffers of " + vector.getName() + " contradict one another");
        }
    }

    public String name() {
        return name;
    }

    public int count() {
        return count;
    }

    public boolean isNull(int at) {
        return validity.length > 0 && (validity[at >>> 3] >>> (at & 7) & 1) == 0;
    }

    public boolean bool(int at) {
        return (values[at >>> 3] >>> (at & 7) & 1) != 0;
    }

    /// A number of 32 bits, or of 64: unsigned ones and the bits of doubles as they are.
    public long number(int at) {
        if (width == 8) {
            return LittleEndian.getLong(values, at * 8);
        }
        int number = LittleEndian.getInt(values, at * 4);
        return signed ? number : Integer.toUnsignedLong(number);
    }

    /// The array in which texts and ids stand, from [#from] on, [#length] bytes each.
    public byte[] bytes() {
        return dictionary == null ? values : dictionary.values;
    }

    public int from(int at) {
        if (dictionary != null) {
            return dictionary.offsets[LittleEndian.getInt(values, at * 4)];
        }
        return width > 0 ? at * width : offsets[at];
    }

    public int length(int at) {
        if (dictionary != null) {
            int index = LittleEndian.getInt(values, at * 4);
            return dictionary.offsets[index + 1] - dictionary.offsets[index];
        }
        return width > 0 ? width : offsets[at + 1] - offsets[at];
    }

    /// The place of a list's or map's first element; of one that is null, it has none.
    public int first(int at) {
        return offsets[at];
    }

    /// The place behind the last element.
    public int end(int at) {
        return isNull(at) ? offsets[at] : offsets[at + 1];
    }

    /// What the lists of this column hold, one list's elements behind the other's.
    public OpenedColumn elements() {
        return children.getFirst();
    }

    /// A member of this column's structs.
    ///
    /// @throws IllegalArgumentException there is none of this name
    public OpenedColumn member(String member) {
        for (OpenedColumn child : children) {
            if (child.name.equals(member)) {
                return child;
            }
        }
        throw new IllegalArgumentException(name + " has no member " + member);
    }

    /// The keys of this column's maps, at the places of [#elements].
    public OpenedColumn keys() {
        return elements().children.get(0);
    }

    /// The values of this column's maps, at the places of [#elements].
    public OpenedColumn mapValues() {
        return elements().children.get(1);
    }

    /// Whether two values are equal: both null, or the same texts, numbers, elements.
    public boolean same(int one, int other) {
        if (isNull(one) || isNull(other)) {
            return isNull(one) && isNull(other);
        }
        if (dictionary != null && LittleEndian.getInt(values, one * 4) == LittleEndian.getInt(values, other * 4)) {
            return true;
        }
        if (!children.isEmpty()) {
            return offsets.length == 0
                    ? children.stream().allMatch(member -> member.same(one, other))
                    : sameElements(one, other);
        }
        if (dictionary == null && width == 0 && offsets.length == 0) {
            return bool(one) == bool(other);
        }
        byte[] bytes = bytes();
        return Arrays.equals(
                bytes, from(one), from(one) + length(one), bytes, from(other), from(other) + length(other));
    }

    private boolean sameElements(int one, int other) {
        int elements = end(one) - first(one);
        if (end(other) - first(other) != elements) {
            return false;
        }
        for (int i = 0; i < elements; i++) {
            if (!elements().same(first(one) + i, first(other) + i)) {
                return false;
            }
        }
        return true;
    }
}
