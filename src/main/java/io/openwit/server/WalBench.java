package io.openwit.server;

import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.server.BenchNode.Behind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// The table of `bench wal`: what the log does in this directory, and what its disk could do at the same time.
final class WalBench {
    private static final long GIB = 1L << 30;
    private static final int PRODUCERS = 512;
    private static final int SMALL_BATCH_BYTES = 1 << 10;
    private static final int SMALL_BATCH_ROWS = 2;
    private static final int TENANTS = 1_000;
    private static final int TENANT_ROWS = 10;
    private static final int BATCH_ROWS = 8_192;
    private static final int REQUESTS_PER_BATCH = 8;
    private static final long MAX_ALLOCATED_BYTES = 1 << 10;

    /// Bytes of OTLP of each signal that go into both logs.
    private static final long OTLP_BYTES = 512L << 20;

    private static final Duration FOLLOWER_LIMIT = Duration.ofMinutes(2);

    private final BenchDirectory directory;
    private final Clocks clocks;
    private final Duration time;
    private final Consumer<String> progress;
    private final List<Allocation> allocations = new ArrayList<>();

    /// Of the writer's thread.
    private record Allocation(String what, double bytesPerBatch) {}

    /// @param time of each measurement
    /// @param progress is told what is measured now
    WalBench(BenchDirectory directory, Clocks clocks, Duration time, Consumer<String> progress) {
        this.directory = directory;
        this.clocks = clocks;
        this.time = time;
        this.progress = progress;
    }

    /// @param backlogBytes of the log that a start finds; 0 to leave starts out
    BenchTable run(long backlogBytes) throws IOException, InterruptedException, CommandException {
        BenchTable table = new BenchTable("short-term WAL and archive, below " + directory.path().getParent());
        new WriterRates(directory, clocks, time, progress).run(table);
        smallBatches(table);
        tenants(table);
        amounts(table);
        if (backlogBytes > 0) {
            new StartTimes(directory, clocks, progress).run(table, backlogBytes);
        }
        for (Allocation allocation : allocations) {
            table.add(
                    "heap allocated per appended batch, " + allocation.what,
                    format("%,.0f B", allocation.bytesPerBatch),
                    "<= 1,024 B",
                    allocation.bytesPerBatch <= MAX_ALLOCATED_BYTES);
        }
        return table;
    }

    static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }

    /// Many callers with little each: the log lives from what queues while it forces.
    private void smallBatches(BenchTable table) throws IOException, InterruptedException, CommandException {
        progress.accept(PRODUCERS + " producers of 1 KiB");
        directory.require(4 * GIB);
        Batch small = BenchBatches.ofNoise(SMALL_BATCH_ROWS, SMALL_BATCH_BYTES);
        Producers producers = new Producers(PRODUCERS, clocks);
        try (BenchNode node = BenchNode.open(directory.resolve("small"), Behind.PASSING, 3 * GIB, true, clocks)) {
            producers.run(node.node(), number -> BenchBatches.anew(small, number, TenantId.DEFAULT), time, 1L << 24);
            long allocated = node.bytesAllocatedByWriter();
            long forces = node.disk().appends.sum();
            long cpu = ProcessCpu.nanos();
            Producers.Result result = producers.run(
                    node.node(),
                    number -> BenchBatches.anew(small, number + (1L << 24), TenantId.DEFAULT),
                    time.multipliedBy(2),
                    Long.MAX_VALUE);
            long cpuUsed = ProcessCpu.nanos() - cpu;
            checkAnswered(result);
            allocations.add(new Allocation(
                    "2 rows", (node.bytesAllocatedByWriter() - allocated) / (double) result.batches()));
            double forcesPerSecond = (node.disk().appends.sum() - forces) * 1e9 / result.nanos();
            table.add(
                    PRODUCERS + " producers of 1 KiB",
                    format("%,.0f acknowledgements/s in %,.0f groups/s", result.batchesPerSecond(), forcesPerSecond),
                    ">= 300,000/s",
                    result.batchesPerSecond() >= 300_000);
            double p50 = result.latency().p50Nanos() / 1e6;
            double p99 = result.latency().p99Nanos() / 1e6;
            table.add("  p50", format("%.2f ms", p50), "<= 1 ms", p50 <= 1);
            table.add("  p99", format("%.2f ms", p99), "<= 10 ms", p99 <= 10);
            table.add(
                    "  CPU of this process, producers included",
                    format("%.1f us an acknowledgement", (cpuUsed / 1e3) / result.batches()));
        }
        BenchDirectory.remove(directory.resolve("small"));
    }

    /// Requests of few rows from many tenants, which the gateway cannot bring together.
    private void tenants(BenchTable table) throws IOException, InterruptedException, CommandException {
        progress.accept(TENANT_ROWS + "-row requests of " + TENANTS + " tenants");
        directory.require(4 * GIB);
        Batch ten = BenchBatches.ofRequests(Signal.LOGS, 1, TENANT_ROWS);
        TenantId[] names = new TenantId[TENANTS];
        for (int i = 0; i < TENANTS; i++) {
            names[i] = new TenantId(format("tenant-%03d", i));
        }
        Producers producers = new Producers(PRODUCERS, clocks);
        try (BenchNode node = BenchNode.open(directory.resolve("tenants"), Behind.ARCHIVING, 3 * GIB, true, clocks)) {
            producers.run(
                    node.node(),
                    number -> BenchBatches.anew(ten, number, names[(int) (number % TENANTS)]),
                    time,
                    TENANTS * 10L);
            node.awaitFollower(FOLLOWER_LIMIT);
            long allocated = node.bytesAllocatedByWriter();
            long batches = 20_000 * Math.max(1, time.toSeconds());
            long began = clocks.monotonicNanos();
            Producers.Result result = producers.run(
                    node.node(),
                    number -> BenchBatches.anew(ten, number + (1L << 24), names[(int) (number % TENANTS)]),
                    FOLLOWER_LIMIT,
                    batches);
            checkAnswered(result);
            allocations.add(new Allocation(
                    TENANT_ROWS + " rows, " + TENANTS + " tenants",
                    (node.bytesAllocatedByWriter() - allocated) / (double) result.batches()));
            boolean archived = node.awaitFollower(FOLLOWER_LIMIT);
            double archivedPerSecond = archived ? batches * 1e9 / (clocks.monotonicNanos() - began) : 0;
            table.add(
                    format("%d-row requests of %,d tenants, appended", TENANT_ROWS, TENANTS),
                    format("%,.0f batches/s", result.batchesPerSecond()),
                    ">= 5,000/s",
                    result.batchesPerSecond() >= 5_000);
            table.add(
                    "  archived too, and forced",
                    format("%,.0f batches/s", archivedPerSecond),
                    ">= 5,000/s",
                    archivedPerSecond >= 5_000);
        }
        BenchDirectory.remove(directory.resolve("tenants"));
    }

    /// How much is written for what was received.
    private void amounts(BenchTable table) throws IOException, InterruptedException, CommandException {
        directory.require(6 * GIB);
        double sumWritten = 0;
        double sumReceived = 0;
        List<String> perSignal = new ArrayList<>();
        double prewritten = 0;
        for (Signal signal : Signal.values()) {
            progress.accept("both logs, " + signal.label());
            Batch batch = BenchBatches.ofRequests(signal, REQUESTS_PER_BATCH, BATCH_ROWS / REQUESTS_PER_BATCH);
            long batches = OTLP_BYTES / batch.header().sourceBytes();
            try (BenchNode node = BenchNode.open(directory.resolve("both"), Behind.ARCHIVING, 5 * GIB, true, clocks)) {
                long allocated = node.bytesAllocatedByWriter();
                Producers.Result result = new Producers(2, clocks)
                        .run(
                                node.node(),
                                number -> BenchBatches.anew(batch, number, TenantId.DEFAULT),
                                FOLLOWER_LIMIT,
                                batches);
                checkAnswered(result);
                if (signal == Signal.LOGS) {
                    allocations.add(new Allocation(
                            format("%,d rows", BATCH_ROWS),
                            (node.bytesAllocatedByWriter() - allocated) / (double) result.batches()));
                }
                if (!node.awaitFollower(FOLLOWER_LIMIT)) {
                    throw CommandException.failed("the archive did not come to the end of the log within "
                            + FOLLOWER_LIMIT.toSeconds() + " s");
                }
                double received = (double) result.batches() * batch.header().sourceBytes();
                MeteredDisk disk = node.disk();
                double written = disk.appended.sum() + disk.beside.sum();
                prewritten += disk.prewritten.sum();
                sumWritten += written;
                sumReceived += received;
                perSignal.add(format("%s %.2f", signal.label(), written / received));
            }
            BenchDirectory.remove(directory.resolve("both"));
        }
        double share = sumWritten / sumReceived;
        table.add(
                "bytes to the disk for both logs per byte of OTLP",
                format("%.2f (%s)", share, String.join(", ", perSignal)),
                "<= 0.6",
                share <= 0.6);
        table.add("  first pre-writing, apart", format("%.2f", prewritten / sumReceived));
    }

    static void checkAnswered(Producers.Result result) throws CommandException {
        if (result.batches() == 0 || !result.firstRefusal().isEmpty() && result.refused() > result.batches()) {
            throw CommandException.failed("the log refused " + result.refused() + " batches and took "
                    + result.batches() + ": " + result.firstRefusal());
        }
    }
}
