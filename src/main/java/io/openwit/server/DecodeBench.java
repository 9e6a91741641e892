package io.openwit.server;

import com.sun.management.ThreadMXBean;
import io.openwit.columnar.Bytes;
import io.openwit.model.Batch;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.Consumer;

/// The table of `bench decode`.
final class DecodeBench {
    private static final int REQUESTS = 8;
    private static final int ROWS_PER_REQUEST = 1_000;
    private static final double ROWS = REQUESTS * ROWS_PER_REQUEST;

    private final Clocks clocks;
    private final Duration time;
    private final Consumer<String> progress;

    /// Batches that [#nanosPerRow] has run, ever.
    private long counted;

    DecodeBench(Clocks clocks, Duration time, Consumer<String> progress) {
        this.clocks = clocks;
        this.time = time;
        this.progress = progress;
    }

    BenchTable run() {
        BenchTable table = new BenchTable(
                "from OTLP to the sealed batch, one thread; a row is a log record, a span or a metric point");
        for (Signal signal : Signal.values()) {
            progress.accept("reading " + signal.label());
            run(table, signal);
        }
        return table;
    }

    private void run(BenchTable table, Signal signal) {
        byte[][] requests = BenchBatches.requests(signal, REQUESTS, ROWS_PER_REQUEST);
        double otlp = 0;
        for (byte[] request : requests) {
            otlp += request.length - Bytes.SLACK;
        }
        BenchBatches.Decoder decoder = new BenchBatches.Decoder(signal);
        Runnable read = () -> {
            decoder.begin(TenantId.DEFAULT);
            for (byte[] request : requests) {
                decoder.read(request);
            }
        };
        nanosPerRow(read);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long batches = counted;
        double reading = nanosPerRow(read);
        double allocated = (threads.getCurrentThreadAllocatedBytes() - before) / ROWS / (counted - batches);
        nanosPerRow(decoder::seal);
        double sealing = nanosPerRow(decoder::seal);
        Batch sealed = decoder.seal();
        double target = signal == Signal.METRICS ? 230 : 300;
        String name = signal.label();
        table.add(
                name + ": read into columns, fingerprints included",
                WalBench.format("%,.0f ns a row, %,.0f rows/s", reading, 1e9 / reading),
                WalBench.format("<= %,.0f ns", target),
                reading <= target);
        table.add("  allocated", WalBench.format("%.2f B a row", allocated), "<= 1 B", allocated <= 1);
        table.add("  sealed with LZ4", WalBench.format("%,.0f ns a row", sealing));
        table.add(
                "  sealed, of " + WalBench.format("%,.0f B of OTLP a row", otlp / ROWS),
                WalBench.format("%.1f times smaller", otlp / sealed.rows().remaining()));
    }

    private double nanosPerRow(Runnable batch) {
        long began = clocks.monotonicNanos();
        long now = began;
        long batches = 0;
        while (now - began < time.toNanos()) {
            batch.run();
            batches++;
            now = clocks.monotonicNanos();
        }
        counted += batches;
        return (now - began) / ROWS / batches;
    }
}
