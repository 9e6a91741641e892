package io.openwit.columnar;

import io.openwit.model.Signal;

/// Spans, a row each. The schema `traces.v1`, in the order of its columns.
public final class SpanColumns extends Columns {
    public final FixedColumn traceId = addRequired("trace_id", new FixedColumn(16));
    public final FixedColumn spanId = addRequired("span_id", new FixedColumn(8));
    public final FixedColumn parentSpanId = add("parent_span_id", new FixedColumn(8));
    public final Utf8Column traceState = add("trace_state", utf8());
    public final IntColumn flags = add("flags", new IntColumn(false));
    private final DictColumn serviceName = add("service_name", dict());
    public final DictColumn name = add("name", dict());
    public final IntColumn kind = add("kind", new IntColumn(true));
    public final LongColumn startTime = add("start_time", LongColumn.times());
    public final LongColumn endTime = add("end_time", LongColumn.times());
    /// Null where the span has no status at all.
    public final IntColumn statusCode = add("status_code", new IntColumn(true));
    public final Utf8Column statusMessage = add("status_message", utf8());
    public final IntColumn droppedAttributes = add("dropped_attributes", new IntColumn(false));
    public final IntColumn droppedEvents = add("dropped_events", new IntColumn(false));
    public final IntColumn droppedLinks = add("dropped_links", new IntColumn(false));
    public final Events events = new Events();
    public final Links links = new Links();
    public final MapColumn attributes = add("attributes", map());
    public final DictColumn attributesTypes = add("attributes_types", dict());
    private final EnvelopeColumns envelope = new EnvelopeColumns(this, serviceName);

    SpanColumns() {
        super(Signal.TRACES);
    }

    @Override
    public EnvelopeColumns envelope() {
        return envelope;
    }

    /// `list<struct>`: fill the members and append to [#structs] for each event, then append to [#list] for the row.
    public final class Events {
        public final StructColumn structs = new StructColumn();
        public final LongColumn time = structs.member("time", LongColumn.times());
        public final DictColumn name = structs.member("name", dict());
        public final MapColumn attributes = structs.member("attributes", map());
        public final DictColumn types = structs.member("types", dict());
        public final IntColumn dropped = structs.member("dropped", new IntColumn(false));
        public final ListColumn<StructColumn> list = add("events", new ListColumn<>(structs));

        private Events() {}
    }

    /// `list<struct>`, filled as [Events] are.
    public final class Links {
        public final StructColumn structs = new StructColumn();
        public final FixedColumn traceId = structs.member("trace_id", new FixedColumn(16));
        public final FixedColumn spanId = structs.member("span_id", new FixedColumn(8));
        public final Utf8Column traceState = structs.member("trace_state", utf8());
        public final IntColumn flags = structs.member("flags", new IntColumn(false));
        public final MapColumn attributes = structs.member("attributes", map());
        public final DictColumn types = structs.member("types", dict());
        public final IntColumn dropped = structs.member("dropped", new IntColumn(false));
        public final ListColumn<StructColumn> list = add("links", new ListColumn<>(structs));

        private Links() {}
    }
}
