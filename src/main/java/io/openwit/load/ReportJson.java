package io.openwit.load;

import io.openwit.model.Signal;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Writes a [LoadReport] as JSON: counts by name, times in seconds and milliseconds, ranges as `[first, last]`.
///
/// Apart from the report and by hand, so that hours of ranges are streamed and the room needs no JSON library.
final class ReportJson {
    private final Appendable out;

    ReportJson(Appendable out) {
        this.out = out;
    }

    void write(LoadReport report) throws IOException {
        out.append("{\n  \"run\": ");
        text(report.runId());
        out.append(",\n  \"target\": ");
        text(report.target());
        out.append(",\n  \"protocol\": ");
        text(report.protocol().label());
        out.append(",\n  \"finished\": ").append(Boolean.toString(report.finished()));
        out.append(",\n  \"started\": ");
        text(report.started().toString());
        out.append(",\n  \"seconds\": ").append(number(report.elapsed().toNanos() / 1e9));
        out.append(",\n  \"cpu_seconds\": ").append(number(report.cpu().toNanos() / 1e9));
        out.append(",\n  \"rows_per_second\": ").append(number(report.rowsPerSecond()));
        Latency latency = report.latency();
        out.append(",\n  \"latency_ms\": {\"p50\": ").append(number(latency.p50Nanos() / 1e6));
        out.append(", \"p99\": ").append(number(latency.p99Nanos() / 1e6));
        out.append(", \"p99_9\": ").append(number(latency.p999Nanos() / 1e6));
        out.append(", \"max\": ").append(number(latency.maxNanos() / 1e6)).append('}');
        out.append(",\n  \"first_refusal\": ");
        text(report.firstRefusal());
        out.append(",\n  \"last_trouble\": ");
        text(report.lastTrouble());
        out.append(",\n  \"total\": {");
        counts(report.total());
        out.append("},\n  \"signals\": {");
        String separator = "\n";
        for (Map.Entry<Signal, LoadReport.SignalReport> entry : report.signals().entrySet()) {
            out.append(separator).append("    ");
            text(entry.getKey().label());
            out.append(": {");
            counts(entry.getValue().counts());
            ranges("acknowledged", entry.getValue().acknowledged());
            ranges("partly_acknowledged", entry.getValue().partlyAcknowledged());
            ranges("refused", entry.getValue().refused());
            ranges("unacknowledged", entry.getValue().unacknowledged());
            out.append('}');
            separator = ",\n";
        }
        out.append("\n  }\n}\n");
    }

    private void counts(LoadCounts counts) throws IOException {
        count("requests_sent", counts.requestsSent());
        out.append(", ");
        count("requests_acknowledged", counts.requestsAcknowledged());
        out.append(", ");
        count("requests_refused", counts.requestsRefused());
        out.append(", ");
        count("requests_unacknowledged", counts.requestsUnacknowledged());
        out.append(", ");
        count("requests_throttled", counts.requestsThrottled());
        out.append(", ");
        count("requests_retried", counts.requestsRetried());
        out.append(", ");
        count("duplicate_requests", counts.duplicateRequests());
        out.append(", ");
        count("rows_sent", counts.rowsSent());
        out.append(", ");
        count("rows_acknowledged", counts.rowsAcknowledged());
        out.append(", ");
        count("rows_rejected", counts.rowsRejected());
        out.append(", ");
        count("rows_refused", counts.rowsRefused());
        out.append(", ");
        count("rows_unacknowledged", counts.rowsUnacknowledged());
        out.append(", ");
        count("duplicate_rows", counts.duplicateRows());
        out.append(", ");
        count("bytes_acknowledged", counts.bytesAcknowledged());
        out.append(", ");
        count("bytes_sent", counts.bytesSent());
    }

    private void count(String name, long value) throws IOException {
        out.append('"').append(name).append("\": ").append(Long.toString(value));
    }

    private void ranges(String name, List<RowRange> ranges) throws IOException {
        out.append(",\n      \"").append(name).append("\": [");
        String separator = "";
        for (RowRange range : ranges) {
            out.append(separator).append('[').append(Long.toString(range.first()));
            out.append(", ").append(Long.toString(range.last())).append(']');
            separator = ", ";
        }
        out.append(']');
    }

    private void text(String value) throws IOException {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || Character.isSurrogate(c)) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
