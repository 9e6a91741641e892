package io.openwit.server;

import static java.util.Objects.requireNonNull;

import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The program: `openwit COMMAND`. An error is one line on standard error, and the exit code says of what kind it is.
@Command(
        name = "openwit",
        description = "The write path for logs, traces and metrics.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 the log's disk failed.",
            "openwit COMMAND --help says what a command takes."
        },
        subcommands = {
            DemoCommand.class,
            RunCommand.class,
            LoadCommand.class,
            QueryCommand.class,
            BatchCommand.class,
            WalCommand.class,
            ArchiveCommand.class,
            ConfigCommand.class,
            TokenCommand.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--verbose", scope = ScopeType.INHERIT,
            description = "More log lines; errors with their stack trace.")
    private boolean verbose;

    private Main() {}

    public static void main(String[] arguments) {
        // Before anything asks for a logger.
        System.setProperty("java.util.logging.manager", "io.openwit.server.ProcessLog$Manager");
        System.exit(commandLine().execute(arguments));
    }

    /// The command line with all its commands; [CommandLine#execute] gives the exit code.
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.addSubcommand(new CommandLine(GenerateCompletion.class));
        requireNonNull(line.getSubcommands().get("generate-completion")).getCommandSpec().usageMessage().hidden(true);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionStrategy(parsed -> {
            ProcessLog.begin(main.verbose ? Level.FINE : Level.INFO);
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setParameterExceptionHandler(Main::badUsage);
        line.setExecutionExceptionHandler(main::failed);
        return line;
    }

    /// Without a command there is nothing to do.
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int badUsage(ParameterException e, String[] arguments) {
        CommandLine line = e.getCommandLine();
        String name = line.getCommandSpec().qualifiedName();
        line.getErr().println("openwit: " + oneLine(e.getMessage()) + " (" + name + " --help)");
        return ExitCode.USAGE;
    }

    private int failed(Exception e, CommandLine line, ParseResult parsed) {
        if (verbose) {
            e.printStackTrace(line.getErr());
        }
        return switch (e) {
            case CommandException known -> say(line, known.exitCode(), oneLine(known.getMessage()));
            case ConfigException known -> say(line, ExitCode.USAGE, oneLine(known.getMessage()));
            case InterruptedException _ -> say(line, ExitCode.FAILED, "interrupted");
            default -> say(line, ExitCode.FAILED, oneLine(e.toString()) + (verbose ? "" : " (--verbose says where)"));
        };
    }

    private static int say(CommandLine line, int exitCode, String message) {
        line.getErr().println("openwit: " + message);
        return exitCode;
    }

    private static String oneLine(@Nullable String message) {
        return String.valueOf(message).strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
    }

    /// What `--version` says.
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"openwit " + (version == null ? "unreleased" : version)};
        }
    }
}
