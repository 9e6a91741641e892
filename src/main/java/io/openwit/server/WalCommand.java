package io.openwit.server;

import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.ingest.wal.LogVerifier.Damage;
import io.openwit.ingest.wal.LogVerifier.Report;
import io.openwit.ingest.wal.LogVerifier.SegmentReport;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `wal ls`, `wal verify` and `wal dump`.
@Command(
        name = "wal",
        description = "Reads a short-term WAL without opening it; the node may run.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {WalCommand.List.class, WalCommand.Verify.class, WalCommand.Dump.class})
final class WalCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "wal needs a command: ls, verify or dump");
    }

    /// `wal ls DIR`.
    @Command(name = "ls", description = "Segments, positions, batches.", mixinStandardHelpOptions = true)
    static final class List implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "DIR", description = "The data directory of a node, or its folder wal.")
        private Path directory;

        @Override
        public Integer call() throws CommandException {
            return report(directory, false, spec.commandLine().getOut(), spec.commandLine().getErr());
        }
    }

    /// `wal verify DIR`.
    @Command(
            name = "verify",
            description = "Checks every checksum; exit code 1 where something is damaged.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "DIR", description = "The data directory of a node, or its folder wal.")
        private Path directory;

        @Override
        public Integer call() throws CommandException {
            return report(directory, true, spec.commandLine().getOut(), spec.commandLine().getErr());
        }
    }

    /// `wal dump DIR`.
    @Command(
            name = "dump",
            description = {
                "Rows as lines of JSON: batch_id, position, tenant, signal, arrival, row (its number in the batch),"
                        + " duplicate, and otlp: an OTLP/JSON request of this row alone.",
                "What is damaged is told on standard error and the rest is printed; exit code 1 then. What the options"
                        + " leave out is not read, and so not checked."
            },
            mixinStandardHelpOptions = true)
    static final class Dump implements Callable<Integer> {
        private static final int OUT_BYTES = 1 << 16;

        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "DIR", description = "The data directory of a node, or its folder wal.")
        private Path directory;

        @Option(names = "--tenant", paramLabel = "T", description = "Rows of this tenant alone.")
        private @Nullable String tenant;

        @Option(names = "--signal", paramLabel = "logs|traces|metrics", description = "Rows of this signal alone.")
        private @Nullable Signal signal;

        @Option(names = "--batch", paramLabel = "ID",
                description = "Rows of this batch alone; exit code 1 where the log does not have it.")
        private @Nullable String batch;

        @Option(names = "--from", paramLabel = "POSITION", defaultValue = "0",
                description = "Batches from this position of the log on, as `wal ls` names them.")
        private long from;

        @Option(names = "--to", paramLabel = "POSITION", description = "Batches before this position.")
        private long to = Long.MAX_VALUE;

        @Option(names = "--limit", paramLabel = "N", description = "So many rows at most.")
        private long limit = Long.MAX_VALUE;

        @Option(names = "--duplicates",
                description = "Also rows that repeat earlier ones and so are not delivered. Where a whole batch is such,"
                        + " its rows are not in the log, and otlp is null.")
        private boolean duplicates;

        @Override
        public Integer call() throws CommandException {
            checkDirectory(directory);
            PrintWriter err = spec.commandLine().getErr();
            WalDump.Selection selection = selection();
            // Bytes and not the command line's writer: JSON is UTF-8 whatever the terminal's character set is.
            OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUT_BYTES);
            WalDump dump = new WalDump(selection, out, damage -> tell(damage, err));
            Optional<WalPosition> oldest;
            try {
                oldest = new LogVerifier(new FileDisk(), directory)
                        .read(new WalPosition(from), new WalPosition(to), dump);
            } catch (IOException e) {
                throw unreadable(directory, e);
            }
            try {
                out.flush();
            } catch (IOException e) {
                throw CommandException.failed("rows cannot be written to standard output: " + e.getMessage(), e);
            }
            if (dump.outFailure().isPresent()) {
                IOException e = dump.outFailure().get();
                throw CommandException.failed("rows cannot be written to standard output: " + e.getMessage(), e);
            }
            if (oldest.isEmpty() && dump.whole()) {
                throw noLog(directory);
            }
            if (selection.batch().isPresent() && oldest.isPresent() && !dump.batchFound()) {
                throw CommandException.failed("batch " + batch + " is not among the rows of " + directory
                        + ", which begin at position " + oldest.get() + ": older ones are in the archive and in storage");
            }
            return dump.whole() ? ExitCode.DONE : ExitCode.FAILED;
        }

        private WalDump.Selection selection() throws CommandException {
            if (from < 0 || to < from || limit < 0) {
                throw CommandException.usage("--from is 0 or more, --to is at or behind it, --limit is 0 or more");
            }
            try {
                return new WalDump.Selection(
                        Optional.ofNullable(tenant).map(TenantId::new), Optional.ofNullable(signal),
                        Optional.ofNullable(batch).map(BatchId::parse), limit, duplicates);
            } catch (IllegalArgumentException e) {
                throw CommandException.usage(String.valueOf(e.getMessage()), e);
            }
        }
    }

    private static void checkDirectory(Path directory) throws CommandException {
        if (!Files.isDirectory(directory)) {
            throw CommandException.usage(directory
                    + " is no directory: name a node's data directory, or its folder wal");
        }
    }

    private static CommandException noLog(Path directory) {
        return CommandException.failed("there is no log in " + directory);
    }

    private static CommandException unreadable(Path directory, IOException e) {
        return CommandException.failed("the log in " + directory + " cannot be read: " + e.getMessage(), e);
    }

    private static int report(Path directory, boolean everything, PrintWriter out, PrintWriter err)
            throws CommandException {
        checkDirectory(directory);
        Report report;
        try {
            LogVerifier verifier = new LogVerifier(new FileDisk(), directory);
            report = everything ? verifier.verify() : verifier.list();
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
        if (report.segments().isEmpty() && report.whole()) {
            throw noLog(directory);
        }
        print(report, out);
        report.damages().forEach(damage -> tell(damage, err));
        if (everything && report.whole()) {
            out.println("every checksum is right");
        }
        return report.whole() ? ExitCode.DONE : ExitCode.FAILED;
    }

    private static void tell(Damage damage, PrintWriter err) {
        String rows = damage.rows() < 0
                ? "an unknown number of rows"
                : (damage.exact() ? "" : "at least ") + damage.rows() + (damage.rows() == 1 ? " row" : " rows");
        err.println("damaged: " + damage.file() + " at " + damage.offset()
                + (damage.position() < 0 ? "" : " (position " + damage.position() + ")") + ", " + rows + " lost: "
                + damage.what());
    }

    private static void print(Report report, PrintWriter out) {
        String form = "%-20s %-16s %6s %16s %16s %8s %8s %10s %10s %7s %10s%n";
        out.printf(
                Locale.ROOT, form, "file", "node", "epoch", "first", "end", "groups", "batches", "rows", "duplicates",
                "copies", "tail_bytes");
        long batches = 0;
        long rows = 0;
        for (SegmentReport segment : report.segments()) {
            out.printf(
                    Locale.ROOT, form, segment.file(), segment.node(), segment.epoch(), segment.first(), segment.end(),
                    segment.groups(), segment.batches(), segment.rows(), segment.duplicates(), segment.copies(),
                    segment.tailBytes());
            batches += segment.batches() - segment.copies();
            rows += segment.rows();
        }
        out.printf(Locale.ROOT, "%d files, %d batches, %d rows%n", report.segments().size(), batches, rows);
    }
}
