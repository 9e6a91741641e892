package io.openwit.disk;

import static org.awaitility.Awaitility.await;

import io.openwit.load.LoadOptions;
import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import io.openwit.pipeline.Shape;
import io.openwit.storage.RunningStorage;
import io.openwit.storage.StorageConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What stands outside of the fault and lives on when the node dies: Postgres, the storage, and who sends. The node is gateway
/// and ingest node in one process, and the fault hits its data directory.
final class Surroundings implements AutoCloseable {
    /// The product of the tests that repeat a fault: 1 in every build, more in `-Pdeep`.
    static final int SCALE = Integer.getInteger("openwit.faults.scale", 1);

    /// More than a node fills before its fault.
    private static final int TRACED_SEGMENTS = 100;

    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(60);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Path directory;
    private final EmbeddedPostgres postgres;
    private final int storagePort = freePort();
    private final int doorPort = freePort();
    private final ExecutorService lanes = Executors.newVirtualThreadPerTaskExecutor();
    private final List<LoadRun> runs = new ArrayList<>();
    private final Random random;
    private NodeProcess.How how = NodeProcess.How.PLAIN;
    private RunningStorage storage;

    /// @param directory for what is not below the fault
    /// @param random for the content of rows, and for the jitter of their senders
    Surroundings(Path directory, Random random) throws IOException {
        this.directory = directory;
        this.random = random;
        postgres = EmbeddedPostgres.builder().start();
    }

    /// The storage opens its door. Before that the handoff finds nobody, and all that is accepted stays in the log.
    void openStorage() throws IOException {
        StorageConfig config = StorageConfig.of(directory.resolve("storage"), "127.0.0.1", storagePort)
                .withFlush(Duration.ofHours(1), 900_000)
                .withSql(256L << 20, 1, Duration.ofSeconds(60), 10_000_000);
        storage = RunningStorage.start(config);
    }

    /// A node's settings: small segments, so that much happens in little time.
    Map<String, String> settings(Path dataDirectory) {
        Map<String, String> settings = Shape.common(dataDirectory, "n1");
        settings.put("handoff.flight.endpoint", "grpc://127.0.0.1:" + storagePort);
        settings.put("metastore.postgres.connection_string", Shape.connectionString(postgres));
        settings.put("ingestion.http.port", Integer.toString(doorPort));
        settings.put("ingestion.batching.batch_bytes", "512KiB");
        settings.put("processing.wal.segment_bytes", "4MiB");
        settings.put("processing.dedup.max_entries", "1048576");
        settings.put("processing.dedup.max_requests", "131072");
        return settings;
    }

    NodeProcess start(Map<String, String> settings) throws IOException {
        NodeProcess node = launch(List.of(), settings);
        try {
            node.awaitReady();
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
        return node;
    }

    /// Does not wait until the node is ready.
    ///
    /// @param tracer the command that runs it, or nothing
    NodeProcess launch(List<String> tracer, Map<String, String> settings) throws IOException {
        return NodeProcess.launch(how.in(tracer), directory, "standalone", settings);
    }

    /// Makes all later starts take half of the time, for a test that has dozens of them: runs a node once, and keeps the classes
    /// that it has loaded.
    void makeStartsQuick(Map<String, String> settings) throws IOException, InterruptedException {
        String jars = QuickStart.jars(directory.resolve("classes.jar"));
        Path archive = directory.resolve("classes.jsa");
        how = new NodeProcess.How(List.of(), List.of("-XX:ArchiveClassesAtExit=" + archive), jars);
        try (NodeProcess node = start(settings)) {
            node.terminate();
        }
        how = new NodeProcess.How(List.of(), List.of("-XX:SharedArchiveFile=" + archive), jars);
    }

    /// Load over HTTP to the node's door, whether the node is up or not; runs until it is stopped.
    LoadRun load(UnaryOperator<LoadOptions.Builder> how) {
        LoadOptions.Builder options = LoadOptions.to("http://127.0.0.1:" + doorPort, LoadOptions.Protocol.HTTP)
                .rowsPerRequest(50)
                .connections(8)
                .duration(Duration.ofMinutes(30))
                .seed(random.nextLong());
        LoadRun run = new LoadRun(how.apply(options).build(), RunningStorage.CLOCKS, lanes, random);
        runs.add(run);
        run.start();
        return run;
    }

    /// Until so many rows of the run are acknowledged.
    static void awaitAcknowledged(LoadRun run, long rows) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> run.progress().counts().rowsAcknowledged() >= rows);
    }

    /// Until the storage has answered everything that is in the node's log.
    static void awaitDrained(NodeProcess node) {
        await().atMost(DRAIN_LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> metric(node, "openwit_follower_lag_bytes{follower=\"handoff\"}") == 0);
    }

    /// Opens the storage where it is not open, starts a node without any fault, and lets it send all that it has. The load has ended.
    Account drained(Map<String, String> settings) throws IOException, InterruptedException {
        if (storage == null) {
            openStorage();
        }
        try (NodeProcess node = start(settings)) {
            awaitDrained(node);
            Account account = Account.of(runs.stream().map(LoadRun::report).toList(), storage);
            int code = node.terminate();
            if (code != 0) {
                throw new IOException("the last node ended with " + code + ":\n" + node.errors());
            }
            return account;
        }
    }

    /// Rows in storage, of a view and the condition behind it; the storage is open.
    long stored(String viewAndCondition) throws IOException {
        return Account.count(storage, viewAndCondition);
    }

    /// A value of the node's metrics; -1 where there is none yet.
    static double metric(NodeProcess node, String name) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(node.url("admin", "/metrics")).build();
        String page = HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return page.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    /// The files that the log in a data directory will write its next segments to.
    static List<Path> nextSegments(Path data) throws IOException {
        Path wal = data.resolve("wal");
        int last = 0;
        if (Files.exists(wal)) {
            try (Stream<Path> files = Files.list(wal)) {
                last = files.map(file -> file.getFileName().toString())
                        .filter(name -> name.matches("\\d{6}\\.(wal|heads)"))
                        .mapToInt(name -> Integer.parseInt(name.substring(0, 6)))
                        .max()
                        .orElse(0);
            }
        }
        return IntStream.rangeClosed(last + 1, last + TRACED_SEGMENTS)
                .mapToObj(number -> wal.resolve(String.format("%06d.wal", number)))
                .toList();
    }

    /// Where the reports of tracers go.
    Path newReport() throws IOException {
        return Files.createTempFile(directory, "strace", ".txt");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws IOException {
        runs.forEach(LoadRun::close);
        lanes.close();
        if (storage != null) {
            storage.close();
        }
        postgres.close();
    }
}
