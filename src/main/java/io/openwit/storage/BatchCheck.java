package io.openwit.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.BatchOpener;
import io.openwit.columnar.SealedMessages;
import io.openwit.model.MalformedBatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampNanoVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;

/// Opens a batch before it is answered: what is acknowledged must open at any later time, and the SQL engine's native
/// code must be able to read it without looking where it steps. Thread-safe.
final class BatchCheck {
    /// Batches open at once.
    private static final int MAX_OPEN = 4;

    /// Times of `maxBatchBytes` that a batch may grow to when it is decompressed.
    private static final int MAX_GROWTH = 8;

    private final BufferAllocator allocator;
    private final long maxOpenedBytes;
    private final Semaphore open = new Semaphore(MAX_OPEN);

    BatchCheck(BufferAllocator allocator, int maxBatchBytes) {
        this.allocator = allocator;
        this.maxOpenedBytes = (long) MAX_GROWTH * maxBatchBytes;
    }

    /// Opens and checks the whole batch.
    ///
    /// @param sealed dictionaries, then a record batch, each checked by [IpcCheck]; not changed
    /// @return the time of the newest row, ns since 1970; 0 where no row has one
    /// @throws MalformedBatchException the batch is not what its metadata says, or cannot be read
    long newestNanos(BatchMetadata metadata, ByteBuffer sealed) throws MalformedBatchException, InterruptedException {
        // Bounds the dictionaries, too: Arrow's reader calls itself for each, and so many of them would overflow its stack.
        SealedMessages.of(sealed);
        long openedBytes = IpcCheck.openedBytes(sealed);
        if (openedBytes > maxOpenedBytes) {
            throw new MalformedBatchException(
                    "it has " + openedBytes + " bytes when decompressed, at most " + maxOpenedBytes);
        }
        open.acquire();
        // Arrow rounds buffers up to powers of two and keeps the compressed ones beside them.
        try (OpeningMemory memory = new OpeningMemory(allocator.getEmpty(), 4 * (openedBytes + sealed.remaining()) + (1 << 20));
                ArrowReader reader = BatchOpener.open(metadata.signal(), sealed.duplicate(), memory.allocator())) {
            if (!reader.loadNextBatch()) {
                throw new MalformedBatchException("it has no record batch");
            }
            return check(metadata, reader);
        } catch (IOException | RuntimeException | AssertionError e) {
            // Arrow throws whatever it meets in bytes that are no batch; ours is the only sensible reading of it.
            throw new MalformedBatchException("it cannot be opened: " + e, e);
        } finally {
            open.release();
        }
    }

    private static long check(BatchMetadata metadata, ArrowReader reader) throws IOException, MalformedBatchException {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        if (root.getRowCount() != metadata.rows()) {
            throw new MalformedBatchException("it has " + root.getRowCount() + " rows, its metadata says " + metadata.rows());
        }
        VectorCheck vectors = new VectorCheck(reader);
        for (FieldVector vector : root.getFieldVectors()) {
            vectors.check(vector, metadata.rows());
        }
        checkTenant(metadata, reader, root);
        return newest(metadata, root);
    }

    private static void checkTenant(BatchMetadata metadata, ArrowReader reader, VectorSchemaRoot root)
            throws MalformedBatchException {
        IntVector tenant = (IntVector) root.getVector("tenant");
        Dictionary names = reader.lookup(tenant.getField().getDictionary().getId());
        byte[] expected = metadata.tenant().value().getBytes(UTF_8);
        int seen = -1;
        for (int row = 0; row < metadata.rows(); row++) {
            int index = tenant.isNull(row) ? -1 : tenant.get(row);
            if (index == seen && row > 0) {
                continue;
            }
            if (index < 0 || !Arrays.equals(((VarCharVector) names.getVector()).get(index), expected)) {
                throw new MalformedBatchException("row " + row + " is not of tenant " + metadata.tenant());
            }
            seen = index;
        }
    }

    private static long newest(BatchMetadata metadata, VectorSchemaRoot root) {
        return switch (metadata.signal()) {
            case LOGS -> newest(metadata.rows(), times(root, "time"), times(root, "observed_time"));
            case TRACES -> newest(metadata.rows(), times(root, "start_time"), null);
            case METRICS -> newest(metadata.rows(), times(root, "time"), null);
        };
    }

    private static TimeStampNanoVector times(VectorSchemaRoot root, String column) {
        return (TimeStampNanoVector) root.getVector(column);
    }

    private static long newest(int rows, TimeStampNanoVector first, @Nullable TimeStampNanoVector second) {
        long newest = 0;
        for (int row = 0; row < rows; row++) {
            if (!first.isNull(row)) {
                newest = Math.max(newest, first.get(row));
            } else if (second != null && !second.isNull(row)) {
                newest = Math.max(newest, second.get(row));
            }
        }
        return newest;
    }
}
