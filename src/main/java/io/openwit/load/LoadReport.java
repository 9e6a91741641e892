package io.openwit.load;

import io.openwit.model.Signal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The account of a run: at its end, or as far as it has come.
///
/// @param runId what the rows carry as `load.run`
/// @param finished whether the run has ended; before that, rows in flight count as unacknowledged
/// @param started by the wall clock
/// @param elapsed from the start to the end of the last request, or to now
/// @param cpu time that this whole process has used meanwhile
/// @param signals what happened to each signal that was sent, in the order of sending
/// @param firstRefusal the first refusal that does not go away, or rejection of rows, in words; empty if there was none
/// @param lastTrouble the last retryable failure, in words; empty if there was none
public record LoadReport(
        String runId,
        String target,
        LoadOptions.Protocol protocol,
        boolean finished,
        Instant started,
        Duration elapsed,
        Duration cpu,
        Latency latency,
        Map<Signal, SignalReport> signals,
        String firstRefusal,
        String lastTrouble) {
    /// What happened to the rows of one signal. The four lists together hold every row that was sent, once.
    ///
    /// @param acknowledged rows that were answered OK
    /// @param partlyAcknowledged rows of requests of which some were rejected; which ones, the answer did not say
    /// @param refused rows of requests that were refused for good
    /// @param unacknowledged rows whose fate is unknown: they may be stored or not
    public record SignalReport(
            LoadCounts counts,
            List<RowRange> acknowledged,
            List<RowRange> partlyAcknowledged,
            List<RowRange> refused,
            List<RowRange> unacknowledged) {}

    /// The sum over all signals.
    public LoadCounts total() {
        return signals.values().stream().map(SignalReport::counts).reduce(LoadCounts.NONE, LoadCounts::plus);
    }

    /// Acknowledged rows per second of `elapsed`.
    public double rowsPerSecond() {
        return elapsed.isZero() ? 0 : total().rowsAcknowledged() / seconds(elapsed);
    }

    /// A few lines for people, without the ranges; ends with a line feed.
    public String text() {
        LoadCounts total = total();
        StringBuilder out = new StringBuilder();
        line(out, "run       %s to %s over %s, %.1f s%s", runId, target, protocol.label(), seconds(elapsed),
                finished ? "" : ", not finished");
        line(out, "rows      acknowledged %,d (%,.0f/s), refused %,d, rejected %,d, unacknowledged %,d, sent twice %,d",
                total.rowsAcknowledged(), rowsPerSecond(), total.rowsRefused(), total.rowsRejected(),
                total.rowsUnacknowledged(), total.duplicateRows());
        for (Map.Entry<Signal, SignalReport> entry : signals.entrySet()) {
            LoadCounts counts = entry.getValue().counts();
            line(out, "  %-7s acknowledged %,d, refused %,d, rejected %,d, unacknowledged %,d, sent twice %,d",
                    entry.getKey().label(), counts.rowsAcknowledged(), counts.rowsRefused(), counts.rowsRejected(),
                    counts.rowsUnacknowledged(), counts.duplicateRows());
        }
        line(out, "requests  acknowledged %,d, refused %,d, unacknowledged %,d, sent again %,d (asked to wait %,d)",
                total.requestsAcknowledged(), total.requestsRefused(), total.requestsUnacknowledged(),
                total.requestsRetried(), total.requestsThrottled());
        line(out, "bytes     acknowledged %,d (%,.1f MiB/s), sent %,d", total.bytesAcknowledged(),
                elapsed.isZero() ? 0 : total.bytesAcknowledged() / seconds(elapsed) / (1 << 20), total.bytesSent());
        line(out, "latency   p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms", millis(latency.p50Nanos()),
                millis(latency.p99Nanos()), millis(latency.p999Nanos()), millis(latency.maxNanos()));
        line(out, "cpu       %.2f s of this process", seconds(cpu));
        if (!firstRefusal.isEmpty()) {
            line(out, "refusal   %s", firstRefusal);
        }
        if (!lastTrouble.isEmpty()) {
            line(out, "trouble   %s", lastTrouble);
        }
        return out.toString();
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }

    /// Writes the whole report as one JSON object; ranges are `[first, last]`, both inclusive.
    public void writeJson(Appendable out) throws IOException {
        new ReportJson(out).write(this);
    }
}
