package io.openwit.columnar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowFilterTest {
    private static final int ROWS = 700;

    @ParameterizedTest
    @EnumSource
    void exactlyTheChosenRowsStay(Signal signal) throws Exception {
        ByteBuffer rows = RandomRows.of(signal, ROWS, 3).seal(new Sealer()).rows();
        List<Map<String, Object>> all = OpenedRows.of(signal, rows);
        Random random = new Random(11);
        List<BitSet> masks = new ArrayList<>();
        for (int share = 1; share <= 8; share++) {
            BitSet mask = new BitSet();
            for (int row = 0; row < ROWS; row++) {
                mask.set(row, random.nextInt(8) < share);
            }
            masks.add(mask);
        }
        BitSet last = new BitSet();
        last.set(ROWS - 1);
        masks.add(last);

        try (BufferAllocator allocator = new RootAllocator(64 << 20)) {
            for (BitSet mask : masks) {
                ByteBuffer kept = RowFilter.keep(signal, rows, mask, allocator, new Sealer());

                List<Map<String, Object>> expected = mask.stream().mapToObj(all::get).toList();
                assertThat(OpenedRows.of(signal, kept)).isEqualTo(expected);
                assertThat(allocator.getAllocatedMemory()).isZero();
            }
        }
    }

    @Test
    void whatIsKeptCanBeFilteredAgainAndInAnotherCodec() throws Exception {
        ByteBuffer rows = RandomRows.of(Signal.TRACES, ROWS, 3).seal(new Sealer()).rows();
        BitSet first = new BitSet();
        first.set(100, 200);
        BitSet second = new BitSet();
        second.set(50, 60);

        try (BufferAllocator allocator = new RootAllocator()) {
            ByteBuffer once = RowFilter.keep(Signal.TRACES, rows, first, allocator, new Sealer());
            ByteBuffer twice = RowFilter.keep(Signal.TRACES, once, second, allocator, new Sealer(Sealer.Codec.NONE));

            assertThat(OpenedRows.of(Signal.TRACES, twice))
                    .isEqualTo(OpenedRows.of(Signal.TRACES, rows).subList(150, 160));
        }
    }

    @Test
    void rowsThatAreNotThereCannotBeKept() {
        ByteBuffer rows = RandomRows.of(Signal.LOGS, 3, 3).seal(new Sealer()).rows();
        BitSet beyond = new BitSet();
        beyond.set(3);

        try (BufferAllocator allocator = new RootAllocator()) {
            assertThatThrownBy(() -> RowFilter.keep(Signal.LOGS, rows, beyond, allocator, new Sealer()))
                    .isInstanceOf(MalformedBatchException.class);
            assertThatThrownBy(() -> RowFilter.keep(Signal.LOGS, rows, new BitSet(), allocator, new Sealer()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /// Arrow's reader calls itself for each dictionary that it finds.
    @Test
    void aHundredThousandDictionariesAreMalformed() throws Exception {
        ByteBuffer rows = RandomRows.of(Signal.LOGS, 3, 3).seal(new Sealer()).rows();
        ByteBuffer dictionary = SealedMessages.of(rows).iterator().next().encapsulated();
        ByteBuffer many = ByteBuffer.allocate(100_000 * dictionary.remaining() + rows.remaining());
        for (int i = 0; i < 100_000; i++) {
            many.put(dictionary.duplicate());
        }
        many.put(rows.duplicate()).flip();
        BitSet first = new BitSet();
        first.set(0);

        try (BufferAllocator allocator = new RootAllocator()) {
            assertThatThrownBy(() -> RowFilter.keep(Signal.LOGS, many, first, allocator, new Sealer()))
                    .isInstanceOf(MalformedBatchException.class);
        }
    }

    /// What a codec allocates beside the allocator no allocator counts.
    @Test
    void openingABatchManyTimesTakesNoMemoryThatStays() throws Exception {
        ByteBuffer rows = RandomRows.of(Signal.LOGS, 3, 3).seal(new Sealer()).rows();
        BitSet first = new BitSet();
        first.set(0);
        Sealer sealer = new Sealer();
        try (BufferAllocator allocator = new RootAllocator()) {
            for (int i = 0; i < 200; i++) {
                RowFilter.keep(Signal.LOGS, rows, first, allocator, sealer);
            }
            long before = residentKib();
            for (int i = 0; i < 3000; i++) {
                RowFilter.keep(Signal.LOGS, rows, first, allocator, sealer);
            }

            // A compressor's state is 16 KiB; one a dictionary would be a gigabyte here.
            assertThat(residentKib() - before).isLessThan(300 << 10);
        }
    }

    private static long residentKib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aDamagedBatchIsMalformedOrOtherRowsAndNothingElse() {
        ByteBuffer rows = RandomRows.of(Signal.LOGS, ROWS, 3).seal(new Sealer()).rows();
        BitSet all = new BitSet();
        all.set(0, ROWS);
        Random random = new Random(5);
        int malformed = 0;

        // Arrow's reader keeps buffers of a batch that it cannot load, so the allocator is left unclosed here.
        BufferAllocator allocator = new RootAllocator(256 << 20);
        for (int i = 0; i < 300; i++) {
            byte[] damaged = rows.array().clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
            try {
                RowFilter.keep(Signal.LOGS, ByteBuffer.wrap(damaged), all, allocator, new Sealer());
            } catch (MalformedBatchException e) {
                malformed++;
            }
        }
        assertThat(malformed).isPositive();
    }
}
