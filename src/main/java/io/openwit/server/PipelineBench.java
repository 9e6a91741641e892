package io.openwit.server;

import io.openwit.load.LoadOptions;
import io.openwit.load.LoadOptions.Protocol;
import io.openwit.load.LoadReport;
import io.openwit.load.LoadRun;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The table of `bench pipeline`: a node with everything in it, and as much load as it takes.
final class PipelineBench implements AutoCloseable {
    private static final int ROWS_PER_REQUEST = 1_000;
    private static final int CONNECTIONS = 8;
    private static final Duration FOLLOWER_LIMIT = Duration.ofMinutes(2);
    private static final long LOOK_MILLIS = 20;

    private final NodeRuntime node;
    private final Duration time;
    private final Consumer<String> progress;

    PipelineBench(BenchDirectory directory, Duration time, Consumer<String> progress) throws ConfigException {
        this.time = time;
        this.progress = progress;
        Config config = ConfigReader.read(
                Optional.empty(),
                List.of(
                        "node.id=bench",
                        "node.data_dir=" + directory.resolve("node"),
                        "ingestion.grpc.port=0",
                        "ingestion.http.port=0",
                        "ingest_node.port=0",
                        "storage_node.flight.bind_addr=127.0.0.1:0",
                        "admin.port=0"),
                Optional.empty(),
                System::getenv);
        node = new NodeRuntime(config, RunCommand::poisoned);
    }

    BenchTable run() throws CommandException, IOException, InterruptedException {
        BenchTable table = new BenchTable(WalBench.format(
                "the whole node and its load in one process: logs, %,d a request, %d connections", ROWS_PER_REQUEST,
                CONNECTIONS));
        progress.accept("starting a node");
        node.start();
        for (Protocol protocol : List.of(Protocol.HTTP, Protocol.GRPC)) {
            String door = protocol == Protocol.HTTP ? "http" : "grpc";
            progress.accept("warming up, " + door);
            load(protocol, door);
            awaitFollowers();
            progress.accept("load over " + door);
            LoadReport report = load(protocol, door);
            progress.accept("storage");
            Duration behind = awaitFollowers();
            double rows = report.total().rowsAcknowledged();
            String name = "OTLP/" + (protocol == Protocol.HTTP ? "HTTP" : "gRPC");
            table.add(name, WalBench.format("%,.0f rows/s, each forced before its answer", report.rowsPerSecond()));
            table.add(
                    "  p50, p99",
                    WalBench.format(
                            "%.1f ms, %.1f ms",
                            report.latency().p50Nanos() / 1e6, report.latency().p99Nanos() / 1e6));
            table.add(
                    "  CPU of node and load, while the load ran",
                    WalBench.format("%.2f s per million rows", report.cpu().toNanos() / 1e3 / Math.max(1, rows)));
            table.add(
                    "  storage and archive had all of it after another",
                    WalBench.format("%.1f s", behind.toMillis() / 1e3));
            if (!report.lastTrouble().isEmpty()) {
                table.add("  refused meanwhile", report.lastTrouble());
            }
        }
        return table;
    }

    private LoadReport load(Protocol protocol, String door) throws InterruptedException {
        SecureRandom random = new SecureRandom();
        LoadOptions options = LoadOptions.to(protocol.label() + "://" + node.doors().get(door), protocol)
                .rowsPerRequest(ROWS_PER_REQUEST)
                .connections(CONNECTIONS)
                .duration(time)
                .seed(random.nextLong())
                .build();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                LoadRun run = new LoadRun(options, new SystemClocks(), threads, random)) {
            run.start();
            while (!run.finished()) {
                run.await(time);
            }
            return run.report();
        }
    }

    private Duration awaitFollowers() throws InterruptedException, CommandException {
        long began = System.nanoTime();
        while (node.followerLagBytes() > 0) {
            if (System.nanoTime() - began > FOLLOWER_LIMIT.toNanos()) {
                throw CommandException.failed("storage or archive did not come to the end of the log within "
                        + FOLLOWER_LIMIT.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        return Duration.ofNanos(System.nanoTime() - began);
    }

    @Override
    public void close() {
        node.stop();
    }
}
