package io.openwit.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `config check` and `config show`.
@Command(
        name = "config",
        description = "Checks a configuration, or shows all effective values.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ConfigCommand.Check.class, ConfigCommand.Show.class})
final class ConfigCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "config needs a command: check or show");
    }

    /// `config check FILE`.
    @Command(
            name = "check",
            description = "Names every mistake with its line and the nearest known key; exit code 2 if there is one.",
            mixinStandardHelpOptions = true)
    static final class Check implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "A configuration in YAML.")
        private Path file;

        @Override
        public Integer call() {
            var out = spec.commandLine().getOut();
            var err = spec.commandLine().getErr();
            try {
                Config config = ConfigReader.read(Optional.of(file), List.of(), Optional.empty(), System::getenv);
                config.warnings().forEach(err::println);
                long written = config.settings().stream()
                        .filter(setting -> !setting.origin().equals(Config.DEFAULT))
                        .count();
                out.println(file + ": no mistakes, " + written + " keys");
                return ExitCode.DONE;
            } catch (ConfigException e) {
                e.mistakes().forEach(err::println);
                return ExitCode.USAGE;
            }
        }
    }

    /// `config show [--config FILE]`.
    @Command(
            name = "show",
            description = "All effective values, each with where it came from; secrets are masked.",
            mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        private static final int ORIGIN_COLUMN = 72;

        @Spec
        private CommandSpec spec;

        @Option(names = "--config", paramLabel = "FILE", description = "A configuration in YAML.")
        private @Nullable Path file;

        @Override
        public Integer call() throws ConfigException {
            Config config = ConfigReader.read(Optional.ofNullable(file), List.of(), Optional.empty(), System::getenv);
            for (Config.Setting<?> setting : config.settings()) {
                String value = setting.shown();
                String line = setting.name() + ": " + (value.isEmpty() ? "\"\"" : value);
                String gap = " ".repeat(Math.max(2, ORIGIN_COLUMN - line.length()));
                spec.commandLine().getOut().println(line + gap + "# " + setting.origin());
            }
            return ExitCode.DONE;
        }
    }
}
