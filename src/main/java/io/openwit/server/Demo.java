package io.openwit.server;

import io.openwit.load.LoadCounts;
import io.openwit.load.LoadOptions;
import io.openwit.load.LoadOptions.Protocol;
import io.openwit.load.LoadReport;
import io.openwit.load.LoadReport.SignalReport;
import io.openwit.load.LoadRun;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// Shows what a node does: sends it real OTLP over both doors, some of it twice, waits until storage has all of it, and
/// compares what the clients know with what SQL finds.
final class Demo {
    private static final int ROWS_PER_REQUEST = 200;
    private static final int GRPC_CONNECTIONS = 2;

    /// As many requests in flight as over gRPC: a connection of HTTP/1.1 has one.
    private static final int HTTP_CONNECTIONS = GRPC_CONNECTIONS * LoadRun.LANES_AT_A_RATE;

    /// Of each door: a rate that a small machine keeps beside everything else that it does here.
    private static final int ROWS_PER_SECOND = 15_000;

    private static final double DUPLICATES = 0.05;
    private static final Duration LIVE = Duration.ofMillis(500);
    private static final Duration STORED_LIMIT = Duration.ofMinutes(2);
    private static final long LOOK_MILLIS = 100;

    private static final List<String> QUERIES = List.of(
            "select service_name, count(*) as records, max(event_time) as latest\n"
                    + "from logs group by 1 order by 2 desc, 1 limit 5",
            "select name, count(*) as spans,\n"
                    + "       quantile_cont(epoch_ns(end_time) - epoch_ns(start_time), 0.99) / 1e6 as p99_ms\n"
                    + "from traces group by 1 order by 2 desc, 1 limit 5",
            "select name, type, count(*) as points from metrics group by 1, 2 order by 3 desc, 1 limit 5");

    private final NodeRuntime node;
    private final PrintWriter out;
    private final Duration traffic;
    private final SystemClocks clocks = new SystemClocks();
    private final boolean terminal = System.console() != null && System.console().isTerminal();

    /// The books of one signal. `sent` counts every sending, repeats included.
    ///
    /// @param stored rows that SQL finds
    /// @param distinct different rows among them
    /// @param dropped rows that the node counted as repeats
    private record Books(Signal signal, LoadCounts counts, long stored, long distinct, long dropped) {
        long sent() {
            return counts.rowsSent() + counts.duplicateRows();
        }

        long acknowledged() {
            return counts.rowsAcknowledged() + counts.duplicateRows();
        }

        long lost() {
            return Math.max(0, counts.rowsAcknowledged() - distinct);
        }

        long twice() {
            return stored - distinct;
        }

        /// Whether nothing is lost or stored twice, and everything is accounted for. A request that had to be sent
        /// again may have been counted as a repeat once more than the client knows.
        boolean right() {
            boolean balanced = sent() == acknowledged() && acknowledged() == stored + dropped;
            return lost() == 0 && twice() == 0 && (balanced || counts.requestsRetried() > 0);
        }
    }

    /// @param node not started yet; the caller stops it
    Demo(NodeRuntime node, PrintWriter out, Duration traffic) {
        this.node = node;
        this.out = out;
        this.traffic = traffic;
    }

    /// @return whether every acknowledged row is stored, once
    boolean run() throws CommandException, IOException, InterruptedException {
        long begun = clocks.monotonicNanos();
        say("starting a node: gateway, log, storage and Postgres in one process …");
        node.start();
        say(String.format(Locale.ROOT, "%s   (%.1f s)", node.readyLine(), (clocks.monotonicNanos() - begun) / 1e9));
        say(String.format(
                Locale.ROOT,
                "sending logs, traces and metrics for %d s over gRPC and HTTP, %.0f %% of the requests twice",
                traffic.toSeconds(),
                DUPLICATES * 100));
        List<LoadReport> reports = send();
        try (AdminClient admin = new AdminClient(String.valueOf(node.doors().get("admin")), Optional.empty())) {
            boolean complete = awaitStored(admin, reports);
            List<Books> books = books(admin, reports);
            print(books, reports);
            for (String query : QUERIES) {
                say("\n" + query.replace("\n", "\n  ") + ";");
                admin.query(query, "table", System.out);
            }
            return verdict(books, complete);
        }
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }

    private List<LoadReport> send() throws InterruptedException {
        SecureRandom random = new SecureRandom();
        List<LoadReport> reports = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                LoadRun grpc = load(Protocol.GRPC, "grpc", random, threads);
                LoadRun http = load(Protocol.HTTP, "http", random, threads)) {
            grpc.start();
            http.start();
            long before = 0;
            while (!grpc.finished() || !http.finished()) {
                (grpc.finished() ? http : grpc).await(LIVE);
                LoadCounts now = grpc.progress().counts().plus(http.progress().counts());
                live(grpc.progress().elapsed(), now, now.rowsAcknowledged() - before);
                before = now.rowsAcknowledged();
            }
            if (terminal) {
                say("");
            }
            reports.add(grpc.report());
            reports.add(http.report());
        }
        return reports;
    }

    private LoadRun load(Protocol protocol, String door, SecureRandom random, ExecutorService threads) {
        String target = protocol.label() + "://" + node.doors().get(door);
        LoadOptions options = LoadOptions.to(target, protocol)
                .rowsPerRequest(ROWS_PER_REQUEST)
                .connections(protocol == Protocol.HTTP ? HTTP_CONNECTIONS : GRPC_CONNECTIONS)
                .rowsPerSecond(ROWS_PER_SECOND)
                .duration(traffic)
                .duplicates(DUPLICATES)
                .seed(random.nextLong())
                .build();
        return new LoadRun(options, clocks, threads, random);
    }

    /// One line that is written over where that can be, otherwise a line now and then.
    private void live(Duration elapsed, LoadCounts counts, long rows) {
        String line = String.format(
                Locale.ROOT,
                "%5.1f s   %,9.0f rows/s   acknowledged %,d   sent twice %,d   behind the log %,d KiB",
                elapsed.toMillis() / 1e3,
                rows / (LIVE.toMillis() / 1e3),
                counts.rowsAcknowledged(),
                counts.duplicateRows(),
                node.followerLagBytes() >> 10);
        if (terminal) {
            out.print("\r" + line + "\u001b[K");
            out.flush();
        } else {
            say(line);
        }
    }

    /// Waits until storage has what was acknowledged and nothing more is on its way.
    private boolean awaitStored(AdminClient admin, List<LoadReport> reports)
            throws CommandException, IOException, InterruptedException {
        long end = clocks.monotonicNanos() + STORED_LIMIT.toNanos();
        while (clocks.monotonicNanos() - end < 0) {
            if (node.followerLagBytes() == 0 && books(admin, reports).stream().allMatch(book -> book.lost() == 0)) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        return false;
    }

    private List<Books> books(AdminClient admin, List<LoadReport> reports)
            throws CommandException, IOException, InterruptedException {
        String runs = reports.stream().map(report -> "'" + report.runId() + "'").collect(Collectors.joining(", "));
        List<Books> books = new ArrayList<>();
        for (Signal signal : Signal.values()) {
            LoadCounts counts = reports.stream()
                    .map(report -> report.signals().get(signal))
                    .map(SignalReport::counts)
                    .reduce(LoadCounts.NONE, LoadCounts::plus);
            Map<String, ?> found = row(admin, "select count(*) as stored,"
                    + " count(distinct attributes['load.run'] || '/' || attributes['load.seq']) as different from "
                    + signal.label() + " where attributes['load.run'] in (" + runs + ")");
            books.add(new Books(
                    signal, counts, number(found, "stored"), number(found, "different"), node.duplicateRows(signal)));
        }
        return books;
    }

    private static Map<String, ?> row(AdminClient admin, String sql)
            throws CommandException, IOException, InterruptedException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        admin.query(sql, "json", answer);
        return JsonObject.readFirst(new ByteArrayInputStream(answer.toByteArray()));
    }

    private static long number(Map<String, ?> row, String name) {
        return row.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private void print(List<Books> books, List<LoadReport> reports) {
        String columns = "%-8s %12s %14s %12s %12s %8s %14s";
        String numbers = "%-8s %,12d %,14d %,12d %,12d %,8d %,14d";
        say("");
        say(String.format(Locale.ROOT, columns, "", "sent", "acknowledged", "stored", "duplicates", "lost",
                "stored twice"));
        for (Books book : books) {
            say(String.format(
                    Locale.ROOT, numbers, book.signal().label(), book.sent(),
                    book.acknowledged(), book.stored(), book.dropped(), book.lost(), book.twice()));
        }
        for (LoadReport report : reports) {
            say(String.format(
                    Locale.ROOT,
                    "%s: %,.0f rows/s acknowledged, each forced to the disk before; p50 %.1f ms, p99 %.1f ms",
                    report.protocol().label(),
                    report.rowsPerSecond(),
                    report.latency().p50Nanos() / 1e6,
                    report.latency().p99Nanos() / 1e6));
            if (!report.firstRefusal().isEmpty()) {
                say("refused: " + report.firstRefusal());
            }
        }
    }

    private boolean verdict(List<Books> books, boolean complete) {
        boolean right = complete && books.stream().allMatch(Books::right);
        say("");
        say(right
                ? "every acknowledged row is stored, once: sent = acknowledged = stored + duplicates"
                : complete
                        ? "the books do not balance: see the table"
                        : "storage did not have everything within " + STORED_LIMIT.toSeconds() + " s");
        return right;
    }
}
