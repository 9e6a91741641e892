package io.openwit.columnar;

import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;

/// Writes chosen values of a vector as a column of the sealer's open message, children included. Not thread-safe.
///
/// Offsets and lengths are checked here, as Arrow takes them from the bytes and may run with its own checks turned off.
final class RowGather {
    private final Sealer out;

    RowGather(Sealer out) {
        this.out = out;
    }

    /// @param chosen the places of the values, ascending; the first `count` of the array
    /// @throws IllegalArgumentException the vector is of a type that no schema of ours has, or its buffers contradict
    ///     one another
    void column(FieldVector vector, int[] chosen, int count) {
        int last = count == 0 ? -1 : chosen[count - 1];
        check(last < vector.getValueCount(), vector);
        check(last < vector.getValidityBuffer().capacity() * 8, vector);
        validity(vector, chosen, count);
        switch (vector) {
            case BitVector bits -> bits(bits, chosen, count);
            case BaseFixedWidthVector fixed -> fixed(fixed, chosen, count);
            case VarCharVector text -> text(text, chosen, count);
            case ListVector list -> list(list, chosen, count);
            case StructVector struct ->
                struct.getChildrenFromFields().forEach(child -> column(child, chosen, count));
            default -> throw new IllegalArgumentException("a column of type " + vector.getField());
        }
    }

    /// The node and its bitmap.
    private void validity(FieldVector vector, int[] chosen, int count) {
        byte[] bitmap = new byte[(count + 7) >>> 3];
        int nulls = 0;
        for (int i = 0; i < count; i++) {
            if (vector.isNull(chosen[i])) {
                nulls++;
            } else {
                bitmap[i >>> 3] |= (byte) (1 << (i & 7));
            }
        }
        out.node(count, nulls);
        out.buffer(bitmap, 0, nulls == 0 ? 0 : bitmap.length);
    }

    private void bits(BitVector vector, int[] chosen, int count) {
        ArrowBuf data = vector.getDataBuffer();
        check(count == 0 || chosen[count - 1] < data.capacity() * 8, vector);
        byte[] bits = new byte[(count + 7) >>> 3];
        for (int i = 0; i < count; i++) {
            int bit = data.getByte(chosen[i] >>> 3) >>> (chosen[i] & 7) & 1;
            bits[i >>> 3] |= (byte) (bit << (i & 7));
        }
        out.buffer(bits, 0, bits.length);
    }

    private void fixed(BaseFixedWidthVector vector, int[] chosen, int count) {
        int width = vector.getTypeWidth();
        ArrowBuf data = vector.getDataBuffer();
        check(count == 0 || (chosen[count - 1] + 1L) * width <= data.capacity(), vector);
        byte[] values = new byte[Math.multiplyExact(count, width)];
        for (int i = 0; i < count; i++) {
            data.getBytes((long) chosen[i] * width, values, i * width, width);
        }
        out.buffer(values, 0, values.length);
    }

    private void text(VarCharVector vector, int[] chosen, int count) {
        Bytes offsets = new Bytes(4 * count + 4);
        Bytes texts = new Bytes(1024);
        ArrowBuf data = vector.getDataBuffer();
        check(count == 0 || (chosen[count - 1] + 2L) * 4 <= vector.getOffsetBuffer().capacity(), vector);
        offsets.putInt(0);
        int end = 0;
        for (int i = 0; i < count; i++) {
            int from = vector.getStartOffset(chosen[i]);
            check(from >= end, vector);
            end = vector.getEndOffset(chosen[i]);
            check(end >= from && end <= data.capacity(), vector);
            int length = end - from;
            int at = texts.room(length);
            data.getBytes(from, texts.array, at, length);
            offsets.putInt(texts.size);
        }
        out.buffer(offsets.array, 0, offsets.size);
        out.buffer(texts.array, 0, texts.size);
    }

    /// Lists and maps: the elements of the chosen lists, one list behind the other.
    private void list(ListVector vector, int[] chosen, int count) {
        Bytes offsets = new Bytes(4 * count + 4);
        offsets.putInt(0);
        int[] elements = new int[Math.max(16, count)];
        check(count == 0 || (chosen[count - 1] + 2L) * 4 <= vector.getOffsetBuffer().capacity(), vector);
        int size = 0;
        int end = 0;
        for (int i = 0; i < count; i++) {
            int from = vector.getElementStartIndex(chosen[i]);
            check(from >= end, vector);
            end = vector.getElementEndIndex(chosen[i]);
            check(end >= from && end <= vector.getDataVector().getValueCount(), vector);
            for (int at = from; at < end; at++) {
                if (size == elements.length) {
                    elements = Arrays.copyOf(elements, size * 2);
                }
                elements[size++] = at;
            }
            offsets.putInt(size);
        }
        out.buffer(offsets.array, 0, offsets.size);
        column(vector.getDataVector(), elements, size);
    }

    private static void check(boolean holds, FieldVector vector) {
        if (!holds) {
            throw new IllegalArgumentException("the buffers of " + vector.getName() + " contradict one another");
        }
    }
}
