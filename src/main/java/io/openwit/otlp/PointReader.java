package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LongColumn;
import io.openwit.columnar.PointColumns;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.MessageType;

/// Reads metrics into rows, one a data point. Not thread-safe.
///
/// Source: opentelemetry-proto 1.11, `Metric`.
final class PointReader implements RowReader {
    private static final int NAME_TAG = 1;
    private static final int UNIT_TAG = 2;
    private static final int DESCRIPTION_TAG = 3;
    private static final int METADATA_TAG = 4;
    private static final int ATTRIBUTES_TAG = 5;
    private static final int EXEMPLARS_TAG = 6;
    private static final int TRACE_TAG = 7;
    private static final int SPAN_TAG = 8;

    /// Fields of Metric's oneof `data`, by their tags.
    private static final int NO_DATA = 0;

    private static final int GAUGE = 42;
    private static final int SUM = 58;
    private static final int HISTOGRAM = 74;
    private static final int EXPONENTIAL = 82;
    private static final int SUMMARY = 90;

    private static final int NO_RECORDED_VALUE = 1;

    /// Beyond these a bucket is wider than all doubles, or narrower than the step between two.
    private static final int MIN_SCALE = -10;

    private static final int MAX_SCALE = 20;
    private static final int MIN_EXPONENT = -1076;
    private static final int MAX_EXPONENT = 1024;

    /// What a point's value is: nothing, a double's bits, an integer.
    private static final int NO_VALUE = 0;

    private static final int DOUBLE_VALUE = 1;
    private static final int INT_VALUE = 2;

    private static final MessageType METRIC = WireCheck.member(WireCheck.ofScope(Signal.METRICS), "metrics");
    private static final MessageType EXPONENTIAL_POINT =
            WireCheck.member(WireCheck.member(METRIC, "exponentialHistogram"), "dataPoints");

    /// The names of the kinds, with room behind each to read over its end.
    private static final byte[] NAMES = "gauge sum histogram exponential_histogram summary        ".getBytes(US_ASCII);

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final OpenRows rows;
    private final Attributes metadata;
    private final Attributes attributes;
    private final Attributes exemplarAttributes;
    private final Positions exemplars = new Positions();
    private final Positions quantiles = new Positions();
    private final Numbers bucketCounts = new Numbers();
    private final Numbers bounds = new Numbers();
    private final Numbers positive = new Numbers();
    private final Numbers negative = new Numbers();

    /// The present metric.
    private int kind;

    private long name;
    private long unit;
    private long description;
    private int temporality;
    private boolean monotonic;
    private long metricHigh;
    private long metricLow;
    private boolean metricRead;
    private boolean metricStored;
    private int readMends;
    private int metricMends;

    /// The present point: what points of several kinds have.
    private long start;

    private long time;
    private int flags;
    private long count;
    private long sum;
    private boolean hasSum;
    private long min;
    private boolean hasMin;
    private long max;
    private boolean hasMax;

    PointReader(RowState row, OpenRows rows) {
        this.row = row;
        this.rows = rows;
        wire = row.wire;
        fingerprint = row.fingerprint;
        metadata = new Attributes(row);
        attributes = new Attributes(row);
        exemplarAttributes = new Attributes(row);
    }

    @Override
    public void read(int from, int end) throws MalformedRequestException {
        int mark = wire.mark();
        row.beginRow();
        metadata.clear();
        name = 0;
        unit = 0;
        description = 0;
        kind = NO_DATA;
        long data = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    name = wire.slice(at, end);
                    at = Slice.end(name);
                }
                case 18 -> {
                    description = wire.slice(at, end);
                    at = Slice.end(description);
                }
                case 26 -> {
                    unit = wire.slice(at, end);
                    at = Slice.end(unit);
                }
                case GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY -> {
                    int member = Wire.tag(head);
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    if (kind == member) {
                        data = row.mergeMember(METRIC, member(member), data, part);
                    } else {
                        if (kind != NO_DATA && !wire.isMerged(data)) {
                            row.check.memberOf(METRIC, member(kind), data);
                        }
                        data = part;
                    }
                    kind = member;
                }
                case 98 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    metadata.add(entry);
                }
                default -> at = wire.skip(head, end);
            }
        }
        metricRead = false;
        metricStored = false;
        if (kind != NO_DATA) {
            points(Slice.at(data), Slice.end(data));
        }
        if (!metricRead) {
            // Without a point it leaves no row, and has to be well formed all the same.
            row.check.memberOf(WireCheck.ofScope(Signal.METRICS), "metrics", Slice.of(from, end - from));
        }
        wire.release(mark);
    }

    private static String member(int tag) {
        return switch (tag) {
            case GAUGE -> "gauge";
            case SUM -> "sum";
            case HISTOGRAM -> "histogram";
            case EXPONENTIAL -> "exponentialHistogram";
            case SUMMARY -> "summary";
            default -> throw new IllegalStateException("no kind of metric: " + tag);
        };
    }

    private void points(int from, int end) throws MalformedRequestException {
        temporality = 0;
        monotonic = false;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            int tag = Wire.tag(head);
            if (tag == 16 && (kind == SUM || kind == HISTOGRAM || kind == EXPONENTIAL)) {
                temporality = (int) wire.varint(at, end);
                at = wire.next;
            } else if (Wire.tag(head) == 24 && kind == SUM) {
                monotonic = wire.varint(at, end) != 0;
                at = wire.next;
            } else {
                at = wire.skip(head, end);
            }
        }
        at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (Wire.tag(head) == 10) {
                long point = wire.slice(at, end);
                at = Slice.end(point);
                point(Slice.at(point), at);
            } else {
                at = wire.skip(head, end);
            }
        }
    }

    private void point(int from, int end) throws MalformedRequestException {
        PointColumns out = (PointColumns) rows.columns();
        metricStored &= rows.beginRow(out);
        if (!metricRead) {
            readMetric();
        }
        long mendedBefore = out.mendedTexts();
        if (metricStored) {
            out.repeatMetric();
            row.mend(metricMends);
        } else {
            storeMetric(out);
        }
        clearPoint();
        switch (kind) {
            case GAUGE, SUM -> numberPoint(out, from, end);
            case HISTOGRAM -> histogramPoint(out, from, end);
            case EXPONENTIAL -> exponentialPoint(out, from, end);
            case SUMMARY -> summaryPoint(out, from, end);
            default -> throw new IllegalStateException("no kind of metric: " + kind);
        }
        if (out.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        metricStored = rows.endRow(out, true, time, from, end);
    }

    /// Adds what all points of the metric share to the fingerprint of its scope.
    private void readMetric() throws MalformedRequestException {
        int mendsBefore = row.mends();
        rows.resumeScope();
        row.add(NAME_TAG, name);
        row.add(UNIT_TAG, unit);
        row.add(DESCRIPTION_TAG, description);
        fingerprint.add((long) kind << 32 | temporality & 0xffffffffL, monotonic ? 1 : 0);
        metadata.addTo(fingerprint, METADATA_TAG);
        metricHigh = fingerprint.stateHigh();
        metricLow = fingerprint.stateLow();
        readMends = row.mends() & ~mendsBefore;
        metricRead = true;
    }

    private void storeMetric(PointColumns out) {
        row.mend(readMends);
        long mendedBefore = out.mendedTexts();
        int mendsBefore = row.mends();
        out.beginMetric();
        row.append(out.name, name);
        row.append(out.unit, unit);
        row.append(out.description, description);
        switch (kind) {
            case GAUGE -> out.type.append(NAMES, 0, 5);
            case SUM -> out.type.append(NAMES, 6, 3);
            case HISTOGRAM -> out.type.append(NAMES, 10, 9);
            case EXPONENTIAL -> out.type.append(NAMES, 20, 21);
            default -> out.type.append(NAMES, 42, 7);
        }
        if (kind == GAUGE || kind == SUMMARY) {
            out.temporality.appendNull();
        } else {
            out.temporality.append(temporality);
        }
        if (kind == SUM) {
            out.monotonic.append(monotonic);
        } else {
            out.monotonic.appendNull();
        }
        metadata.store(out.metadata, out.metadataTypes);
        out.metadataDropped.append(metadata.dropped());
        if (out.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        metricMends = readMends | row.mends() & ~mendsBefore;
    }

    private void clearPoint() {
        attributes.clear();
        exemplars.clear();
        start = 0;
        time = 0;
        flags = 0;
        count = 0;
        sum = 0;
        hasSum = false;
        min = 0;
        hasMin = false;
        max = 0;
        hasMax = false;
    }

    private void numberPoint(PointColumns out, int from, int end) throws MalformedRequestException {
        int valueKind = NO_VALUE;
        long value = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 17 -> {
                    start = wire.fixed64(at, end);
                    at += 8;
                }
                case 25 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 33 -> {
                    value = wire.fixed64(at, end);
                    valueKind = DOUBLE_VALUE;
                    at += 8;
                }
                case 42 -> at = exemplar(at, end);
                case 49 -> {
                    value = wire.fixed64(at, end);
                    valueKind = INT_VALUE;
                    at += 8;
                }
                case 58 -> at = attribute(at, end);
                case 64 -> {
                    flags = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(head, end);
            }
        }
        beginFingerprint();
        fingerprint.add(valueKind, valueKind == DOUBLE_VALUE ? AnyValues.canonical(value) : value);
        common(out);
        if (valueKind == NO_VALUE && (flags & NO_RECORDED_VALUE) == 0) {
            row.reject(RejectReason.VALUE_MISSING);
        }
        value(out.value, out.valueInt, valueKind, value);
        out.count.appendNull();
        out.sum.appendNull();
        out.min.appendNull();
        out.max.appendNull();
        noBuckets(out);
        noExponential(out);
        out.quantiles.list.appendNull();
    }

    private static void value(LongColumn asDouble, LongColumn asInt, int valueKind, long value) {
        if (valueKind == DOUBLE_VALUE) {
            asDouble.append(value);
        } else {
            asDouble.appendNull();
        }
        if (valueKind == INT_VALUE) {
            asInt.append(value);
        } else {
            asInt.appendNull();
        }
    }

    private static void noBuckets(PointColumns out) {
        out.bucketCounts.appendNull();
        out.explicitBounds.appendNull();
    }

    private static void noExponential(PointColumns out) {
        out.scale.appendNull();
        out.zeroCount.appendNull();
        out.zeroThreshold.appendNull();
        out.positiveOffset.appendNull();
        out.negativeOffset.appendNull();
        out.positive.appendNull();
        out.negative.appendNull();
    }

    private void histogramPoint(PointColumns out, int from, int end) throws MalformedRequestException {
        bucketCounts.clear();
        bounds.clear();
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 17 -> {
                    start = wire.fixed64(at, end);
                    at += 8;
                }
                case 25 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 33 -> {
                    count = wire.fixed64(at, end);
                    at += 8;
                }
                case 41 -> {
                    sum = wire.fixed64(at, end);
                    hasSum = true;
                    at += 8;
                }
                case 49 -> {
                    bucketCounts.add(wire.fixed64(at, end));
                    at += 8;
                }
                case 50 -> at = bucketCounts.addFixed(wire, at, end);
                case 57 -> {
                    bounds.add(wire.fixed64(at, end));
                    at += 8;
                }
                case 58 -> at = bounds.addFixed(wire, at, end);
                case 66 -> at = exemplar(at, end);
                case 74 -> at = attribute(at, end);
                case 80 -> {
                    flags = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 89 -> {
                    min = wire.fixed64(at, end);
                    hasMin = true;
                    at += 8;
                }
                case 97 -> {
                    max = wire.fixed64(at, end);
                    hasMax = true;
                    at += 8;
                }
                default -> at = wire.skip(head, end);
            }
        }
        beginFingerprint();
        addSumMinMax();
        bucketCounts.addTo(fingerprint, false);
        bounds.addTo(fingerprint, true);
        common(out);
        checkBuckets();
        out.value.appendNull();
        out.valueInt.appendNull();
        countAndSums(out);
        bucketCounts.store(out.bucketCounts);
        bounds.store(out.explicitBounds);
        noExponential(out);
        out.quantiles.list.appendNull();
    }

    private void checkBuckets() {
        int counts = bucketCounts.count();
        boolean fit = counts == 0 ? bounds.count() == 0 : counts == bounds.count() + 1;
        boolean addUp = counts == 0 || bucketCounts.sum() == count || (flags & NO_RECORDED_VALUE) != 0;
        if (!fit || !addUp || !bounds.rise()) {
            row.reject(RejectReason.BUCKETS_INVALID);
        }
    }

    private void exponentialPoint(PointColumns out, int from, int end) throws MalformedRequestException {
        positive.clear();
        negative.clear();
        int scale = 0;
        long zeroCount = 0;
        long zeroThreshold = 0;
        long positiveBuckets = 0;
        long negativeBuckets = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> at = attribute(at, end);
                case 17 -> {
                    start = wire.fixed64(at, end);
                    at += 8;
                }
                case 25 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 33 -> {
                    count = wire.fixed64(at, end);
                    at += 8;
                }
                case 41 -> {
                    sum = wire.fixed64(at, end);
                    hasSum = true;
                    at += 8;
                }
                case 48 -> {
                    scale = Wire.zigZag(wire.varint(at, end));
                    at = wire.next;
                }
                case 57 -> {
                    zeroCount = wire.fixed64(at, end);
                    at += 8;
                }
                case 66 -> {
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    positiveBuckets = row.mergeMember(EXPONENTIAL_POINT, "positive", positiveBuckets, part);
                }
                case 74 -> {
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    negativeBuckets = row.mergeMember(EXPONENTIAL_POINT, "negative", negativeBuckets, part);
                }
                case 80 -> {
                    flags = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 90 -> at = exemplar(at, end);
                case 97 -> {
                    min = wire.fixed64(at, end);
                    hasMin = true;
                    at += 8;
                }
                case 105 -> {
                    max = wire.fixed64(at, end);
                    hasMax = true;
                    at += 8;
                }
                case 113 -> {
                    zeroThreshold = wire.fixed64(at, end);
                    at += 8;
                }
                default -> at = wire.skip(head, end);
            }
        }
        int positiveOffset = buckets(positiveBuckets, positive);
        int negativeOffset = buckets(negativeBuckets, negative);
        beginFingerprint();
        addSumMinMax();
        fingerprint.add(scale, zeroCount);
        fingerprint.add(AnyValues.canonical(zeroThreshold), (positiveBuckets == 0 ? 0 : 1) | (negativeBuckets == 0 ? 0 : 2));
        fingerprint.add(positiveOffset, negativeOffset);
        positive.addTo(fingerprint, false);
        negative.addTo(fingerprint, false);
        common(out);
        checkExponential(scale, zeroCount, positiveOffset, negativeOffset);
        out.value.appendNull();
        out.valueInt.appendNull();
        countAndSums(out);
        noBuckets(out);
        out.scale.append(scale);
        out.zeroCount.append(zeroCount);
        out.zeroThreshold.append(zeroThreshold);
        if (positiveBuckets == 0) {
            out.positiveOffset.appendNull();
            out.positive.appendNull();
        } else {
            out.positiveOffset.append(positiveOffset);
            positive.store(out.positive);
        }
        if (negativeBuckets == 0) {
            out.negativeOffset.appendNull();
            out.negative.appendNull();
        } else {
            out.negativeOffset.append(negativeOffset);
            negative.store(out.negative);
        }
        out.quantiles.list.appendNull();
    }

    /// Reads Buckets.
    ///
    /// @return their offset
    private int buckets(long buckets, Numbers counts) throws MalformedRequestException {
        int offset = 0;
        int end = Slice.end(buckets);
        int at = Slice.at(buckets);
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 8 -> {
                    offset = Wire.zigZag(wire.varint(at, end));
                    at = wire.next;
                }
                case 16 -> {
                    counts.add(wire.varint(at, end));
                    at = wire.next;
                }
                case 18 -> at = counts.addVarints(wire, at, end);
                default -> at = wire.skip(head, end);
            }
        }
        return offset;
    }

    private void checkExponential(int scale, long zeroCount, int positiveOffset, int negativeOffset) {
        if (scale < MIN_SCALE
                || scale > MAX_SCALE
                || !representable(scale, positiveOffset, positive.count())
                || !representable(scale, negativeOffset, negative.count())) {
            row.reject(RejectReason.SCALE_INVALID);
        }
        boolean hasBuckets = positive.count() + negative.count() > 0;
        boolean addUp = positive.sum() + negative.sum() + zeroCount == count;
        if (hasBuckets && !addUp && (flags & NO_RECORDED_VALUE) == 0) {
            row.reject(RejectReason.BUCKETS_INVALID);
        }
    }

    /// Whether the bounds of all buckets, base^index with base = 2^(2^-scale), are within the range of doubles.
    private static boolean representable(int scale, int offset, int buckets) {
        double first = Math.scalb((double) offset, -scale);
        double last = Math.scalb((double) offset + Math.max(buckets - 1, 0), -scale);
        return first >= MIN_EXPONENT && last <= MAX_EXPONENT;
    }

    private void summaryPoint(PointColumns out, int from, int end) throws MalformedRequestException {
        quantiles.clear();
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 17 -> {
                    start = wire.fixed64(at, end);
                    at += 8;
                }
                case 25 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 33 -> {
                    count = wire.fixed64(at, end);
                    at += 8;
                }
                case 41 -> {
                    sum = wire.fixed64(at, end);
                    at += 8;
                }
                case 50 -> {
                    long quantile = wire.slice(at, end);
                    at = Slice.end(quantile);
                    quantiles.add(quantile);
                }
                case 58 -> at = attribute(at, end);
                case 64 -> {
                    flags = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(head, end);
            }
        }
        // A summary's sum is not optional: absent is 0.
        hasSum = true;
        beginFingerprint();
        addSumMinMax();
        quantiles(out);
        common(out);
        out.value.appendNull();
        out.valueInt.appendNull();
        countAndSums(out);
        noBuckets(out);
        noExponential(out);
    }

    private void quantiles(PointColumns out) throws MalformedRequestException {
        fingerprint.add(quantiles.count(), 0);
        for (int i = 0; i < quantiles.count(); i++) {
            long quantile = 0;
            long value = 0;
            int at = Slice.at(quantiles.slice(i));
            int end = Slice.end(quantiles.slice(i));
            while (at < end) {
                long head = wire.head(at, end);
                at = Wire.behind(head);
                switch (Wire.tag(head)) {
                    case 9 -> {
                        quantile = wire.fixed64(at, end);
                        at += 8;
                    }
                    case 17 -> {
                        value = wire.fixed64(at, end);
                        at += 8;
                    }
                    default -> at = wire.skip(head, end);
                }
            }
            fingerprint.add(AnyValues.canonical(quantile), AnyValues.canonical(value));
            out.quantiles.quantile.append(quantile);
            out.quantiles.value.append(value);
            out.quantiles.structs.append();
        }
        out.quantiles.list.append();
    }

    private int attribute(int at, int end) throws MalformedRequestException {
        long entry = wire.slice(at, end);
        attributes.add(entry);
        return Slice.end(entry);
    }

    private int exemplar(int at, int end) throws MalformedRequestException {
        long exemplar = wire.slice(at, end);
        exemplars.add(exemplar);
        return Slice.end(exemplar);
    }

    private void beginFingerprint() {
        fingerprint.resume(metricHigh, metricLow);
        fingerprint.add(start, time);
        fingerprint.add(flags, count);
    }

    private void addSumMinMax() {
        fingerprint.add((hasSum ? 1 : 0) | (hasMin ? 2 : 0) | (hasMax ? 4 : 0), AnyValues.canonical(sum));
        fingerprint.add(AnyValues.canonical(min), AnyValues.canonical(max));
    }

    /// Judges and stores what points of all kinds have; the last to be added to the fingerprint.
    private void common(PointColumns out) throws MalformedRequestException {
        attributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.attributesTypes);
        exemplars(out);
        if (kind != GAUGE && kind != SUMMARY && temporality == 0) {
            row.reject(RejectReason.TEMPORALITY_UNSPECIFIED);
        }
        if (time == 0) {
            row.reject(RejectReason.POINT_TIME_MISSING);
        }
        row.checkTime(start);
        row.checkTime(time);
        out.startTime.appendTime(start);
        out.time.appendTime(time);
        out.flags.append(flags);
    }

    private void countAndSums(PointColumns out) {
        out.count.append(count);
        optional(out.sum, hasSum, sum);
        optional(out.min, hasMin, min);
        optional(out.max, hasMax, max);
    }

    private static void optional(LongColumn column, boolean there, long value) {
        if (there) {
            column.append(value);
        } else {
            column.appendNull();
        }
    }

    private void exemplars(PointColumns out) throws MalformedRequestException {
        fingerprint.add((long) EXEMPLARS_TAG << 32, exemplars.count());
        for (int i = 0; i < exemplars.count(); i++) {
            exemplar(out.exemplars, Slice.at(exemplars.slice(i)), Slice.end(exemplars.slice(i)));
        }
        if (kind == SUMMARY) {
            out.exemplars.list.appendNull();
        } else {
            out.exemplars.list.append();
        }
    }

    private void exemplar(PointColumns.Exemplars out, int from, int end) throws MalformedRequestException {
        exemplarAttributes.clear();
        long exemplarTime = 0;
        int valueKind = NO_VALUE;
        long value = 0;
        long trace = 0;
        long span = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 17 -> {
                    exemplarTime = wire.fixed64(at, end);
                    at += 8;
                }
                case 25 -> {
                    value = wire.fixed64(at, end);
                    valueKind = DOUBLE_VALUE;
                    at += 8;
                }
                case 34 -> {
                    span = wire.slice(at, end);
                    at = Slice.end(span);
                }
                case 42 -> {
                    trace = wire.slice(at, end);
                    at = Slice.end(trace);
                }
                case 49 -> {
                    value = wire.fixed64(at, end);
                    valueKind = INT_VALUE;
                    at += 8;
                }
                case 58 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    exemplarAttributes.add(entry);
                }
                default -> at = wire.skip(head, end);
            }
        }
        fingerprint.add(exemplarTime, valueKind);
        fingerprint.add(valueKind == DOUBLE_VALUE ? AnyValues.canonical(value) : value, 0);
        row.add(TRACE_TAG, trace);
        row.add(SPAN_TAG, span);
        exemplarAttributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.types);
        row.checkInnerTime(exemplarTime);
        out.time.appendTime(exemplarTime);
        value(out.value, out.valueInt, valueKind, value);
        row.appendId(out.traceId, trace, 16, MendReason.IDS);
        row.appendId(out.spanId, span, 8, MendReason.IDS);
        out.structs.append();
    }
}
