package io.openwit.otlp;

import io.openwit.columnar.OpenedColumn;
import io.openwit.columnar.SealedRows;

/// Writes rows as spans: the other end of [SpanReader].
///
/// Source: opentelemetry-proto 1.11, `Span`.
final class SpanWriter implements RowWriter {
    private final FieldWriter out;
    private final AttributesWriter attributes;
    private final OpenedColumn traceId;
    private final OpenedColumn spanId;
    private final OpenedColumn parentSpanId;
    private final OpenedColumn traceState;
    private final OpenedColumn flags;
    private final OpenedColumn name;
    private final OpenedColumn kind;
    private final OpenedColumn startTime;
    private final OpenedColumn endTime;
    private final OpenedColumn statusCode;
    private final OpenedColumn statusMessage;
    private final OpenedColumn droppedAttributes;
    private final OpenedColumn droppedEvents;
    private final OpenedColumn droppedLinks;
    private final OpenedColumn map;
    private final OpenedColumn types;
    private final OpenedColumn events;
    private final OpenedColumn links;

    SpanWriter(SealedRows rows, FieldWriter out) {
        this.out = out;
        attributes = new AttributesWriter(out, new ValueWriter(out));
        traceId = rows.column("trace_id");
        spanId = rows.column("span_id");
        parentSpanId = rows.column("parent_span_id");
        traceState = rows.column("trace_state");
        flags = rows.column("flags");
        name = rows.column("name");
        kind = rows.column("kind");
        startTime = rows.column("start_time");
        endTime = rows.column("end_time");
        statusCode = rows.column("status_code");
        statusMessage = rows.column("status_message");
        droppedAttributes = rows.column("dropped_attributes");
        droppedEvents = rows.column("dropped_events");
        droppedLinks = rows.column("dropped_links");
        map = rows.column("attributes");
        types = rows.column("attributes_types");
        events = rows.column("events");
        links = rows.column("links");
    }

    @Override
    public void write(int from, int end) throws MalformedRequestException {
        for (int row = from; row < end; row++) {
            int span = out.openMessage(2);
            out.text(1, traceId, row);
            out.text(2, spanId, row);
            out.text(3, traceState, row);
            out.text(4, parentSpanId, row);
            out.text(5, name, row);
            out.varint(6, kind, row);
            out.fixed64(7, startTime, row);
            out.fixed64(8, endTime, row);
            attributes.write(9, map, types, row);
            out.varint(10, droppedAttributes, row);
            events(row);
            out.varint(12, droppedEvents, row);
            links(row);
            out.varint(14, droppedLinks, row);
            status(row);
            out.fixed32(16, flags, row);
            out.closeMessage(span);
        }
    }

    private void events(int row) throws MalformedRequestException {
        OpenedColumn each = events.elements();
        for (int at = events.first(row); at < events.end(row); at++) {
            int event = out.openMessage(11);
            out.fixed64(1, each.member("time"), at);
            out.text(2, each.member("name"), at);
            attributes.write(3, each.member("attributes"), each.member("types"), at);
            out.varint(4, each.member("dropped"), at);
            out.closeMessage(event);
        }
    }

    private void links(int row) throws MalformedRequestException {
        OpenedColumn each = links.elements();
        for (int at = links.first(row); at < links.end(row); at++) {
            int link = out.openMessage(13);
            out.text(1, each.member("trace_id"), at);
            out.text(2, each.member("span_id"), at);
            out.text(3, each.member("trace_state"), at);
            attributes.write(4, each.member("attributes"), each.member("types"), at);
            out.varint(5, each.member("dropped"), at);
            out.fixed32(6, each.member("flags"), at);
            out.closeMessage(link);
        }
    }

    /// A code of null says that the span has no status at all.
    private void status(int row) throws MalformedRequestException {
        if (!statusCode.isNull(row)) {
            int status = out.openMessage(15);
            out.text(2, statusMessage, row);
            out.varint(3, statusCode, row);
            out.closeMessage(status);
        }
    }
}
