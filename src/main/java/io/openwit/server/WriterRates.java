package io.openwit.server;

import io.openwit.load.Latency;
import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.TenantId;
import io.openwit.server.BenchNode.Behind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/// How fast the log's writer is with groups of 1 MiB, beside what the disk can do, with segments recycled and without.
///
/// Design note: machines are noisy, so the three take turns, and each turn gives a ratio of its own.
final class WriterRates {
    private static final int ROUNDS = 3;
    private static final long GIB = 1L << 30;
    private static final long LOG_BYTES = 3 * GIB;

    /// What a backlog may take in one turn.
    private static final long BACKLOG_BYTES = 6 * GIB;

    /// Rows of a batch of 1 MiB, by the size of a sealed log record.
    private static final int ROWS = 6_500;

    /// What a group has beside the rows of its one batch: its header, the frame's, and the batch's own header.
    private static final int FRAMING_BYTES = 256;

    /// One batch is forced while the other waits: each group holds one.
    private static final int PRODUCERS = 2;

    private final BenchDirectory directory;
    private final Clocks clocks;
    private final Duration time;
    private final Consumer<String> progress;

    WriterRates(BenchDirectory directory, Clocks clocks, Duration time, Consumer<String> progress) {
        this.directory = directory;
        this.clocks = clocks;
        this.time = time;
        this.progress = progress;
    }

    void run(BenchTable table) throws IOException, InterruptedException, CommandException {
        directory.require(LOG_BYTES + DiskLimit.FILE_BYTES + 4 * GIB);
        Batch large = BenchBatches.ofNoise(1, DiskLimit.MAX_BLOCK_BYTES - FRAMING_BYTES);
        Batch judged = BenchBatches.ofNoise(ROWS, DiskLimit.MAX_BLOCK_BYTES - FRAMING_BYTES);
        List<Double> limits = new ArrayList<>();
        List<Double> rates = new ArrayList<>();
        List<Double> ofLimit = new ArrayList<>();
        List<Double> judgedRates = new ArrayList<>();
        List<Double> backlogRates = new ArrayList<>();
        List<Double> ofNormal = new ArrayList<>();
        double groupBytes = 0;
        Latency small;
        double smallForces;
        Producers producers = new Producers(PRODUCERS, clocks);
        try (DiskLimit limit = DiskLimit.open(directory.resolve("limit"), clocks);
                BenchNode normal =
                        BenchNode.open(directory.resolve("normal"), Behind.PASSING, LOG_BYTES, false, clocks);
                BenchNode judging =
                        BenchNode.open(directory.resolve("judging"), Behind.PASSING, LOG_BYTES, true, clocks)) {
            progress.accept("warming up");
            limit.measure(DiskLimit.MAX_BLOCK_BYTES, time);
            producers.run(normal.node(), number -> large, time, Long.MAX_VALUE);
            producers.run(
                    judging.node(),
                    number -> BenchBatches.anew(judged, number, TenantId.DEFAULT),
                    time,
                    Long.MAX_VALUE);
            for (int round = 1; round <= ROUNDS; round++) {
                progress.accept("groups of 1 MiB, round " + round + " of " + ROUNDS);
                double most = limit.measure(DiskLimit.MAX_BLOCK_BYTES, time).bytesPerSecond();
                long forces = normal.disk().appends.sum();
                Producers.Result result = producers.run(normal.node(), number -> large, time, Long.MAX_VALUE);
                WalBench.checkAnswered(result);
                groupBytes = result.bytes() / (double) (normal.disk().appends.sum() - forces);
                long salt = (long) round << 32;
                Producers.Result withVerdicts = producers.run(
                        judging.node(),
                        number -> BenchBatches.anew(judged, number + salt, TenantId.DEFAULT),
                        time,
                        Long.MAX_VALUE);
                double backlog = backlog(producers, large);
                limits.add(most);
                rates.add(result.bytesPerSecond());
                ofLimit.add(result.bytesPerSecond() / most);
                judgedRates.add(withVerdicts.bytesPerSecond());
                backlogRates.add(backlog);
                ofNormal.add(backlog / result.bytesPerSecond());
            }
            progress.accept("single forces");
            DiskLimit.Result single = limit.measure(4096, time);
            small = single.force();
            smallForces = single.forcesPerSecond();
        }
        table.add("the disk: 1 MiB blocks over a pre-written file, fdatasync after each", rate(limits));
        table.add(
                "the disk: the same with 4 KiB",
                WalBench.format(
                        "%,.0f forces/s, p50 %.2f ms, p99 %.2f ms",
                        smallForces, small.p50Nanos() / 1e6, small.p99Nanos() / 1e6));
        table.add(
                "log writer, 1 MiB groups",
                rate(rates) + WalBench.format(", %,.0f KiB a force", groupBytes / 1024));
        table.add("  against the disk", share(ofLimit), ">= 70 %", median(ofLimit) >= 0.7);
        table.add(
                WalBench.format("  with %,d rows a group judged for duplicates", ROWS),
                rate(judgedRates)
                        + WalBench.format(", %,.1f M rows/s", median(judgedRates) / DiskLimit.MAX_BLOCK_BYTES * ROWS / 1e6));
        table.add("log writer in backlog, nothing recycled", rate(backlogRates));
        table.add("  against its normal rate", share(ofNormal), ">= 60 %", median(ofNormal) >= 0.6);
        BenchDirectory.remove(directory.resolve("limit"));
        BenchDirectory.remove(directory.resolve("normal"));
        BenchDirectory.remove(directory.resolve("judging"));
    }

    private double backlog(Producers producers, Batch large) throws IOException, InterruptedException, CommandException {
        Path path = directory.resolve("backlog");
        long bytes = Math.min(BACKLOG_BYTES, directory.room());
        Producers.Result result;
        try (BenchNode node = BenchNode.open(path, Behind.STANDING, bytes, false, clocks)) {
            long most = (bytes - 3 * BenchNode.SEGMENT_BYTES) / DiskLimit.MAX_BLOCK_BYTES;
            result = producers.run(node.node(), number -> large, time, most);
        }
        WalBench.checkAnswered(result);
        BenchDirectory.remove(path);
        return result.bytesPerSecond();
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }

    private static String rate(List<Double> values) {
        return WalBench.format(
                "%,.0f MB/s (%,.0f to %,.0f)",
                median(values) / 1e6, Collections.min(values) / 1e6, Collections.max(values) / 1e6);
    }

    private static String share(List<Double> values) {
        return WalBench.format(
                "%.0f %% (%.0f to %.0f)",
                median(values) * 100, Collections.min(values) * 100, Collections.max(values) * 100);
    }
}
