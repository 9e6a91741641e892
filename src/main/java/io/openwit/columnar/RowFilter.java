package io.openwit.columnar;

import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;

/// Takes rows out of a sealed batch: opens it, gathers what stays and seals that. The rare path, for batches with duplicates.
public final class RowFilter {
    private RowFilter() {}

    /// Dictionaries go over as they are, those entries included that no row refers to any more.
    ///
    /// @param rows dictionaries and a record batch, from position to limit
    /// @param rowsToKeep by their places in the batch; at least one
    /// @param allocator bounds what is opened, and has it back afterwards; of a malformed batch Arrow may keep some
    /// @return memory of its own, laid out as `rows` were
    /// @throws MalformedBatchException the rows are not a batch of this signal
    public static ByteBuffer keep(
            Signal signal, ByteBuffer rows, BitSet rowsToKeep, BufferAllocator allocator, Sealer sealer)
            throws MalformedBatchException {
        int[] kept = rowsToKeep.stream().toArray();
        SealedMessages messages = SealedMessages.of(rows);
        if (kept.length == 0) {
            throw new IllegalArgumentException("no row is to be kept");
        }
        if (kept[kept.length - 1] >= messages.record().rows()) {
            throw new MalformedBatchException("sealed rows hold " + messages.record().rows()
                    + " rows, the header speaks of one at " + kept[kept.length - 1]);
        }
        sealer.begin();
        for (SealedMessages.Message message : messages) {
            if (message.kind() == SealedMessages.Kind.DICTIONARY) {
                sealer.copy(message.encapsulated());
            }
        }
        try (ArrowReader reader = BatchOpener.open(signal, rows, allocator)) {
            if (!reader.loadNextBatch()) {
                throw new MalformedBatchException("sealed rows hold no batch");
            }
            RowGather gather = new RowGather(sealer);
            for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
                gather.column(vector, kept, kept.length);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            // Arrow has many ways of failing over bytes that are not what they should be; some are assertions.
            throw new MalformedBatchException("a batch of " + signal.label() + " cannot be opened", e);
        }
        sealer.endRecord(kept.length);
        return sealer.finish();
    }
}
