package io.openwit.server;

import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.ingest.wal.LogVerifier.Damage;
import io.openwit.ingest.wal.LogVerifier.Report;
import io.openwit.ingest.wal.LogVerifier.SegmentReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `wal ls` and `wal verify`.
@Command(
        name = "wal",
        description = "Reads a short-term WAL without opening it; the node may run.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {WalCommand.List.class, WalCommand.Verify.class})
final class WalCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "wal needs a command: ls or verify");
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

    private static int report(Path directory, boolean everything, PrintWriter out, PrintWriter err)
            throws CommandException {
        if (!Files.isDirectory(directory)) {
            throw CommandException.usage(directory
                    + " is no directory: name a node's data directory, or its folder wal");
        }
        Report report;
        try {
            LogVerifier verifier = new LogVerifier(new FileDisk(), directory);
            report = everything ? verifier.verify() : verifier.list();
        } catch (IOException e) {
            throw CommandException.failed("the log in " + directory + " cannot be read: " + e.getMessage(), e);
        }
        if (report.segments().isEmpty() && report.whole()) {
            throw CommandException.failed("there is no log in " + directory);
        }
        print(report, out);
        for (Damage damage : report.damages()) {
            err.println("damaged: " + damage.file() + " at " + damage.offset()
                    + (damage.position() < 0 ? "" : " (position " + damage.position() + ")")
                    + (damage.rows() < 0 ? "" : ", " + damage.rows() + " rows lost") + ": " + damage.what());
        }
        if (everything && report.whole()) {
            out.println("every checksum is right");
        }
        return report.whole() ? ExitCode.DONE : ExitCode.FAILED;
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
