package io.openwit.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `bench`.
@Command(
        name = "bench",
        description = "Measures here and now, with the machine's own limits and the targets beside the figures.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {BenchCommand.Wal.class, BenchCommand.Decode.class, BenchCommand.Pipeline.class})
final class BenchCommand implements Runnable {
    private static final Logger LOG = Logger.getLogger(BenchCommand.class.getName());
    private static final Duration STOP_LIMIT = Duration.ofMinutes(2);
    private static final int MAX_SECONDS = 60;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "bench needs a command: wal, decode or pipeline");
    }

    /// `bench wal`.
    @Command(
            name = "wal",
            description = {
                "The log's writer, its answers, its bytes and its starts, with both logs on the disk of --dir.",
                "Takes about two minutes, and up to 13 GiB of the disk or the backlog and 3 GiB, whichever is more; all of it is",
                "removed at the end. Where the volume has less room, the backlog is smaller, and the table says so."
            },
            mixinStandardHelpOptions = true)
    static final class Wal implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--dir", paramLabel = "DIR", defaultValue = ".",
                description = "What is measured lies in a temporary directory below it. Default: the working directory")
        private Path dir;

        @Option(names = "--seconds", paramLabel = "N", defaultValue = "2",
                description = "Of each measurement. Default: ${DEFAULT-VALUE}")
        private int seconds;

        @Option(names = "--backlog", paramLabel = "SIZE", defaultValue = "10GB",
                description = "Of the log that a start finds; 0 leaves the starts out. Default: ${DEFAULT-VALUE}")
        private String backlog;

        @Override
        public Integer call() throws CommandException, IOException, InterruptedException {
            Duration time = seconds(spec, seconds);
            long backlogBytes;
            try {
                backlogBytes = ValueType.bytes(backlog);
            } catch (IllegalArgumentException e) {
                throw CommandException.usage("--backlog: " + e.getMessage(), e);
            }
            JvmFlags.check();
            quiet();
            try (StopSignal signal = StopSignal.listen(STOP_LIMIT);
                    BenchDirectory directory = BenchDirectory.below(dir)) {
                try {
                    new WalBench(directory, new SystemClocks(), time, progress(spec))
                            .run(backlogBytes)
                            .print(spec.commandLine().getOut());
                } finally {
                    signal.beginCleaning();
                }
            }
            return ExitCode.DONE;
        }
    }

    /// `bench decode`.
    @Command(
            name = "decode",
            description = "From OTLP to the sealed batch, on one thread.",
            mixinStandardHelpOptions = true)
    static final class Decode implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--seconds", paramLabel = "N", defaultValue = "2",
                description = "Of each measurement. Default: ${DEFAULT-VALUE}")
        private int seconds;

        @Override
        public Integer call() {
            new DecodeBench(new SystemClocks(), seconds(spec, seconds), progress(spec))
                    .run()
                    .print(spec.commandLine().getOut());
            return ExitCode.DONE;
        }
    }

    /// `bench pipeline`.
    @Command(
            name = "pipeline",
            description = {
                "A whole node in a temporary directory, with storage and Postgres, and load over both its doors.",
                "The load is made by the same process, and its CPU time is counted with the node's."
            },
            mixinStandardHelpOptions = true)
    static final class Pipeline implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--dir", paramLabel = "DIR", defaultValue = ".",
                description = "What is measured lies in a temporary directory below it. Default: the working directory")
        private Path dir;

        @Option(names = "--seconds", paramLabel = "N", defaultValue = "5",
                description = "Of each measurement. Default: ${DEFAULT-VALUE}")
        private int seconds;

        @Override
        public Integer call() throws CommandException, ConfigException, IOException, InterruptedException {
            Duration time = seconds(spec, seconds);
            JvmFlags.check();
            quiet();
            try (StopSignal signal = StopSignal.listen(STOP_LIMIT);
                    BenchDirectory directory = BenchDirectory.below(dir)) {
                try (PipelineBench bench = new PipelineBench(directory, time, progress(spec))) {
                    bench.run().print(spec.commandLine().getOut());
                } finally {
                    signal.beginCleaning();
                }
            }
            return ExitCode.DONE;
        }
    }

    private static Duration seconds(CommandSpec spec, int seconds) {
        if (seconds < 1 || seconds > MAX_SECONDS) {
            throw new ParameterException(spec.commandLine(), "--seconds is to be 1 to " + MAX_SECONDS);
        }
        return Duration.ofSeconds(seconds);
    }

    /// The log has only what went wrong: windows that overflow and segments that are left unread are what is measured.
    private static void quiet() {
        Logger.getLogger("io.openwit").setLevel(LOG.isLoggable(Level.FINE) ? Level.FINE : Level.SEVERE);
    }

    private static Consumer<String> progress(CommandSpec spec) {
        PrintWriter err = spec.commandLine().getErr();
        return what -> {
            err.println("bench: " + what + " ...");
            err.flush();
        };
    }
}
