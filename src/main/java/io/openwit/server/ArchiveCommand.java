package io.openwit.server;

import io.openwit.ingest.archive.ArchiveDamage;
import io.openwit.ingest.archive.ArchiveGap;
import io.openwit.ingest.archive.ArchiveReader;
import io.openwit.ingest.archive.ArchiveRestore;
import io.openwit.ingest.archive.ArchiveSelection;
import io.openwit.ingest.archive.ArchiveVerifier;
import io.openwit.ingest.archive.ArchivedFile;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.handoff.FlightEndpoint;
import io.openwit.ingest.handoff.HandoffConfig;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.ingest.handoff.Redelivery;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `archive ls`, `archive verify` and `archive restore`.
@Command(
        name = "archive",
        description = "Reads the long-term WAL; the node may run.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ArchiveCommand.List.class, ArchiveCommand.Verify.class, ArchiveCommand.Restore.class})
final class ArchiveCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "archive needs a command: ls, verify or restore");
    }

    /// Which archive, and which part of it.
    static final class Part {
        @Parameters(paramLabel = "DIR", description = "The data directory of a node, or its folder archive.")
        private Path directory;

        @Option(names = "--day", paramLabel = "D", description = "A UTC day of arrival, as in 2026-11-24. Default: all.")
        private @Nullable String day;

        @Option(names = "--tenant", paramLabel = "T", description = "Default: all.")
        private @Nullable String tenant;

        @Option(names = "--signal", paramLabel = "S", description = "logs, traces or metrics. Default: all.")
        private @Nullable String signal;

        private ArchiveReader open(Disk disk) throws CommandException {
            if (!Files.isDirectory(directory)) {
                throw CommandException.usage(directory
                        + " is no directory: name a node's data directory, or its folder archive");
            }
            ArchiveReader reader = new ArchiveReader(disk, directory);
            try {
                if (reader.days().isEmpty()) {
                    throw CommandException.failed("there is no archive in " + directory);
                }
            } catch (IOException e) {
                throw unreadable(e);
            }
            return reader;
        }

        private ArchiveSelection selection(long fromArrivalNanos, long toArrivalNanos) throws CommandException {
            try {
                return new ArchiveSelection(
                        Optional.ofNullable(day).map(LocalDate::parse),
                        Optional.ofNullable(tenant).map(TenantId::new),
                        Optional.ofNullable(signal).map(Signal::ofLabel),
                        fromArrivalNanos,
                        toArrivalNanos);
            } catch (DateTimeException e) {
                throw CommandException.usage("--day is a day as in 2026-11-24, and not " + day, e);
            } catch (IllegalArgumentException e) {
                throw CommandException.usage(String.valueOf(e.getMessage()), e);
            }
        }

        private ArchiveSelection selection() throws CommandException {
            return selection(Long.MIN_VALUE, Long.MAX_VALUE);
        }

        private CommandException unreadable(IOException e) {
            return CommandException.failed("the archive in " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// Counts damages, and says them.
    private static final class Damages {
        private final PrintWriter err;
        private int count;

        private Damages(PrintWriter err) {
            this.err = err;
        }

        private void print(ArchiveDamage damage) {
            count++;
            err.println("damaged: " + damage.file() + " at " + damage.offset()
                    + (damage.rows() < 0 ? "" : ", " + damage.rows() + " rows lost") + ": " + damage.what());
        }
    }

    /// Prints files in a table, and their sum.
    private static final class Table {
        private static final String FORM =
                "%-10s %-16s %-8s %-44s %9s %12s %14s %-20s %-20s %-20s %-20s %16s %16s%n";

        private final PrintWriter out;
        private final Set<LocalDate> days = new TreeSet<>();
        private long files;
        private long batches;
        private long rows;
        private long bytes;

        private Table(PrintWriter out) {
            this.out = out;
            out.printf(
                    Locale.ROOT, FORM, "day", "tenant", "signal", "file", "batches", "rows", "bytes", "first_row",
                    "last_row", "first_arrival", "last_arrival", "first_position", "last_position");
        }

        private void print(ArchivedFile file) {
            boolean empty = file.batches().isEmpty();
            Archived first = empty ? null : file.batches().getFirst();
            Archived last = empty ? null : file.batches().getLast();
            long rowsHere = file.rows();
            out.printf(
                    Locale.ROOT, FORM, file.day(), file.tenant(), file.signal().label(), file.path().getFileName(),
                    file.batches().size(), rowsHere, file.length(), time(file.minTimeNanos()),
                    time(file.maxTimeNanos()), first == null ? "-" : time(first.arrivalNanos()),
                    last == null ? "-" : time(last.arrivalNanos()), first == null ? "-" : first.position(),
                    last == null ? "-" : last.position());
            days.add(file.day());
            files++;
            batches += file.batches().size();
            rows += rowsHere;
            bytes += file.length();
        }

        private void printSum() {
            out.printf(
                    Locale.ROOT, "%d days, %d files, %d batches, %d rows, %d bytes%n", days.size(), files, batches,
                    rows, bytes);
            out.flush();
        }

        /// To the second; a dash where no row has a time.
        private static String time(long nanos) {
            return nanos == Long.MAX_VALUE || nanos == Long.MIN_VALUE
                    ? "-"
                    : Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L))
                            .truncatedTo(ChronoUnit.SECONDS)
                            .toString();
        }
    }

    /// `archive ls DIR`.
    @Command(
            name = "ls",
            description = "Days and files, with what each holds, by the catalogues alone.",
            mixinStandardHelpOptions = true)
    static final class List implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private Part part = new Part();

        @Override
        public Integer call() throws CommandException {
            ArchiveSelection selection = part.selection();
            ArchiveReader reader = part.open(new FileDisk());
            Damages damages = new Damages(spec.commandLine().getErr());
            Table table = new Table(spec.commandLine().getOut());
            try {
                reader.list(selection, table::print, damages::print);
                table.printSum();
                for (ArchiveGap gap : reader.gaps()) {
                    spec.commandLine().getOut().println("gap: positions " + gap.first() + " to " + gap.end() + " of the log, "
                            + gap.bytes() + " bytes, were left out (" + gap.file() + ")");
                }
            } catch (IOException e) {
                throw part.unreadable(e);
            }
            return damages.count == 0 ? ExitCode.DONE : ExitCode.FAILED;
        }
    }

    /// `archive verify DIR`.
    @Command(
            name = "verify",
            description = "Reads every byte and opens every batch; exit code 1 where something is damaged.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Mixin
        private Part part = new Part();

        @Override
        public Integer call() throws CommandException {
            ArchiveSelection selection = part.selection();
            ArchiveReader reader = part.open(new FileDisk());
            PrintWriter out = spec.commandLine().getOut();
            Damages damages = new Damages(spec.commandLine().getErr());
            Table table = new Table(out);
            try {
                new ArchiveVerifier(reader, selection, damages::print).verify(table::print);
            } catch (IOException e) {
                throw part.unreadable(e);
            }
            table.printSum();
            if (damages.count == 0) {
                out.println("everything is whole");
            }
            return damages.count == 0 ? ExitCode.DONE : ExitCode.FAILED;
        }
    }

    /// `archive restore DIR --endpoint grpc://host:9401`.
    @Command(
            name = "restore",
            description = {
                "Sends batches to a Flight endpoint again, each under its own id.",
                "Storage drops what it has by that id. One that was broken off goes on where it was, if it is called "
                        + "with the same --state."
            },
            mixinStandardHelpOptions = true)
    static final class Restore implements Callable<Integer> {
        private static final long PROGRESS_NANOS = 1_000_000_000L;

        @Spec
        private CommandSpec spec;

        @Mixin
        private Part part = new Part();

        @Option(
                names = "--endpoint",
                required = true,
                paramLabel = "grpc://HOST:PORT",
                description = "An Arrow Flight server, such as a storage node.")
        private String endpoint;

        @Option(names = "--token-file", paramLabel = "FILE", description = "A file with the token for the endpoint.")
        private @Nullable Path tokenFile;

        @Option(
                names = "--acknowledge",
                paramLabel = "per_batch|per_stream",
                defaultValue = "per_batch",
                description = "per_stream for endpoints that send no PutResult. Default: ${DEFAULT-VALUE}")
        private Acknowledge acknowledge;

        @Option(
                names = "--from",
                paramLabel = "TIME",
                description = "Batches that arrived then or later, as in 2026-11-24T10:00:00Z.")
        private @Nullable String from;

        @Option(names = "--to", paramLabel = "TIME", description = "Batches that arrived before then.")
        private @Nullable String to;

        @Option(
                names = "--state",
                paramLabel = "FILE",
                description = "What was answered, until all is. Default: restore-HOST-PORT.state in the archive.")
        private @Nullable Path state;

        private final SystemClocks clocks = new SystemClocks();
        private long shownAtNanos = clocks.monotonicNanos();

        @Override
        public Integer call() throws CommandException, InterruptedException {
            ArchiveSelection selection =
                    part.selection(nanos("--from", from, Long.MIN_VALUE), nanos("--to", to, Long.MAX_VALUE));
            HandoffConfig config = config();
            Disk disk = new FileDisk();
            ArchiveReader reader = part.open(disk);
            Path answers = state != null
                    ? state
                    : reader.directory().resolve("restore-" + config.endpoint().host() + "-"
                            + config.endpoint().port() + ".state");
            PrintWriter out = spec.commandLine().getOut();
            PrintWriter err = spec.commandLine().getErr();
            Damages damages = new Damages(err);
            ArchiveRestore.Counts counts;
            try (Redelivery redelivery = new Redelivery(config, clocks)) {
                ArchiveRestore restore = new ArchiveRestore(reader, selection, damages::print, this::showProgress);
                counts = restore.run(
                        redelivery,
                        disk,
                        answers,
                        before -> out.println("going on: " + before + " batches were answered before (" + answers + ")"),
                        why -> err.println("refused: " + why));
            } catch (IOException e) {
                throw CommandException.failed(
                        "the restore has stopped: " + e.getMessage() + "; the same command goes on from here", e);
            }
            out.printf(
                    Locale.ROOT, "%d batches: %d answered, %d answered before, %d refused, %d damaged; %d rows, %d bytes%n",
                    counts.batches(), counts.answered(), counts.answeredBefore(), counts.refused(), counts.damaged(),
                    counts.rows(), counts.bytes());
            return counts.complete() && damages.count == 0 ? ExitCode.DONE : ExitCode.FAILED;
        }

        private HandoffConfig config() throws CommandException {
            try {
                return new HandoffConfig(
                        FlightEndpoint.parse(endpoint),
                        Optional.ofNullable(tokenFile),
                        acknowledge,
                        HandoffConfig.DEFAULT_STREAM_BATCHES,
                        HandoffConfig.DEFAULT_MAX_IN_FLIGHT_BYTES,
                        HandoffConfig.DEFAULT_ANSWER_TIMEOUT);
            } catch (IllegalArgumentException e) {
                throw CommandException.usage(String.valueOf(e.getMessage()), e);
            }
        }

        private static long nanos(String option, @Nullable String text, long absent) throws CommandException {
            if (text == null) {
                return absent;
            }
            try {
                Instant instant = Instant.parse(text);
                return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
            } catch (DateTimeException | ArithmeticException e) {
                throw CommandException.usage(option + " is a time as in 2026-11-24T10:00:00Z, and not " + text, e);
            }
        }

        private void showProgress(ArchiveRestore.Counts counts) {
            long now = clocks.monotonicNanos();
            if (now - shownAtNanos < PROGRESS_NANOS) {
                return;
            }
            shownAtNanos = now;
            spec.commandLine().getOut().printf(
                    Locale.ROOT, "answered %d of %d batches so far, %d rows, %d bytes%n",
                    counts.answered() + counts.answeredBefore(), counts.batches(), counts.rows(), counts.bytes());
            spec.commandLine().getOut().flush();
        }
    }
}
