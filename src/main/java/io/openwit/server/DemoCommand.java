package io.openwit.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `demo`.
@Command(
        name = "demo",
        description = {
            "Everything in one process on loopback, in a temporary directory: logs, traces and metrics over both doors,",
            "some of it twice; then a report, and three queries.",
            "Ends with 0 only if nothing was lost and nothing is stored twice."
        },
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final Logger LOG = Logger.getLogger(DemoCommand.class.getName());
    private static final int MAX_SECONDS = 3600;
    private static final Duration STOP_LIMIT = Duration.ofMinutes(2);

    @Spec
    private CommandSpec spec;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "10",
            description = "Of traffic. Default: ${DEFAULT-VALUE}")
    private int seconds;

    @Option(names = "--keep", description = "Keep the directory of the node, and say where it is.")
    private boolean keep;

    @Override
    public Integer call() throws CommandException, ConfigException, InterruptedException, IOException {
        if (seconds < 1 || seconds > MAX_SECONDS) {
            throw new ParameterException(spec.commandLine(), "--seconds is to be 1 to " + MAX_SECONDS);
        }
        JvmFlags.check();
        // What stands on the screen is the demo; the log has only what went wrong.
        Logger.getLogger("io.openwit").setLevel(LOG.isLoggable(Level.FINE) ? Level.FINE : Level.WARNING);
        Path directory = Files.createTempDirectory("openwit-demo-");
        Config config = ConfigReader.read(
                Optional.empty(),
                List.of(
                        "node.id=demo",
                        "node.data_dir=" + directory,
                        "ingestion.grpc.port=0",
                        "ingestion.http.port=0",
                        "ingest_node.port=0",
                        "storage_node.flight.bind_addr=127.0.0.1:0",
                        "admin.port=0",
                        "processing.wal.segment_bytes=32MiB"),
                Optional.empty(),
                System::getenv);
        try (StopSignal signal = StopSignal.listen(STOP_LIMIT)) {
            NodeRuntime node = new NodeRuntime(config, RunCommand::poisoned);
            try {
                Demo demo = new Demo(node, spec.commandLine().getOut(), Duration.ofSeconds(seconds));
                return demo.run() ? ExitCode.DONE : ExitCode.FAILED;
            } finally {
                signal.beginCleaning();
                node.stop();
                cleanUp(directory);
            }
        }
    }

    private void cleanUp(Path directory) throws IOException {
        if (keep) {
            spec.commandLine().getOut().println("kept: " + directory);
            return;
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
