package io.openwit.server;

import io.openwit.model.BatchId;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `batch ID`.
@Command(
        name = "batch",
        description = "Where is my batch: tenant, signal, rows, duplicates, state with times, segment, offset,"
                + " sources.",
        mixinStandardHelpOptions = true)
final class BatchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--url",
            paramLabel = "ADMIN_URL",
            defaultValue = AdminClient.DEFAULT_URL,
            description = "The admin address of an ingest node. Default: ${DEFAULT-VALUE}")
    private String url;

    @Option(names = "--token", paramLabel = "T",
            description = "A token of the batch's tenant, where authentication is on.")
    private @Nullable String token;

    @Parameters(paramLabel = "ID", description = "As in the column batch_id: n1-5e0f93aa-3-8192.")
    private String id;

    @Override
    public Integer call() throws CommandException, InterruptedException {
        BatchId batch;
        try {
            batch = BatchId.parse(id);
        } catch (IllegalArgumentException e) {
            throw CommandException.usage(String.valueOf(e.getMessage()), e);
        }
        try (AdminClient admin = new AdminClient(url, Optional.ofNullable(token))) {
            print("", admin.get("/api/batches/" + batch), spec.commandLine().getOut());
        }
        return ExitCode.DONE;
    }

    private static void print(String prefix, Map<?, ?> fields, PrintWriter out) {
        fields.forEach((key, value) -> {
            String name = prefix + key;
            switch (value) {
                case null -> {}
                case Map<?, ?> nested -> print(name + ".", nested, out);
                case List<?> items when items.isEmpty() -> {}
                default -> out.println(name + " ".repeat(Math.max(1, 24 - name.length())) + value);
            }
        });
    }
}
