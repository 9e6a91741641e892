package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.load.LoadCounts;
import io.openwit.load.LoadOptions;
import io.openwit.load.LoadOptions.Protocol;
import io.openwit.load.LoadProgress;
import io.openwit.load.LoadReport;
import io.openwit.load.LoadRun;
import io.openwit.model.Signal;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `load`.
@Command(
        name = "load",
        description = {
            "Sends OTLP with unique rows, and knows which of them were acknowledged.",
            "Ends with 0 if every row was acknowledged."
        },
        mixinStandardHelpOptions = true)
final class LoadCommand implements Callable<Integer> {
    private static final Duration PROGRESS = Duration.ofSeconds(1);

    /// How long the report of a run that was broken off is waited for.
    private static final Duration LAST_WAIT = Duration.ofMinutes(1);

    private static final String AS_FAST_AS_IT_GOES = "max";

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--target",
            required = true,
            paramLabel = "URL",
            description = "http://HOST:PORT, grpc://HOST:PORT or HOST:PORT.")
    private String target;

    @Option(
            names = "--protocol",
            paramLabel = "grpc|http",
            description = "Default: http for a target that begins with http://, otherwise grpc.")
    private @Nullable String protocol;

    @Option(
            names = "--signal",
            split = ",",
            paramLabel = "logs|traces|metrics",
            description = "May be given several times. Default: logs")
    private List<String> signals = List.of("logs");

    @Option(names = "--rows-per-request", paramLabel = "N", defaultValue = "1000",
            description = "Default: ${DEFAULT-VALUE}")
    private int rowsPerRequest;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "4", description = "Default: ${DEFAULT-VALUE}")
    private int connections;

    @Option(
            names = "--rate",
            paramLabel = "ROWS_PER_S|max",
            defaultValue = AS_FAST_AS_IT_GOES,
            description = "Of all connections together. Default: ${DEFAULT-VALUE}")
    private String rate;

    @Option(names = "--duration", paramLabel = "TIME", defaultValue = "10s", description = "Default: ${DEFAULT-VALUE}")
    private String duration;

    @Option(
            names = "--duplicates",
            paramLabel = "SHARE",
            defaultValue = "0.0",
            description = "Share of the requests that is sent twice. Default: ${DEFAULT-VALUE}")
    private double duplicates;

    @Option(names = "--token", paramLabel = "T", description = "For Authorization: Bearer.")
    private @Nullable String token;

    @Option(names = "--out", paramLabel = "FILE", description = "The report as JSON, with the acknowledged rows.")
    private @Nullable Path out;

    @Override
    public Integer call() throws CommandException, InterruptedException {
        SecureRandom random = new SecureRandom();
        LoadOptions options = options(random.nextLong());
        PrintWriter text = spec.commandLine().getOut();
        CountDownLatch reported = new CountDownLatch(1);
        LoadReport report;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                LoadRun run = new LoadRun(options, new SystemClocks(), threads, random)) {
            // Ctrl-C ends the run early; what it did is reported all the same.
            Runtime.getRuntime()
                    .addShutdownHook(Thread.ofPlatform().name("load-stop").unstarted(() -> stop(run, reported)));
            run.start();
            while (!run.await(PROGRESS)) {
                showProgress(run.progress());
            }
            report = run.report();
            text.print(report.text());
            text.flush();
            write(report);
        } finally {
            reported.countDown();
        }
        LoadCounts total = report.total();
        boolean all = total.rowsRefused() + total.rowsRejected() + total.rowsUnacknowledged() == 0;
        return all ? ExitCode.DONE : ExitCode.FAILED;
    }

    private static void stop(LoadRun run, CountDownLatch reported) {
        run.stop();
        try {
            reported.await(LAST_WAIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private LoadOptions options(long seed) throws CommandException {
        try {
            Protocol chosen = protocol != null
                    ? Protocol.ofLabel(protocol)
                    : target.startsWith("http://") ? Protocol.HTTP : Protocol.GRPC;
            LoadOptions.Builder options = LoadOptions.to(target, chosen)
                    .signals(signals.stream().map(name -> Signal.ofLabel(name.strip())).toList())
                    .rowsPerRequest(rowsPerRequest)
                    .connections(connections)
                    .rowsPerSecond(rowsPerSecond())
                    .duration(ValueType.duration(duration))
                    .duplicates(duplicates)
                    .seed(seed);
            if (token != null) {
                options.token(token);
            }
            return options.build();
        } catch (IllegalArgumentException e) {
            throw CommandException.usage(String.valueOf(e.getMessage()), e);
        }
    }

    private double rowsPerSecond() {
        if (rate.equals(AS_FAST_AS_IT_GOES)) {
            return 0;
        }
        double rows;
        try {
            rows = Double.parseDouble(rate);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--rate is to be rows per second, or max, and not " + rate, e);
        }
        if (!(rows > 0)) {
            throw new IllegalArgumentException("--rate is to be more than 0, or max, and not " + rate);
        }
        return rows;
    }

    private static void showProgress(LoadProgress progress) {
        if (System.console() == null || !System.console().isTerminal()) {
            return;
        }
        LoadCounts counts = progress.counts();
        System.err.print(String.format(
                Locale.ROOT,
                "\r%4d s  acknowledged %,d rows, in flight %,d, refused %,d %s\u001b[K",
                progress.elapsed().toSeconds(),
                counts.rowsAcknowledged(),
                counts.rowsUnacknowledged(),
                counts.rowsRefused() + counts.rowsRejected(),
                progress.trouble()));
    }

    private void write(LoadReport report) throws CommandException {
        if (out == null) {
            return;
        }
        try (Writer writer = Files.newBufferedWriter(out, UTF_8)) {
            report.writeJson(writer);
        } catch (IOException e) {
            throw CommandException.failed("the report cannot be written to " + out + ": " + e.getMessage(), e);
        }
    }
}
