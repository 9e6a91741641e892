package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.OpenedColumn;
import io.openwit.columnar.SealedRows;
import java.util.List;

/// Writes rows as metrics with their points: the other end of [PointReader]. Neighbours of the same metric share one.
///
/// Source: opentelemetry-proto 1.11, `Metric`.
final class PointWriter implements RowWriter {
    private final FieldWriter out;
    private final AttributesWriter attributes;
    private final OpenedColumn name;
    private final OpenedColumn unit;
    private final OpenedColumn description;
    private final OpenedColumn type;
    private final OpenedColumn temporality;
    private final OpenedColumn monotonic;
    private final OpenedColumn metadata;
    private final OpenedColumn metadataTypes;
    private final List<OpenedColumn> metric;
    private final OpenedColumn startTime;
    private final OpenedColumn time;
    private final OpenedColumn value;
    private final OpenedColumn valueInt;
    private final OpenedColumn count;
    private final OpenedColumn sum;
    private final OpenedColumn min;
    private final OpenedColumn max;
    private final OpenedColumn bucketCounts;
    private final OpenedColumn explicitBounds;
    private final OpenedColumn scale;
    private final OpenedColumn zeroCount;
    private final OpenedColumn zeroThreshold;
    private final OpenedColumn positiveOffset;
    private final OpenedColumn negativeOffset;
    private final OpenedColumn positive;
    private final OpenedColumn negative;
    private final OpenedColumn quantiles;
    private final OpenedColumn exemplars;
    private final OpenedColumn flags;
    private final OpenedColumn map;
    private final OpenedColumn types;

    PointWriter(SealedRows rows, FieldWriter out) {
        this.out = out;
        attributes = new AttributesWriter(out, new ValueWriter(out));
        name = rows.column("name");
        unit = rows.column("unit");
        description = rows.column("description");
        type = rows.column("type");
        temporality = rows.column("temporality");
        monotonic = rows.column("monotonic");
        metadata = rows.column("metadata");
        metadataTypes = rows.column("metadata_types");
        metric = List.of(name, unit, description, type, temporality, monotonic, metadata, metadataTypes);
        startTime = rows.column("start_time");
        time = rows.column("time");
        value = rows.column("value");
        valueInt = rows.column("value_int");
        count = rows.column("count");
        sum = rows.column("sum");
        min = rows.column("min");
        max = rows.column("max");
        bucketCounts = rows.column("bucket_counts");
        explicitBounds = rows.column("explicit_bounds");
        scale = rows.column("scale");
        zeroCount = rows.column("zero_count");
        zeroThreshold = rows.column("zero_threshold");
        positiveOffset = rows.column("positive_offset");
        negativeOffset = rows.column("negative_offset");
        positive = rows.column("positive");
        negative = rows.column("negative");
        quantiles = rows.column("quantiles");
        exemplars = rows.column("exemplars");
        flags = rows.column("flags");
        map = rows.column("attributes");
        types = rows.column("attributes_types");
    }

    @Override
    public void write(int from, int end) throws MalformedRequestException {
        int row = from;
        while (row < end) {
            int next = row + 1;
            while (next < end && sameMetric(next)) {
                next++;
            }
            metric(row, next);
            row = next;
        }
    }

    private boolean sameMetric(int row) {
        for (OpenedColumn column : metric) {
            if (!column.same(row - 1, row)) {
                return false;
            }
        }
        return true;
    }

    private void metric(int from, int end) throws MalformedRequestException {
        int message = out.openMessage(2);
        out.text(1, name, from);
        out.text(2, description, from);
        out.text(3, unit, from);
        String kind = type.isNull(from) ? "" : new String(type.bytes(), type.from(from), type.length(from), UTF_8);
        int data =
                switch (kind) {
                    case "gauge" -> out.openMessage(5);
                    case "sum" -> out.openMessage(7);
                    case "histogram" -> out.openMessage(9);
                    case "exponential_histogram" -> out.openMessage(10);
                    case "summary" -> out.openMessage(11);
                    default -> throw new MalformedRequestException("no type of metric: " + kind);
                };
        for (int row = from; row < end; row++) {
            int point = out.openMessage(1);
            switch (kind) {
                case "gauge", "sum" -> numberPoint(row);
                case "histogram" -> histogramPoint(row);
                case "exponential_histogram" -> exponentialPoint(row);
                default -> summaryPoint(row);
            }
            out.closeMessage(point);
        }
        out.varint(2, temporality, from);
        if (!monotonic.isNull(from) && monotonic.bool(from)) {
            out.varint(3, 1);
        }
        out.closeMessage(data);
        attributes.write(12, metadata, metadataTypes, from);
        out.closeMessage(message);
    }

    private void numberPoint(int row) throws MalformedRequestException {
        out.fixed64(2, startTime, row);
        out.fixed64(3, time, row);
        out.present64(4, value, row);
        exemplars(5, row);
        out.present64(6, valueInt, row);
        attributes.write(7, map, types, row);
        out.varint(8, flags, row);
    }

    private void histogramPoint(int row) throws MalformedRequestException {
        out.fixed64(2, startTime, row);
        out.fixed64(3, time, row);
        out.fixed64(4, count, row);
        out.present64(5, sum, row);
        out.packed64(6, bucketCounts, row);
        out.packed64(7, explicitBounds, row);
        exemplars(8, row);
        attributes.write(9, map, types, row);
        out.varint(10, flags, row);
        out.present64(11, min, row);
        out.present64(12, max, row);
    }

    private void exponentialPoint(int row) throws MalformedRequestException {
        attributes.write(1, map, types, row);
        out.fixed64(2, startTime, row);
        out.fixed64(3, time, row);
        out.fixed64(4, count, row);
        out.present64(5, sum, row);
        out.zigZag(6, scale, row);
        out.fixed64(7, zeroCount, row);
        buckets(8, positiveOffset, positive, row);
        buckets(9, negativeOffset, negative, row);
        out.varint(10, flags, row);
        exemplars(11, row);
        out.present64(12, min, row);
        out.present64(13, max, row);
        out.fixed64(14, zeroThreshold, row);
    }

    /// An offset of null says that the point has no such buckets at all.
    private void buckets(int number, OpenedColumn offset, OpenedColumn counts, int row)
            throws MalformedRequestException {
        if (!offset.isNull(row)) {
            int buckets = out.openMessage(number);
            out.zigZag(1, offset, row);
            out.packedVarints(2, counts, row);
            out.closeMessage(buckets);
        }
    }

    private void summaryPoint(int row) throws MalformedRequestException {
        out.fixed64(2, startTime, row);
        out.fixed64(3, time, row);
        out.fixed64(4, count, row);
        out.fixed64(5, sum, row);
        OpenedColumn each = quantiles.elements();
        for (int at = quantiles.first(row); at < quantiles.end(row); at++) {
            int quantile = out.openMessage(6);
            out.fixed64(1, each.member("quantile"), at);
            out.fixed64(2, each.member("value"), at);
            out.closeMessage(quantile);
        }
        attributes.write(7, map, types, row);
        out.varint(8, flags, row);
    }

    private void exemplars(int number, int row) throws MalformedRequestException {
        OpenedColumn each = exemplars.elements();
        for (int at = exemplars.first(row); at < exemplars.end(row); at++) {
            int exemplar = out.openMessage(number);
            out.fixed64(2, each.member("time"), at);
            out.present64(3, each.member("value"), at);
            out.text(4, each.member("span_id"), at);
            out.text(5, each.member("trace_id"), at);
            out.present64(6, each.member("value_int"), at);
            attributes.write(7, each.member("attributes"), each.member("types"), at);
            out.closeMessage(exemplar);
        }
    }
}
