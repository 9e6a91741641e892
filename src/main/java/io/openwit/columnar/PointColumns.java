package io.openwit.columnar;

import io.openwit.model.Signal;

/// Metric data points, a row each. The schema `metrics.v1`, in the order of its columns.
public final class PointColumns extends Columns {
    public final DictColumn name = add("name", dict());
    public final DictColumn unit = add("unit", dict());
    public final DictColumn description = add("description", dict());
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    public final DictColumn type = add("type", dict());
    private final DictColumn serviceName = add("service_name", dict());
    public final IntColumn temporality = add("temporality", new IntColumn(true));
    public final BoolColumn monotonic = add("monotonic", new BoolColumn());
    public final LongColumn startTime = add("start_time", LongColumn.times());
    public final LongColumn time = add("time", LongColumn.times());
    public final LongColumn value = add("value", LongColumn.doubles());
    /// Set where the value came as an integer; then `value` is null.
    public final LongColumn valueInt = add("value_int", LongColumn.signed());
    public final LongColumn count = add("count", LongColumn.unsigned());
    public final LongColumn sum = add("sum", LongColumn.doubles());
    public final LongColumn min = add("min", LongColumn.doubles());
    public final LongColumn max = add("max", LongColumn.doubles());
    public final ListColumn<LongColumn> bucketCounts = add("bucket_counts", new ListColumn<>(LongColumn.unsigned()));
    public final ListColumn<LongColumn> explicitBounds = add("explicit_bounds", new ListColumn<>(LongColumn.doubles()));
    public final IntColumn scale = add("scale", new IntColumn(true));
    public final LongColumn zeroCount = add("zero_count", LongColumn.unsigned());
    public final LongColumn zeroThreshold = add("zero_threshold", LongColumn.doubles());
    /// Null where the point has no positive buckets at all.
    public final IntColumn positiveOffset = add("positive_offset", new IntColumn(true));
    public final IntColumn negativeOffset = add("negative_offset", new IntColumn(true));
    public final ListColumn<LongColumn> positive = add("positive", new ListColumn<>(LongColumn.unsigned()));
    public final ListColumn<LongColumn> negative = add("negative", new ListColumn<>(LongColumn.unsigned()));
    public final Quantiles quantiles = new Quantiles();
    public final Exemplars exemplars = new Exemplars();
    public final IntColumn flags = add("flags", new IntColumn(false));
    public final MapColumn metadata = add("metadata", map());
    public final DictColumn metadataTypes = add("metadata_types", dict());
    public final IntColumn metadataDropped = add("metadata_dropped", new IntColumn(false));
    public final MapColumn attributes = add("attributes", map());
    public final DictColumn attributesTypes = add("attributes_types", dict());
    private final EnvelopeColumns envelope = new EnvelopeColumns(this, serviceName);

    private final RepeatedColumns metric = repeated(
            name, unit, description, type, temporality, monotonic, metadata, metadataTypes, metadataDropped);

    PointColumns() {
        super(Signal.METRICS);
    }

    @Override
    public EnvelopeColumns envelope() {
        return envelope;
    }

    /// Gives the next row the metric of the row before it: all but what a point has of its own.
    public void repeatMetric() {
        metric.repeat();
    }

    /// The next row is of another metric: append to all that [#repeatMetric] would repeat.
    public void beginMetric() {
        metric.settle();
    }

    /// `list<struct>`: fill the members and append to [#structs] for each, then append to [#list] for the row.
    public final class Quantiles {
        public final StructColumn structs = new StructColumn();
        public final LongColumn quantile = structs.member("quantile", LongColumn.doubles());
        public final LongColumn value = structs.member("value", LongColumn.doubles());
        public final ListColumn<StructColumn> list = add("quantiles", new ListColumn<>(structs));

        private Quantiles() {}
    }

    /// `list<struct>`, filled as [Quantiles] are.
    public final class Exemplars {
        public final StructColumn structs = new StructColumn();
        public final LongColumn time = structs.member("time", LongColumn.times());
        public final LongColumn value = structs.member("value", LongColumn.doubles());
        public final LongColumn valueInt = structs.member("value_int", LongColumn.signed());
        public final FixedColumn traceId = structs.member("trace_id", new FixedColumn(16));
        public final FixedColumn spanId = structs.member("span_id", new FixedColumn(8));
        public final MapColumn attributes = structs.member("attributes", map());
        public final DictColumn types = structs.member("types", dict());
        public final ListColumn<StructColumn> list = add("exemplars", new ListColumn<>(structs));

        private Exemplars() {}
    }
}
