package io.openwit.otlp;

import io.openwit.columnar.OpenedColumn;
import io.openwit.columnar.SealedRows;

/// Writes rows as log records: the other end of [LogReader]. An `observed_time` that was filled stays filled.
///
/// Source: opentelemetry-proto 1.11, `LogRecord`.
final class LogWriter implements RowWriter {
    private final FieldWriter out;
    private final ValueWriter values;
    private final AttributesWriter attributes;
    private final OpenedColumn time;
    private final OpenedColumn observedTime;
    private final OpenedColumn severity;
    private final OpenedColumn severityText;
    private final OpenedColumn body;
    private final OpenedColumn bodyType;
    private final OpenedColumn traceId;
    private final OpenedColumn spanId;
    private final OpenedColumn flags;
    private final OpenedColumn eventName;
    private final OpenedColumn droppedAttributes;
    private final OpenedColumn map;
    private final OpenedColumn types;

    LogWriter(SealedRows rows, FieldWriter out) {
        this.out = out;
        values = new ValueWriter(out);
        attributes = new AttributesWriter(out, values);
        time = rows.column("time");
        observedTime = rows.column("observed_time");
        severity = rows.column("severity");
        severityText = rows.column("severity_text");
        body = rows.column("body");
        bodyType = rows.column("body_type");
        traceId = rows.column("trace_id");
        spanId = rows.column("span_id");
        flags = rows.column("flags");
        eventName = rows.column("event_name");
        droppedAttributes = rows.column("dropped_attributes");
        map = rows.column("attributes");
        types = rows.column("attributes_types");
    }

    @Override
    public void write(int from, int end) throws MalformedRequestException {
        for (int row = from; row < end; row++) {
            int record = out.openMessage(2);
            out.fixed64(1, time, row);
            out.varint(2, severity, row);
            out.text(3, severityText, row);
            body(row);
            attributes.write(6, map, types, row);
            out.varint(7, droppedAttributes, row);
            out.fixed32(8, flags, row);
            out.text(9, traceId, row);
            out.text(10, spanId, row);
            out.fixed64(11, observedTime, row);
            out.text(12, eventName, row);
            out.closeMessage(record);
        }
    }

    /// Neither text nor type: there is no body. A type without a text: there is one, and it is empty.
    private void body(int row) throws MalformedRequestException {
        if (body.isNull(row) && bodyType.isNull(row)) {
            return;
        }
        int value = out.openMessage(5);
        if (!body.isNull(row)) {
            byte letter = bodyType.isNull(row) ? (byte) 's' : bodyType.bytes()[bodyType.from(row)];
            values.write(letter, body.bytes(), body.from(row), body.length(row));
        }
        out.closeMessage(value);
    }
}
