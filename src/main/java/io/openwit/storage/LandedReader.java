package io.openwit.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.READ;

import io.openwit.columnar.BatchOpener;
import io.openwit.columnar.Schemas;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/// Batches of a landing file as one Arrow stream, with the column `batch_id` added: what the SQL engine reads.
///
/// One batch is in memory at a time. Dictionaries change from batch to batch, which Arrow's C stream interface allows.
final class LandedReader extends ArrowReader {
    private static final Field BATCH_ID = Field.notNullable("batch_id", ArrowType.Utf8.INSTANCE);

    private final Signal signal;
    private final Path file;
    private final @Nullable FileChannel in;
    private final Iterator<LandedBatch> batches;
    private final VarCharVector batchId;
    private ArrowReader current;
    private VectorSchemaRoot rows;
    private long bytesRead;
    private boolean closed;

    /// A stream without rows: what it has is the columns.
    static LandedReader ofNothing(BufferAllocator allocator, Signal signal) throws IOException {
        return new LandedReader(allocator, signal, Path.of(""), null, List.of());
    }

    /// @param batches of this signal, in this file
    static LandedReader open(BufferAllocator allocator, Signal signal, Path file, List<LandedBatch> batches)
            throws IOException {
        FileChannel in = FileChannel.open(file, READ);
        try {
            return new LandedReader(allocator, signal, file, in, batches);
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    private LandedReader(
            BufferAllocator allocator,
            Signal signal,
            Path file,
            @Nullable FileChannel in,
            List<LandedBatch> batches)
            throws IOException {
        super(allocator);
        this.signal = signal;
        this.file = file;
        this.in = in;
        this.batches = batches.iterator();
        this.batchId = new VarCharVector(BATCH_ID, allocator);
        // Until the first batch is loaded, a reader of nothing but the schema says what will come.
        this.current = new ArrowStreamReader(new ByteArrayInputStream(Schemas.schemaMessage(signal)), allocator);
        this.rows = withBatchId(current.getVectorSchemaRoot());
    }

    private VectorSchemaRoot withBatchId(VectorSchemaRoot root) {
        List<FieldVector> vectors = new ArrayList<>(root.getFieldVectors());
        vectors.add(batchId);
        List<Field> fields = new ArrayList<>(root.getSchema().getFields());
        fields.add(BATCH_ID);
        return new VectorSchemaRoot(fields, vectors, root.getRowCount());
    }

    @Override
    public boolean loadNextBatch() throws IOException {
        if (in == null || !batches.hasNext()) {
            return false;
        }
        LandedBatch batch = batches.next();
        current.close();
        current = BatchOpener.open(signal, LandingFile.readSealed(in, file, batch), allocator);
        if (!current.loadNextBatch()) {
            throw new IOException(file + ": batch " + batch.id() + " has no rows");
        }
        fillBatchId(batch);
        rows = withBatchId(current.getVectorSchemaRoot());
        bytesRead += batch.sealedBytes();
        return true;
    }

    private void fillBatchId(LandedBatch batch) {
        byte[] text = batch.id().toString().getBytes(US_ASCII);
        // Let go of the old buffers instead of writing into them: the engine may still read them.
        batchId.clear();
        batchId.allocateNew((long) text.length * batch.rows(), batch.rows());
        for (int row = 0; row < batch.rows(); row++) {
            batchId.set(row, text);
        }
        batchId.setValueCount(batch.rows());
    }

    @Override
    public VectorSchemaRoot getVectorSchemaRoot() {
        return rows;
    }

    @Override
    protected Schema readSchema() {
        return rows.getSchema();
    }

    @Override
    public Map<Long, Dictionary> getDictionaryVectors() throws IOException {
        return current.getDictionaryVectors();
    }

    @Override
    public Dictionary lookup(long id) {
        return current.lookup(id);
    }

    @Override
    public Set<Long> getDictionaryIds() {
        return current.getDictionaryIds();
    }

    @Override
    public long bytesRead() {
        return bytesRead;
    }

    @Override
    protected void closeReadSource() throws IOException {
        if (in != null) {
            in.close();
        }
    }

    /// Closing again does nothing: both the exported stream and its owner do it.
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            batchId.close();
            current.close();
            closeReadSource();
        }
    }
}
