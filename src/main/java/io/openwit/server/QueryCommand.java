package io.openwit.server;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `query "SQL"`.
@Command(
        name = "query",
        description = "Read-only SQL on what storage holds: views logs, traces and metrics.",
        mixinStandardHelpOptions = true)
final class QueryCommand implements Callable<Integer> {
    /// How the rows are printed.
    enum Format {
        TABLE,
        CSV,
        JSON
    }

    @Option(
            names = "--url",
            paramLabel = "ADMIN_URL",
            defaultValue = AdminClient.DEFAULT_URL,
            description = "The admin address of a node with storage. Default: ${DEFAULT-VALUE}")
    private String url;

    @Option(
            names = "--format",
            paramLabel = "table|csv|json",
            defaultValue = "table",
            description = "json is one array of objects. Default: ${DEFAULT-VALUE}")
    private Format format;

    @Option(names = "--token", paramLabel = "T", description = "Whose rows are seen, where authentication is on.")
    private @Nullable String token;

    @Parameters(paramLabel = "SQL", description = "One SELECT statement.")
    private String sql;

    @Override
    public Integer call() throws CommandException, InterruptedException {
        try (AdminClient admin = new AdminClient(url, Optional.ofNullable(token))) {
            admin.query(sql, format.name().toLowerCase(Locale.ROOT), System.out);
        }
        return ExitCode.DONE;
    }
}
