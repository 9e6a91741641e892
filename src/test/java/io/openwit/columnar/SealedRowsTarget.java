package io.openwit.columnar;

import io.openwit.model.BatchHeader;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;

/// Any bytes as the header of a batch and as sealed rows: what the fuzzer calls.
///
/// The first byte of an input chooses the signal; the others are a header, or sealed rows, or such rows with changes.
public final class SealedRowsTarget {
    private static final int MAX_OPENED_BYTES = 64 << 20;
    private static final int ROWS = 20;
    private static final byte[][] SEALED = sealed();

    private static BufferAllocator allocator = new RootAllocator(MAX_OPENED_BYTES);
    private static final Sealer SEALER = new Sealer(Sealer.Codec.NONE);

    private SealedRowsTarget() {}

    private static byte[][] sealed() {
        Signal[] signals = Signal.values();
        byte[][] sealed = new byte[signals.length][];
        for (Signal signal : signals) {
            sealed[signal.ordinal()] = RandomRows.of(signal, ROWS, 1).seal(new Sealer()).rows().array();
        }
        return sealed;
    }

    /// Whatever the bytes are, they are opened or malformed.
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Signal signal = Signal.values()[(input[0] & 0x7f) % Signal.values().length];
        ByteBuffer bytes = ByteBuffer.wrap(input, 1, input.length - 1).slice();
        header(bytes);
        rows(signal, bytes);
        rows(signal, ByteBuffer.wrap(changed(SEALED[signal.ordinal()], bytes)));
    }

    private static void header(ByteBuffer bytes) {
        try {
            BatchHeader header = BatchHeader.decode(bytes);
            long sum = header.minTime() + header.maxTime() + header.sourceBytes() + header.sources().size();
            for (int row = 0; row < header.rows(); row++) {
                sum += header.fingerprintHigh(row) + header.fingerprintLow(row) + (header.datable(row) ? 1 : 0);
            }
            int rowsOfParts = 0;
            for (int part = 0; part < header.parts(); part++) {
                rowsOfParts += header.partRows(part);
                sum += header.partHigh(part) + header.partLow(part) + (header.partMatches(part) ? 1 : 0);
            }
            if (rowsOfParts != header.rows() || header.encodedBytes() > bytes.limit()) {
                throw new AssertionError("a header that contradicts itself was decoded: " + sum);
            }
        } catch (MalformedBatchException expected) {
            // The one answer to bytes that are none.
        }
    }

    private static void rows(Signal signal, ByteBuffer bytes) {
        try {
            long rows = SealedMessages.of(bytes).record().rows();
            if (rows < 1) {
                return;
            }
            BitSet first = new BitSet();
            first.set(0);
            ByteBuffer kept = RowFilter.keep(signal, bytes, first, allocator, SEALER);
            if (SealedMessages.of(kept).record().rows() != 1) {
                throw new AssertionError("one row was kept, and others came out");
            }
        } catch (MalformedBatchException expected) {
            renewAllocator();
        } catch (OutOfMemoryException e) {
            throw new AssertionError("memory was asked for that the bytes do not have", e);
        }
    }

    /// Arrow's reader keeps buffers of a batch that it cannot load.
    private static void renewAllocator() {
        if (allocator.getAllocatedMemory() > MAX_OPENED_BYTES / 2) {
            allocator = new RootAllocator(MAX_OPENED_BYTES);
        }
    }

    /// Sealed rows with some bytes overwritten: each four bytes of `changes` are a place, three bytes long, and a value.
    private static byte[] changed(byte[] sealed, ByteBuffer changes) {
        byte[] bytes = sealed.clone();
        for (int i = 0; i + 4 <= changes.limit() && i < 64; i += 4) {
            int at = (changes.get(i) & 0xff) << 16 | (changes.get(i + 1) & 0xff) << 8 | changes.get(i + 2) & 0xff;
            bytes[at % bytes.length] = changes.get(i + 3);
        }
        return bytes;
    }
}
