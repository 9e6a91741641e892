package io.openwit.server;

import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.server.BenchNode.Behind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// How long a node takes until it can take traffic, when it finds a log that nobody has read.
final class StartTimes {
    private static final int REQUESTS_PER_BATCH = 8;
    private static final int ROWS_PER_REQUEST = 1_000;
    private static final int PRODUCERS = 4;
    private static final long SCAN_SPARE_BYTES = 3L << 30;
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(5);
    private static final double MAX_START_SECONDS = 2;
    private static final double MIN_SCAN_BYTES_PER_SECOND = 2e9;

    private final BenchDirectory directory;
    private final Clocks clocks;
    private final Consumer<String> progress;

    /// @param bytesRead of the log's files
    private record Start(double seconds, long bytesRead) {}

    StartTimes(BenchDirectory directory, Clocks clocks, Consumer<String> progress) {
        this.directory = directory;
        this.clocks = clocks;
        this.progress = progress;
    }

    /// @param wantedBytes of the log; fewer where the volume has no room for them, which the table says
    void run(BenchTable table, long wantedBytes) throws IOException, InterruptedException, CommandException {
        long bytes = Math.min(wantedBytes, directory.room() - SCAN_SPARE_BYTES);
        directory.require(4 * BenchNode.SEGMENT_BYTES);
        Path path = directory.resolve("start");
        String size = WalBench.format("%.1f GB", bytes / 1e9);
        progress.accept("a backlog of " + size);
        build(path, bytes);
        long logBytes = bytesOf(path.resolve("wal"), ".wal");
        progress.accept("starts with a backlog");
        Start killed = start(path);
        Start again = start(path);
        for (Path heads : files(path.resolve("wal"), ".heads")) {
            Files.delete(heads);
        }
        Start scan = start(path);
        String fits = bytes < wantedBytes ? ", all that fits" : "";
        table.add(
                "start with a backlog of " + size + fits + ", killed before",
                text(killed),
                "<= 2 s",
                killed.seconds <= MAX_START_SECONDS);
        table.add("  once more", text(again), "<= 2 s", again.seconds <= MAX_START_SECONDS);
        double perSecond = logBytes / scan.seconds;
        table.add(
                "  heads files lost, a full scan",
                text(scan) + WalBench.format(", %.1f GB of log a second", perSecond / 1e9),
                ">= 2 GB/s",
                perSecond >= MIN_SCAN_BYTES_PER_SECOND);
        progress.accept("every checksum of the backlog");
        long began = clocks.monotonicNanos();
        boolean whole = new LogVerifier(new FileDisk(), path).verify().whole();
        double seconds = (clocks.monotonicNanos() - began) / 1e9;
        table.add(
                "  wal verify, every byte",
                WalBench.format("%.1f GB/s%s", logBytes / seconds / 1e9, whole ? "" : ", DAMAGED"));
        BenchDirectory.remove(path);
    }

    private void build(Path path, long bytes) throws IOException, InterruptedException, CommandException {
        Batch batch = BenchBatches.ofRequests(Signal.LOGS, REQUESTS_PER_BATCH, ROWS_PER_REQUEST);
        BenchNode node = BenchNode.open(path, Behind.STANDING, bytes + SCAN_SPARE_BYTES, true, clocks);
        Producers.Result result = new Producers(PRODUCERS, clocks)
                .run(
                        node.node(),
                        number -> BenchBatches.anew(batch, number, TenantId.DEFAULT),
                        BUILD_LIMIT,
                        bytes / batch.bytes());
        WalBench.checkAnswered(result);
        node.abandon();
    }

    /// Opens the node, and leaves it as a kill does.
    private Start start(Path path) throws IOException {
        long began = clocks.monotonicNanos();
        BenchNode node = BenchNode.open(path, Behind.STANDING, Long.MAX_VALUE, true, clocks);
        double seconds = (clocks.monotonicNanos() - began) / 1e9;
        long read = node.disk().read.sum();
        node.abandon();
        return new Start(seconds, read);
    }

    private static String text(Start start) {
        return WalBench.format("%.2f s, %,d MiB read", start.seconds, start.bytesRead >> 20);
    }

    private static long bytesOf(Path directory, String suffix) throws IOException {
        long bytes = 0;
        for (Path file : files(directory, suffix)) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static List<Path> files(Path directory, String suffix) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> path.getFileName().toString().endsWith(suffix)).toList();
        }
    }
}
