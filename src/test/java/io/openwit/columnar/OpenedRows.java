package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.TimeStampNanoVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.util.Text;
import org.jspecify.annotations.Nullable;

/// Sealed rows as plain Java values, read by Arrow Java's stock reader: texts, numbers, ids in hex, lists and maps.
public final class OpenedRows {
    private OpenedRows() {}

    /// The rows, in order; a null value is a null.
    public static List<Map<String, @Nullable Object>> of(Signal signal, ByteBuffer rows) throws IOException {
        List<Map<String, @Nullable Object>> opened = new ArrayList<>();
        try (BufferAllocator allocator = new RootAllocator();
                ArrowReader reader = BatchOpener.open(signal, rows, allocator)) {
            while (reader.loadNextBatch()) {
                opened.addAll(loaded(signal, reader));
            }
        }
        return opened;
    }

    /// The rows of the batch that the reader has loaded.
    public static List<Map<String, @Nullable Object>> loaded(Signal signal, ArrowReader reader) throws IOException {
        List<Map<String, @Nullable Object>> opened = new ArrayList<>();
        List<FieldVector> vectors = reader.getVectorSchemaRoot().getFieldVectors();
        List<Field> fields = Schemas.of(signal).getFields();
        for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            for (int i = 0; i < vectors.size(); i++) {
                values.put(fields.get(i).getName(), value(vectors.get(i), row, reader.getDictionaryVectors()));
            }
            opened.add(values);
        }
        return opened;
    }

    private static @Nullable Object value(ValueVector vector, int at, Map<Long, Dictionary> dictionaries) {
        if (vector.isNull(at)) {
            return null;
        }
        DictionaryEncoding encoding = vector.getField().getDictionary();
        if (encoding != null) {
            int index = ((Number) vector.getObject(at)).intValue();
            return vector(dictionaries, encoding).getObject(index).toString();
        }
        return switch (vector) {
            case MapVector map -> {
                StructVector entries = (StructVector) map.getDataVector();
                Map<@Nullable Object, @Nullable Object> values = new LinkedHashMap<>();
                for (int i = map.getElementStartIndex(at); i < map.getElementEndIndex(at); i++) {
                    Object key = value(entries.getChildByOrdinal(0), i, dictionaries);
                    if (values.containsKey(key)) {
                        throw new AssertionError("key stands twice: " + key);
                    }
                    values.put(key, value(entries.getChildByOrdinal(1), i, dictionaries));
                }
                yield values;
            }
            case ListVector list -> {
                List<@Nullable Object> values = new ArrayList<>();
                for (int i = list.getElementStartIndex(at); i < list.getElementEndIndex(at); i++) {
                    values.add(value(list.getDataVector(), i, dictionaries));
                }
                yield values;
            }
            case StructVector struct -> {
                Map<String, @Nullable Object> values = new LinkedHashMap<>();
                for (FieldVector child : struct.getChildrenFromFields()) {
                    values.put(child.getName(), value(child, at, dictionaries));
                }
                yield values;
            }
            default -> vector.getObject(at) instanceof Text text
                    ? new String(text.copyBytes(), UTF_8)
                    : plain(vector, at);
        };
    }

    /// Timestamps as nanoseconds, not as the local time that Arrow makes of them.
    private static Object plain(ValueVector vector, int at) {
        return switch (vector) {
            case TimeStampNanoVector time -> time.get(at);
            case FixedSizeBinaryVector binary -> HexFormat.of().formatHex(binary.get(at));
            default -> vector.getObject(at);
        };
    }

    private static FieldVector vector(Map<Long, Dictionary> dictionaries, DictionaryEncoding encoding) {
        return dictionaries.get(encoding.getId()).getVector();
    }
}
