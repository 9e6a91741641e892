package io.openwit.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.ManualClocks;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a small batch leaves to the garbage collector on the thread that writes the log, where many share a group.
class AppendAllocationTest {
    private static final long MAX_BYTES_PER_BATCH = 1 << 10;
    private static final int WARM_UP_GROUPS = 500;
    private static final int GROUPS = 200;
    private static final long SEGMENT_BYTES = 64 << 20;

    @TempDir
    Path dir;

    private final ManualClocks clocks = new ManualClocks();
    private final FileDisk disk = new FileDisk();
    private long salt;

    @Test
    void aSmallBatchThatIsAppendedLeavesAtMostAKibibyte() throws Exception {
        int batchesPerGroup = 64;
        int rows = 10;
        int rowBytes = 2_000;
        IngestConfig config = new IngestConfig(
                dir,
                new NodeId("n1"),
                SEGMENT_BYTES,
                1L << 40,
                0,
                false, // what a force costs is not asked here
                true,
                Map.of(),
                Duration.ofSeconds(300),
                1 << 17,
                Duration.ofSeconds(3600),
                1 << 17,
                1 << 30);
        Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        SplittableRandom random = new SplittableRandom(7);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = 0;
        try (IngestNode node = IngestNode.open(config, disk, clocks, random, telemetry, () -> 0, () -> {})) {
            for (int group = -WARM_UP_GROUPS; group < GROUPS; group++) {
                List<PendingBatch> pending = offer(node, batchesPerGroup, rows, rowBytes);
                long before = threads.getCurrentThreadAllocatedBytes();
                node.writeLoop().step();
                if (group >= 0) {
                    allocated += threads.getCurrentThreadAllocatedBytes() - before;
                }
                assertThat(pending)
                        .allSatisfy(batch -> assertThat(batch.outcome())
                                .isEqualTo(new Outcome.Accepted(rows, 0, 0, "")));
            }
        }

        long perBatch = allocated / GROUPS / batchesPerGroup;
        System.out.printf(
                "%d batches of %d rows a group: %d bytes allocated a batch%n", batchesPerGroup, rows, perBatch);
        assertThat(perBatch).isLessThanOrEqualTo(MAX_BYTES_PER_BATCH);
    }

    private List<PendingBatch> offer(IngestNode node, int batches, int rows, int rowBytes) {
        List<PendingBatch> pending = new ArrayList<>();
        for (int i = 0; i < batches; i++) {
            Batch batch = new Batch(header(rows), ByteBuffer.allocate(rowBytes));
            PendingBatch offered = new PendingBatch(batch, clocks.monotonicNanos(), Thread.currentThread());
            assertThat(node.offer(offered)).isNull();
            pending.add(offered);
        }
        clocks.pass(1_000_000);
        return pending;
    }

    /// Rows that nobody has seen.
    private BatchHeader header(int rows) {
        BatchHeader.Writer header = new BatchHeader.Writer(Signal.LOGS, TenantId.DEFAULT, rows, 1, List.of());
        for (int row = 0; row < rows; row++) {
            salt++;
            header.row(salt * 0x9E3779B97F4A7C15L, salt, true);
        }
        return header.part(salt, ~salt, rows, true).finish();
    }
}
