package io.openwit.storage;

import io.openwit.storage.RowSink.Column;
import io.openwit.storage.RowSink.Timestamp;
import java.io.IOException;
import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.LargeVarBinaryVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;

/// The rows of an answer, chunk by chunk, as the values of [RowSink]. They come as Arrow, because JDBC's own values
/// lose
/// nanoseconds and the order of maps.
final class ResultRows {
    private static final int CHUNK_ROWS = 2048;

    private final BufferAllocator allocator;
    private final ResultSet result;

    ResultRows(BufferAllocator allocator, ResultSet result) {
        this.allocator = allocator;
        this.result = result;
    }

    /// Gives the rows to the sink.
    ///
    /// @param maxRows at most so many are given
    /// @param late asked once a chunk: whether the time is up
    /// @return the number of rows, `maxRows + 1` where there are more
    /// @throws SQLException the query failed on the way, or the time is up
    long copyTo(RowSink sink, long maxRows, BooleanSupplier late) throws SQLException, IOException {
        sink.columns(columns());
        long given = 0;
        try (ArrowReader reader = open()) {
            while (loadNext(reader)) {
                VectorSchemaRoot root = reader.getVectorSchemaRoot();
                List<@Nullable Object> row = new ArrayList<>(root.getFieldVectors().size());
                for (int i = 0; i < root.getRowCount(); i++) {
                    if (given == maxRows) {
                        return maxRows + 1;
                    }
                    row.clear();
                    fill(row, root, i, reader);
                    sink.row(row);
                    given++;
                }
                if (late.getAsBoolean()) {
                    throw new SQLException("INTERRUPT Error: the time is up");
                }
            }
        }
        return given;
    }

    private ArrowReader open() throws SQLException {
        try {
            return (ArrowReader) result.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, CHUNK_ROWS);
        } catch (RuntimeException e) {
            throw cannotBeGiven(e);
        }
    }

    /// A failing query shows itself as a failing read.
    private static boolean loadNext(ArrowReader reader) throws SQLException {
        try {
            return reader.loadNextBatch();
        } catch (IOException e) {
            throw new SQLException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            throw cannotBeGiven(e);
        }
    }

    private static void fill(List<@Nullable Object> row, VectorSchemaRoot root, int i, ArrowReader reader)
            throws SQLException {
        try {
            for (FieldVector vector : root.getFieldVectors()) {
                row.add(value(vector, i, reader));
            }
        } catch (RuntimeException e) {
            throw cannotBeGiven(e);
        }
    }

    /// Arrow does not have, or does not reach into, every type that SQL can make.
    private static SQLException cannotBeGiven(RuntimeException e) {
        return new SQLException("the answer has a type that cannot be given, cast it to varchar: " + e.getMessage(), e);
    }

    private List<Column> columns() throws SQLException {
        ResultSetMetaData metadata = result.getMetaData();
        List<Column> columns = new ArrayList<>();
        for (int i = 1; i <= metadata.getColumnCount(); i++) {
            columns.add(new Column(metadata.getColumnLabel(i), metadata.getColumnTypeName(i)));
        }
        return columns;
    }

    private static @Nullable Object value(FieldVector vector, int i, ArrowReader dictionaries) {
        if (vector instanceof NullVector || vector.isNull(i)) {
            return null;
        }
        DictionaryEncoding encoding = vector.getField().getDictionary();
        if (encoding != null) {
            Dictionary dictionary = dictionaries.lookup(encoding.getId());
            return value(dictionary.getVector(), ((Number) integer(vector, i)).intValue(), dictionaries);
        }
        return switch (vector) {
            case BitVector bits -> bits.get(i) != 0;
            case Float8Vector doubles -> doubles.get(i);
            case Float4Vector floats -> (double) floats.get(i);
            case DecimalVector decimals -> decimals.getObject(i);
            case TimeStampVector times -> new Timestamp(nanos(times, i));
            case DateDayVector days -> LocalDate.ofEpochDay(days.get(i));
            case TimeMicroVector micros -> LocalTime.ofNanoOfDay(micros.get(i) * 1000).toString();
            case TimeNanoVector nanos -> LocalTime.ofNanoOfDay(nanos.get(i)).toString();
            case VarBinaryVector bytes -> bytes.get(i);
            case LargeVarBinaryVector bytes -> bytes.get(i);
            case FixedSizeBinaryVector bytes -> bytes.get(i);
            case MapVector map -> map(map, i, dictionaries);
            case ListVector list ->
                list(list.getDataVector(), list.getElementStartIndex(i), list.getElementEndIndex(i), dictionaries);
            case FixedSizeListVector list ->
                list(list.getDataVector(), list.getElementStartIndex(i), list.getElementEndIndex(i), dictionaries);
            case StructVector struct -> {
                Map<String, @Nullable Object> members = new LinkedHashMap<>();
                for (FieldVector child : struct.getChildrenFromFields()) {
                    members.put(child.getName(), value(child, i, dictionaries));
                }
                yield members;
            }
            default -> integer(vector, i);
        };
    }

    /// Integers; and the text of whatever else there is.
    private static Object integer(FieldVector vector, int i) {
        return switch (vector) {
            case BigIntVector v -> v.get(i);
            case IntVector v -> (long) v.get(i);
            case SmallIntVector v -> (long) v.get(i);
            case TinyIntVector v -> (long) v.get(i);
            case UInt1Vector v -> (long) (v.get(i) & 0xff);
            case UInt2Vector v -> (long) v.get(i);
            case UInt4Vector v -> Integer.toUnsignedLong(v.get(i));
            case UInt8Vector v ->
                v.get(i) >= 0 ? (Object) v.get(i) : new BigInteger(Long.toUnsignedString(v.get(i)));
            default -> String.valueOf(vector.getObject(i));
        };
    }

    private static long nanos(TimeStampVector times, int i) {
        long value = times.get(i);
        if (value == Long.MAX_VALUE || value == -Long.MAX_VALUE || value == Long.MIN_VALUE) {
            return value;
        }
        TimeUnit unit = ((ArrowType.Timestamp) times.getField().getType()).getUnit();
        long factor =
                switch (unit) {
                    case SECOND -> 1_000_000_000;
                    case MILLISECOND -> 1_000_000;
                    case MICROSECOND -> 1_000;
                    case NANOSECOND -> 1;
                };
        long high = Math.multiplyHigh(value, factor);
        long low = value * factor;
        if (high != low >> 63) {
            // A time that nanoseconds of 64 bits cannot say.
            return value > 0 ? Long.MAX_VALUE : -Long.MAX_VALUE;
        }
        return low;
    }

    private static Map<String, @Nullable Object> map(MapVector map, int i, ArrowReader dictionaries) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        StructVector pairs = (StructVector) map.getDataVector();
        FieldVector keys = pairs.getChildrenFromFields().get(0);
        FieldVector values = pairs.getChildrenFromFields().get(1);
        for (int at = map.getElementStartIndex(i); at < map.getElementEndIndex(i); at++) {
            Object key = value(keys, at, dictionaries);
            String name = key instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(key);
            members.put(name, value(values, at, dictionaries));
        }
        return members;
    }

    private static List<@Nullable Object> list(FieldVector values, int from, int to, ArrowReader dictionaries) {
        List<@Nullable Object> list = new ArrayList<>(to - from);
        for (int at = from; at < to; at++) {
            list.add(value(values, at, dictionaries));
        }
        return list;
    }
}
