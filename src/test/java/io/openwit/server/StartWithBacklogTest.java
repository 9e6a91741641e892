package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.server.BenchNode.Behind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A start reads what a log keeps apart for it, and the last segments, but not the backlog.
class StartWithBacklogTest {
    private static final long BACKLOG_BYTES = 1_000_000_000;

    /// Beside the heads files.
    private static final long MAX_LOG_BYTES_READ = 256L << 20;

    private static final Duration MAX_CPU = Duration.ofSeconds(2);
    private static final Duration HEADS_LIMIT = Duration.ofSeconds(30);
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(2);
    private static final int REQUESTS = 8;
    private static final int ROWS_PER_REQUEST = 1_000;

    @TempDir
    Path dir;

    private final SystemClocks clocks = new SystemClocks();

    @Test
    void aNodeThatWasKilledIsReadyInTwoSecondsWithAGigabyteThatNobodyHasRead() throws Exception {
        Batch batch = BenchBatches.ofRequests(Signal.LOGS, REQUESTS, ROWS_PER_REQUEST);
        BenchNode before = BenchNode.open(dir, Behind.STANDING, 4 * BACKLOG_BYTES, true, clocks);
        Producers.Result result = new Producers(2, clocks)
                .run(
                        before.node(),
                        number -> BenchBatches.anew(batch, number, TenantId.DEFAULT),
                        BUILD_LIMIT,
                        BACKLOG_BYTES / batch.bytes());
        assertThat(result.batches()).isEqualTo(BACKLOG_BYTES / batch.bytes());
        await().atMost(HEADS_LIMIT).until(() -> files(".heads").size() == segments() - 1);
        before.abandon();
        long headsBytes = 0;
        for (Path each : files(".heads")) {
            headsBytes += Files.size(each);
        }

        long cpu = threadCpuNanos();
        long began = clocks.monotonicNanos();
        BenchNode started = BenchNode.open(dir, Behind.STANDING, 4 * BACKLOG_BYTES, true, clocks);
        long nanos = clocks.monotonicNanos() - began;
        long cpuNanos = threadCpuNanos() - cpu;
        long read = started.disk().read.sum();
        long lag = started.lagBytes();
        started.abandon();

        System.out.printf(
                "start with a backlog of 1 GB: %d ms, %d ms of CPU, %d MiB read, of which heads files %d MiB%n",
                nanos / 1_000_000, cpuNanos / 1_000_000, read >> 20, headsBytes >> 20);
        assertThat(lag).isGreaterThan(BACKLOG_BYTES * 9 / 10);
        assertThat(headsBytes).isPositive();
        assertThat(read).isLessThanOrEqualTo(MAX_LOG_BYTES_READ + headsBytes);
        // Of the thread that opens it: neighbours on the machine make the clock on the wall no judge.
        assertThat(Duration.ofNanos(cpuNanos)).isLessThanOrEqualTo(MAX_CPU);
    }

    private static long threadCpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    /// The open one included.
    private long segments() throws IOException {
        return files(".wal").stream()
                .filter(path -> path.getFileName().toString().matches("\\d+\\.wal"))
                .count();
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> all = Files.list(dir.resolve("wal"))) {
            return all.filter(path -> path.toString().endsWith(suffix)).toList();
        }
    }
}
