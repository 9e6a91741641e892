package io.openwit.load;

import static io.openwit.load.Vocabulary.utf8;

/// Writes metrics and their points, fields from last to first: of every 20 rows 5 are points of a gauge, 6 of a sum, 6
/// of a histogram, 2 of an exponential histogram and 1 of a summary. Not thread-safe.
final class PointRows {
    private static final int METRIC = 2;
    private static final int TIME = 3;
    private static final int START = 2;
    private static final int COUNT = 4;
    private static final int SUM_OF_VALUES = 5;
    private static final int DELTA = 1;
    private static final int CUMULATIVE = 2;
    private static final int PERIOD = 20;
    private static final int NAMES_PER_KIND = 4;

    private static final Kind[] KIND_OF_ROW = new Kind[PERIOD];

    static {
        for (Kind kind : Kind.values()) {
            for (int row = kind.first; row < kind.behind; row++) {
                KIND_OF_ROW[row] = kind;
            }
        }
    }

    private static final byte[][] HISTOGRAM_BOUNDS = {
        packed(5, 10, 25, 50, 75, 100, 250, 500, 1_000, 2_500),
        packed(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    };
    private static final int HISTOGRAM_BUCKETS = 11;
    private static final int EXPONENTIAL_BUCKETS = 24;
    private static final double[] QUANTILES = {0.5, 0.9, 0.99};

    /// The five kinds; `field` is the number in `Metric`, `attributes` the one in the kind's point.
    private enum Kind {
        GAUGE(0, 5, 5, 7, "system.memory.usage", "process.open_file_descriptors", "jvm.memory.used", "queue.depth"),
        SUM(5, 11, 7, 7, "http.server.requests", "process.cpu.time", "network.io", "orders.placed"),
        HISTOGRAM(11, 17, 9, 9, "http.server.request.duration", "db.client.operation.duration", "rpc.server.duration",
                "messaging.process.duration"),
        EXPONENTIAL(17, 19, 10, 1, "http.client.request.duration", "cache.load.duration", "payment.duration",
                "checkout.duration"),
        SUMMARY(19, 20, 11, 7, "gc.pause", "legacy.request.latency", "batch.duration", "render.time");

        private final int first;
        private final int behind;
        private final int field;
        private final int attributes;
        private final byte[][] names = new byte[NAMES_PER_KIND][];

        Kind(int first, int behind, int field, int attributes, String... names) {
            this.first = first;
            this.behind = behind;
            this.field = field;
            this.attributes = attributes;
            for (int i = 0; i < NAMES_PER_KIND; i++) {
                this.names[i] = utf8(names[i]);
            }
        }
    }

    private static final byte[] DESCRIPTION = utf8("Measured by the load that OpenWit makes for itself");
    private static final byte[] UNIT = utf8("ms");

    private final byte[] run;
    private final OtlpGenerator.Timeline timeline;
    private final RowRandom random;
    private final long[] buckets = new long[Math.max(HISTOGRAM_BUCKETS, EXPONENTIAL_BUCKETS)];

    PointRows(byte[] run, OtlpGenerator.Timeline timeline, RowRandom random) {
        this.run = run;
        this.timeline = timeline;
        this.random = random;
    }

    /// The first row of the metric that `row` is a point of.
    static long firstOfMetric(long row) {
        int inPeriod = (int) (row % PERIOD);
        return row - inPeriod + KIND_OF_ROW[inPeriod].first;
    }

    /// Writes one metric.
    ///
    /// @param first and `last` are rows of the same metric, both inclusive
    void writeMetric(WireWriter out, long first, long last) {
        Kind kind = KIND_OF_ROW[(int) (first % PERIOD)];
        int mark = out.mark();
        switch (kind) {
            case GAUGE, SUMMARY -> {}
            case SUM -> {
                out.number(3, 1);
                out.number(2, CUMULATIVE);
            }
            case HISTOGRAM -> out.number(2, CUMULATIVE);
            case EXPONENTIAL -> out.number(2, DELTA);
        }
        for (long row = last; row >= first; row--) {
            writePoint(out, kind, row);
        }
        out.nested(kind.field, mark);
        out.string(3, UNIT);
        out.string(2, DESCRIPTION);
        out.string(1, kind.names[(int) (first / PERIOD % NAMES_PER_KIND)]);
        out.nested(METRIC, mark);
    }

    private void writePoint(WireWriter out, Kind kind, long row) {
        random.row(row);
        int mark = out.mark();
        long time = timeline.of(row, random);
        writeAttributes(out, kind.attributes, row);
        switch (kind) {
            case GAUGE -> out.real(4, random.below(1 << 30) / 1_024.0);
            case SUM -> out.fixed64(6, row * 3 + random.below(3));
            case HISTOGRAM -> writeHistogram(out, time);
            case EXPONENTIAL -> writeExponential(out);
            case SUMMARY -> writeSummary(out);
        }
        out.fixed64(TIME, time);
        out.fixed64(START, timeline.startNanos());
        out.nested(1, mark);
    }

    private void writeAttributes(WireWriter out, int field, long row) {
        KeyValues.integer(out, field, Vocabulary.LOAD_SEQ, row);
        out.string(field, run);
        out.string(field, Vocabulary.SERVER_ADDRESS[random.below(Vocabulary.SERVER_ADDRESS.length)]);
        out.string(field, Vocabulary.POD[random.below(Vocabulary.POD.length)]);
        out.string(field, Vocabulary.ROUTE[random.skewedBelow(Vocabulary.ROUTE.length)]);
        out.string(field, Vocabulary.METHOD[random.below(Vocabulary.METHOD.length)]);
    }

    private void writeHistogram(WireWriter out, long time) {
        long count = drawBuckets(HISTOGRAM_BUCKETS);
        out.real(12, 4_000 + random.below(1_000));
        out.real(11, random.below(5_000) / 1_000.0);
        if (random.below(4) == 0) {
            int exemplar = out.mark();
            out.id16(5, random.next() | 1, random.next());
            out.id8(4, random.next() | 1);
            out.real(3, random.below(5_000));
            out.fixed64(2, time);
            out.nested(8, exemplar);
        }
        out.string(7, HISTOGRAM_BOUNDS[random.below(HISTOGRAM_BOUNDS.length)]);
        int packed = out.mark();
        for (int i = HISTOGRAM_BUCKETS - 1; i >= 0; i--) {
            out.fixed64Bytes(buckets[i]);
        }
        out.nested(6, packed);
        out.real(SUM_OF_VALUES, count * 37.5);
        out.fixed64(COUNT, count);
    }

    private void writeExponential(WireWriter out) {
        long zeros = random.below(10);
        long count = drawBuckets(EXPONENTIAL_BUCKETS);
        out.real(14, 0.001);
        out.real(13, 4_000 + random.below(1_000));
        out.real(12, 0);
        int positive = out.mark();
        for (int i = EXPONENTIAL_BUCKETS - 1; i >= 0; i--) {
            out.varint(buckets[i]);
        }
        out.nested(2, positive);
        out.zigzag(1, random.below(40) - 20);
        out.nested(8, positive);
        out.fixed64(7, zeros);
        out.zigzag(6, 3);
        out.real(SUM_OF_VALUES, count * 12.25);
        out.fixed64(COUNT, count + zeros);
    }

    private void writeSummary(WireWriter out) {
        for (int i = QUANTILES.length - 1; i >= 0; i--) {
            int quantile = out.mark();
            out.real(2, (i + 1) * 10 + random.below(10_000) / 1_000.0);
            out.real(1, QUANTILES[i]);
            out.nested(6, quantile);
        }
        out.real(SUM_OF_VALUES, random.below(1_000_000));
        out.fixed64(COUNT, 1 + random.below(10_000));
    }

    private long drawBuckets(int number) {
        long sum = 0;
        for (int i = 0; i < number; i++) {
            buckets[i] = random.skewedBelow(2_000);
            sum += buckets[i];
        }
        return sum;
    }

    private static byte[] packed(double... values) {
        WireWriter out = new WireWriter(values.length * 8);
        for (int i = values.length - 1; i >= 0; i--) {
            out.fixed64Bytes(Double.doubleToRawLongBits(values[i]));
        }
        return out.array();
    }
}
