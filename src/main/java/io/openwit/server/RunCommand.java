package io.openwit.server;

import io.openwit.ingest.wal.ForeignLogException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `run`.
@Command(
        name = "run",
        description = {
            "A node. Prints one line when its doors are open: ready grpc=HOST:PORT http=… bulk=… flight=… admin=…",
            "SIGTERM drains it and ends it with 0."
        },
        mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = Logger.getLogger(RunCommand.class.getName());

    /// Stages of the stop, each of which may take `shutdown.timeout_ms`.
    private static final int STOP_STAGES = 6;

    @Spec
    private CommandSpec spec;

    @Option(names = "--config", paramLabel = "FILE",
            description = "A configuration in YAML; see docs/openwit.example.yaml.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Wins over the file. May be given several times.")
    private List<String> sets = List.of();

    @Option(names = "--role", paramLabel = "ROLE", description = "standalone, gateway, ingest or storage.")
    private @Nullable String role;

    @Override
    public Integer call() throws CommandException, ConfigException, InterruptedException {
        JvmFlags.check();
        Config config = ConfigReader.read(
                Optional.ofNullable(file), sets, Optional.ofNullable(role), System::getenv);
        config.warnings().forEach(LOG::warning);
        warnOfMemory(config);
        Duration stopLimit =
                Duration.ofMillis(config.get(ConfigKeys.SHUTDOWN_MS)).multipliedBy(STOP_STAGES).plusMinutes(1);
        try (StopSignal signal = StopSignal.listen(stopLimit)) {
            NodeRuntime node = new NodeRuntime(config, RunCommand::poisoned);
            try {
                node.start();
                spec.commandLine().getOut().println(node.readyLine());
                spec.commandLine().getOut().flush();
                signal.await();
            } catch (ForeignLogException e) {
                throw CommandException.usage("the node does not start: " + e.getMessage(), e);
            } catch (IOException e) {
                if (!signal.given()) {
                    throw CommandException.failed("the node does not start: " + e.getMessage(), e);
                }
                LOG.log(Level.FINE, "the start was broken off", e);
            } catch (InterruptedException e) {
                if (!signal.given()) {
                    throw e;
                }
                LOG.log(Level.FINE, "asked to stop", e);
            } finally {
                signal.beginCleaning();
                node.stop();
            }
            LOG.info("node stopped");
        }
        return ExitCode.DONE;
    }

    private static void warnOfMemory(Config config) {
        long ceiling = (long) config.get(ConfigKeys.MEMORY_GB) << 30;
        long heap = Runtime.getRuntime().maxMemory();
        if (heap > ceiling) {
            LOG.log(Level.WARNING, "the heap may grow beyond memory.max_memory_gb: heap_bytes={0} ceiling_bytes={1};"
                    + " set -Xmx in OPENWIT_JAVA_OPTS", new Object[] {heap, ceiling});
        }
    }

    /// A disk has failed. Nothing more may be acknowledged, so nothing is drained.
    static void poisoned(String why) {
        System.err.println("openwit: " + why.replaceAll("\\s*[\\r\\n]+\\s*", " "));
        System.err.flush();
        Runtime.getRuntime().halt(ExitCode.POISONED);
    }
}
