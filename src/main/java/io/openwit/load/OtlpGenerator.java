package io.openwit.load;

import io.openwit.model.Signal;

/// Writes OTLP export requests with unique rows, as protobuf wire and without message objects, into memory that is used
/// again. Not thread-safe.
///
/// A row is a log record (about 513 bytes, 8 attributes), a span (about 469 bytes, 10 attributes) or a metric point of
/// one of the five kinds (about 326 bytes, 6 attributes). Each carries `load.run`, a string, and `load.seq`, its number
/// in its signal as an int, so that SQL can tell which rows have arrived. The bytes depend on the constructor's values,
/// the signal, the first row and the number of rows, and on nothing else.
public final class OtlpGenerator {
    private static final int MAX_RESOURCES_PER_REQUEST = 4;
    private static final int ROWS_PER_RESOURCE = 50;
    private static final int MAX_ROW_BYTES = 2_048;
    private static final int ENVELOPE_BYTES = 2_048;

    private final RowRandom random;
    private final LogRows logs;
    private final SpanRows spans;
    private final PointRows points;
    private final WireWriter out;

    /// When a row happens: rows follow one another at equal distances, with a jitter below the distance.
    ///
    /// @param startNanos of row 0, since 1970
    /// @param nanosPerRow 1 or more
    record Timeline(long startNanos, long nanosPerRow) {
        long of(long row, RowRandom random) {
            return startNanos + row * nanosPerRow + Math.unsignedMultiplyHigh(random.next(), nanosPerRow);
        }
    }

    /// @param runId what every row carries; ASCII
    /// @param startNanos time of row 0, since 1970
    /// @param nanosPerRow distance between two rows, 1 or more
    public OtlpGenerator(String runId, long seed, long startNanos, long nanosPerRow) {
        random = new RowRandom(seed ^ (long) runId.hashCode() << 32);
        byte[] run = KeyValues.prepared("load.run", runId);
        Timeline timeline = new Timeline(startNanos, Math.max(nanosPerRow, 1));
        logs = new LogRows(run, timeline, random);
        spans = new SpanRows(run, timeline, random);
        points = new PointRows(run, timeline, random);
        out = new WireWriter(64 * 1_024);
    }

    /// Writes one export request in the place of the one before.
    ///
    /// @param firstRow number of its first row; the others follow
    /// @param rows 1 or more
    public void write(Signal signal, long firstRow, int rows) {
        out.clear();
        out.ensure(ENVELOPE_BYTES + rows * 700);
        int resources = Math.clamp(rows / ROWS_PER_RESOURCE, 1, MAX_RESOURCES_PER_REQUEST);
        for (int i = resources - 1; i >= 0; i--) {
            long from = firstRow + (long) rows * i / resources;
            long to = firstRow + (long) rows * (i + 1) / resources;
            writeResource(signal, from, to);
        }
    }

    /// The array of which the request is a part; valid until the next [#write], and not to be changed.
    public byte[] array() {
        return out.array();
    }

    /// Where the request begins in [#array].
    public int offset() {
        return out.offset();
    }

    /// Length of the request in bytes.
    public int length() {
        return out.length();
    }

    /// `ResourceLogs` and its siblings have the same numbers: resource = 1, scope = 2 { scope = 1, rows = 2 }.
    private void writeResource(Signal signal, long from, long to) {
        int mark = out.mark();
        switch (signal) {
            case LOGS -> {
                for (long row = to - 1; row >= from; row--) {
                    out.ensure(MAX_ROW_BYTES);
                    logs.write(out, row);
                }
            }
            case TRACES -> {
                for (long row = to - 1; row >= from; row--) {
                    out.ensure(MAX_ROW_BYTES);
                    spans.write(out, row);
                }
            }
            case METRICS -> {
                for (long last = to - 1; last >= from; ) {
                    long first = Math.max(from, PointRows.firstOfMetric(last));
                    out.ensure(MAX_ROW_BYTES * (int) (last - first + 1));
                    points.writeMetric(out, first, last);
                    last = first - 1;
                }
            }
        }
        out.ensure(ENVELOPE_BYTES);
        out.string(1, Vocabulary.SCOPE);
        out.nested(2, mark);
        int resource = (int) Long.remainderUnsigned(random.numberOf(from), Vocabulary.RESOURCES.length);
        out.string(1, Vocabulary.RESOURCES[resource]);
        out.nested(1, mark);
    }
}
