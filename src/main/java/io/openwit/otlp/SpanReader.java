package io.openwit.otlp;

import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.SpanColumns;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.MessageType;

/// Reads spans into rows. Not thread-safe.
///
/// Source: opentelemetry-proto 1.11, `Span`.
final class SpanReader implements RowReader {
    private static final int TRACE_TAG = 1;
    private static final int SPAN_TAG = 2;
    private static final int PARENT_TAG = 3;
    private static final int STATE_TAG = 4;
    private static final int NAME_TAG = 5;
    private static final int STATUS_TAG = 6;
    private static final int ATTRIBUTES_TAG = 7;
    private static final int EVENTS_TAG = 8;
    private static final int LINKS_TAG = 9;

    private static final MessageType SPAN = WireCheck.member(WireCheck.ofScope(Signal.TRACES), "spans");

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final OpenRows rows;
    private final Attributes attributes;
    private final Attributes eventAttributes;
    private final Attributes linkAttributes;
    private final Positions events = new Positions();
    private final Positions links = new Positions();

    SpanReader(RowState row, OpenRows rows) {
        this.row = row;
        this.rows = rows;
        wire = row.wire;
        fingerprint = row.fingerprint;
        attributes = new Attributes(row);
        eventAttributes = new Attributes(row);
        linkAttributes = new Attributes(row);
    }

    @Override
    public void read(int from, int end) throws MalformedRequestException {
        SpanColumns out = (SpanColumns) rows.columns();
        rows.beginRow(out);
        attributes.clear();
        events.clear();
        links.clear();

        long trace = 0;
        long span = 0;
        long parent = 0;
        long state = 0;
        long name = 0;
        int kind = 0;
        int flags = 0;
        long start = 0;
        long finish = 0;
        int droppedAttributes = 0;
        int droppedEvents = 0;
        int droppedLinks = 0;
        long status = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    trace = wire.slice(at, end);
                    at = Slice.end(trace);
                }
                case 18 -> {
                    span = wire.slice(at, end);
                    at = Slice.end(span);
                }
                case 26 -> {
                    state = wire.slice(at, end);
                    at = Slice.end(state);
                }
                case 34 -> {
                    parent = wire.slice(at, end);
                    at = Slice.end(parent);
                }
                case 42 -> {
                    name = wire.slice(at, end);
                    at = Slice.end(name);
                }
                case 48 -> {
                    kind = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 57 -> {
                    start = wire.fixed64(at, end);
                    at += 8;
                }
                case 65 -> {
                    finish = wire.fixed64(at, end);
                    at += 8;
                }
                case 74 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    attributes.add(entry);
                }
                case 80 -> {
                    droppedAttributes = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 90 -> {
                    long event = wire.slice(at, end);
                    at = Slice.end(event);
                    events.add(event);
                }
                case 96 -> {
                    droppedEvents = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 106 -> {
                    long link = wire.slice(at, end);
                    at = Slice.end(link);
                    links.add(link);
                }
                case 112 -> {
                    droppedLinks = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 122 -> {
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    status = row.mergeMember(SPAN, "status", status, part);
                }
                case 133 -> {
                    flags = wire.fixed32(at, end);
                    at += 4;
                }
                default -> at = wire.skip(head, end);
            }
        }

        long mendedBefore = out.mendedTexts();
        rows.resumeScope();
        fingerprint.add(start, finish);
        fingerprint.add((long) kind << 32 | flags & 0xffffffffL, droppedAttributes);
        fingerprint.add(droppedEvents, droppedLinks);
        row.add(TRACE_TAG, trace);
        row.add(SPAN_TAG, span);
        row.add(PARENT_TAG, parent);
        row.add(STATE_TAG, state);
        row.add(NAME_TAG, name);
        attributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.attributesTypes);
        status(out, status);
        events(out);
        links(out);

        row.checkTime(start);
        row.checkTime(finish);
        if (finish < start && row.rejected() == null) {
            row.mend(MendReason.END_BEFORE_START);
        }
        appendRequiredId(out, trace, span);
        row.appendId(out.parentSpanId, parent, 8, MendReason.PARENT_ID);
        row.append(out.traceState, state);
        out.flags.append(flags);
        row.append(out.name, name);
        out.kind.append(kind);
        out.startTime.appendTime(start);
        out.endTime.appendTime(finish);
        out.droppedEvents.append(droppedEvents);
        out.droppedLinks.append(droppedLinks);
        out.droppedAttributes.append(droppedAttributes + attributes.dropped());
        if (out.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        rows.endRow(out, true, start != 0 ? start : finish, from, end);
    }

    private void appendRequiredId(SpanColumns out, long trace, long span) {
        if (row.isId(trace, 16) && row.isId(span, 8)) {
            out.traceId.append(wire.bytes(), Slice.at(trace));
            out.spanId.append(wire.bytes(), Slice.at(span));
        } else {
            row.reject(RejectReason.SPAN_IDS_INVALID);
        }
    }

    private void status(SpanColumns out, long status) throws MalformedRequestException {
        if (status == 0) {
            fingerprint.add(0, 0);
            out.statusCode.appendNull();
            out.statusMessage.appendNull();
            return;
        }
        int code = 0;
        long message = 0;
        int end = Slice.end(status);
        int at = Slice.at(status);
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 18 -> {
                    message = wire.slice(at, end);
                    at = Slice.end(message);
                }
                case 24 -> {
                    code = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(head, end);
            }
        }
        fingerprint.add(1, code);
        row.add(STATUS_TAG, message);
        out.statusCode.append(code);
        row.append(out.statusMessage, message);
    }

    private void events(SpanColumns out) throws MalformedRequestException {
        fingerprint.add((long) EVENTS_TAG << 32, events.count());
        for (int i = 0; i < events.count(); i++) {
            event(out.events, Slice.at(events.slice(i)), Slice.end(events.slice(i)));
        }
        out.events.list.append();
    }

    private void event(SpanColumns.Events out, int from, int end) throws MalformedRequestException {
        eventAttributes.clear();
        long time = 0;
        long name = 0;
        int dropped = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 9 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 18 -> {
                    name = wire.slice(at, end);
                    at = Slice.end(name);
                }
                case 26 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    eventAttributes.add(entry);
                }
                case 32 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(head, end);
            }
        }
        fingerprint.add(time, dropped);
        row.add(NAME_TAG, name);
        eventAttributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.types);
        row.checkInnerTime(time);
        out.time.appendTime(time);
        row.append(out.name, name);
        out.dropped.append(dropped + eventAttributes.dropped());
        out.structs.append();
    }

    private void links(SpanColumns out) throws MalformedRequestException {
        fingerprint.add((long) LINKS_TAG << 32, links.count());
        for (int i = 0; i < links.count(); i++) {
            link(out.links, Slice.at(links.slice(i)), Slice.end(links.slice(i)));
        }
        out.links.list.append();
    }

    private void link(SpanColumns.Links out, int from, int end) throws MalformedRequestException {
        linkAttributes.clear();
        long trace = 0;
        long span = 0;
        long state = 0;
        int dropped = 0;
        int flags = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    trace = wire.slice(at, end);
                    at = Slice.end(trace);
                }
                case 18 -> {
                    span = wire.slice(at, end);
                    at = Slice.end(span);
                }
                case 26 -> {
                    state = wire.slice(at, end);
                    at = Slice.end(state);
                }
                case 34 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    linkAttributes.add(entry);
                }
                case 40 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 53 -> {
                    flags = wire.fixed32(at, end);
                    at += 4;
                }
                default -> at = wire.skip(head, end);
            }
        }
        fingerprint.add(flags, dropped);
        row.add(TRACE_TAG, trace);
        row.add(SPAN_TAG, span);
        row.add(STATE_TAG, state);
        linkAttributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.types);
        row.appendId(out.traceId, trace, 16, MendReason.IDS);
        row.appendId(out.spanId, span, 8, MendReason.IDS);
        row.append(out.traceState, state);
        out.flags.append(flags);
        out.dropped.append(dropped + linkAttributes.dropped());
        out.structs.append();
    }
}
