package io.openwit.columnar;

import io.openwit.model.Batch;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/// The rows of a sealed batch, opened: columns by name, values by row, no dictionaries any more. The other end of
/// [Columns].
///
/// Design note: all values are copied out of Arrow's memory, once. What is done with opened rows (a dump, a dead letter, a
/// restore) is rare, and then no user of them has anything to close, or Arrow's types to know. Immutable.
public final class SealedRows {
    private final Signal signal;
    private final int rows;
    private final List<OpenedColumn> columns;

    /// Opens a batch, whose schema is of the version that its header's decoder knows.
    ///
    /// @param maxBytes what its rows may come to in Arrow's memory, uncompressed
    /// @throws MalformedBatchException its rows cannot be opened
    public static SealedRows open(Batch batch, long maxBytes) throws MalformedBatchException {
        BufferAllocator allocator = new RootAllocator(maxBytes);
        SealedRows opened = open(batch.header().signal(), batch.rows(), allocator);
        // Not closed where that failed: of a malformed batch Arrow may keep some, and then closing fails too.
        allocator.close();
        return opened;
    }

    /// Opens rows of the known version of their signal's schema.
    ///
    /// @param rows dictionaries and a record batch, from position to limit
    /// @param allocator bounds what is opened, and has it back afterwards; of a malformed batch Arrow may keep some
    /// @throws MalformedBatchException the rows are not a batch of this signal
    public static SealedRows open(Signal signal, ByteBuffer rows, BufferAllocator allocator)
            throws MalformedBatchException {
        // Arrow makes room for whatever length a message claims: lengths are judged before.
        SealedMessages.of(rows);
        try (ArrowReader reader = BatchOpener.open(signal, rows, allocator)) {
            if (!reader.loadNextBatch()) {
                throw new MalformedBatchException("sealed rows of " + signal.label() + " hold no batch");
            }
            return loaded(signal, reader);
        } catch (IOException | RuntimeException e) {
            // Arrow has many ways of failing over bytes that are not what they should be.
            throw new MalformedBatchException("a batch of " + signal.label() + " cannot be opened", e);
        }
    }

    /// The rows that a reader has loaded, of whatever origin: columns with the names and contents of the signal's schema,
    /// in any order, with dictionaries or without.
    ///
    /// @param reader stays open, and is not needed afterwards
    /// @throws IllegalArgumentException a column is of a type that no schema of ours has
    public static SealedRows loaded(Signal signal, ArrowReader reader) throws IOException {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        List<OpenedColumn> columns = new ArrayList<>();
        for (FieldVector vector : root.getFieldVectors()) {
            columns.add(OpenedColumn.of(vector.getName(), vector, reader));
        }
        return new SealedRows(signal, root.getRowCount(), columns);
    }

    private SealedRows(Signal signal, int rows, List<OpenedColumn> columns) {
        this.signal = signal;
        this.rows = rows;
        this.columns = List.copyOf(columns);
        for (OpenedColumn column : columns) {
            if (column.count() != rows) {
                throw new IllegalArgumentException(
                        "column " + column.name() + " has " + column.count() + " values, there are " + rows + " rows");
            }
        }
    }

    public Signal signal() {
        return signal;
    }

    public int rows() {
        return rows;
    }

    /// @throws IllegalArgumentException there is no column of this name
    public OpenedColumn column(String name) {
        for (OpenedColumn column : columns) {
            if (column.name().equals(name)) {
                return column;
            }
        }
        throw new IllegalArgumentException("rows of " + signal.label() + " without a column " + name);
    }
}
