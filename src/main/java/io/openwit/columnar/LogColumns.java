package io.openwit.columnar;

import io.openwit.model.Signal;

/// Log records, a row each. The schema `logs.v1`, in the order of its columns.
public final class LogColumns extends Columns {
    public final LongColumn time = add("time", LongColumn.times());
    public final LongColumn observedTime = add("observed_time", LongColumn.times());
    private final DictColumn serviceName = add("service_name", dict());
    public final IntColumn severity = add("severity", new IntColumn(true));
    public final DictColumn severityText = add("severity_text", dict());
    public final Utf8Column body = add("body", utf8());
    /// The body's type letter; null for a text, and where there is no body.
    public final Utf8Column bodyType = add("body_type", utf8());
    public final FixedColumn traceId = add("trace_id", new FixedColumn(16));
    public final FixedColumn spanId = add("span_id", new FixedColumn(8));
    public final IntColumn flags = add("flags", new IntColumn(false));
    public final DictColumn eventName = add("event_name", dict());
    public final IntColumn droppedAttributes = add("dropped_attributes", new IntColumn(false));
    public final MapColumn attributes = add("attributes", map());
    public final DictColumn attributesTypes = add("attributes_types", dict());
    private final EnvelopeColumns envelope = new EnvelopeColumns(this, serviceName);

    LogColumns() {
        super(Signal.LOGS);
    }

    @Override
    public EnvelopeColumns envelope() {
        return envelope;
    }
}
