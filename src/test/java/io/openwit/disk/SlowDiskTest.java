package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.load.LoadCounts;
import io.openwit.load.LoadReport;
import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Every force takes two seconds, while clients send more than a node may hold.
class SlowDiskTest {
    private static final String SLOW = "fdatasync:delay_enter=2000000";
    private static final Duration SLOW_FOR = Duration.ofSeconds(12 * Surroundings.SCALE);

    /// Together they offer more at once than `processing.buffer.max_size_bytes` lets in.
    private static final int CLIENTS = 200;

    private static final int ROWS_PER_REQUEST = 1_000;

    /// By which a request has to be answered: ten seconds to wait for the log's writer, two forces, and some slack.
    private static final Duration DEADLINE = Duration.ofSeconds(16);

    /// `memory.max_memory_gb` by default.
    private static final long CEILING_BYTES = 1L << 30;

    @Test
    @Timeout(30 * 60)
    void requestsAreAnsweredByTheirDeadlineAndMemoryIsBounded(@TempDir Path directory) throws Exception {
        Needs.root();
        Needs.strace();
        long seed = System.nanoTime();
        try (Surroundings outside = new Surroundings(directory, new Random(seed))) {
            outside.openStorage();
            Map<String, String> settings = outside.settings(directory.resolve("data"));
            settings.put("processing.buffer.max_size_bytes", "64MiB");
            settings.put("processing.wal.segment_bytes", "32MiB");
            LoadReport report;
            LoadCounts slow;
            long peak;
            try (NodeProcess node = outside.start(settings)) {
                LoadRun load;
                try (Strace.Attached delay = Strace.attach(node.pid(), SLOW, "fdatasync", outside.newReport())) {
                    load = outside.load(how -> how.connections(CLIENTS)
                            .rowsPerRequest(ROWS_PER_REQUEST)
                            .requestTimeout(DEADLINE)
                            .grace(DEADLINE));
                    TimeUnit.MILLISECONDS.sleep(SLOW_FOR.toMillis());
                    slow = load.progress().counts();
                }
                Surroundings.awaitAcknowledged(load, slow.rowsAcknowledged() + CLIENTS * ROWS_PER_REQUEST);
                load.stop();
                assertThat(load.await(Duration.ofSeconds(60))).isTrue();
                report = load.report();
                peak = peakBytes(node);
                Surroundings.awaitDrained(node);
                assertThat(node.terminate()).isZero();
            }
            Account account = outside.drained(settings);

            LoadCounts total = report.total();
            System.out.printf(
                    "faults: forces of 2 s: acknowledged meanwhile=%d throttled=%d p99.9=%.1f s peak RSS=%d MiB %s seed=%d%n",
                    slow.rowsAcknowledged(), total.requestsThrottled(), report.latency().p999Nanos() / 1e9, peak >> 20,
                    account, seed);
            assertThat(slow.rowsAcknowledged()).as("it goes on").isPositive();
            assertThat(slow.requestsThrottled()).as("more was offered than fits").isPositive();
            assertThat(total.requestsRetried())
                    .as("sent again, with and without an answer: " + report.text())
                    .isLessThanOrEqualTo(total.requestsThrottled());
            assertThat(peak).isLessThan(CEILING_BYTES);
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
        }
    }

    private static long peakBytes(NodeProcess node) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(node.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
