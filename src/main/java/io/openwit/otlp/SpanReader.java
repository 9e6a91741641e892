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

        int traceAt = 0;
        int traceLength = 0;
        int spanAt = 0;
        int spanLength = 0;
        int parentAt = 0;
        int parentLength = 0;
        int stateAt = 0;
        int stateLength = 0;
        int nameAt = 0;
        int nameLength = 0;
        int kind = 0;
        int flags = 0;
        long start = 0;
        long finish = 0;
        int droppedAttributes = 0;
        int droppedEvents = 0;
        int droppedLinks = 0;
        int statusAt = -1;
        int statusLength = 0;
        int at = from;
        while (at < end) {
            int tag = wire.tag(at, end);
            at = wire.next;
            switch (tag) {
                case 10 -> {
                    traceLength = wire.length(at, end);
                    traceAt = wire.next;
                    at = traceAt + traceLength;
                }
                case 18 -> {
                    spanLength = wire.length(at, end);
                    spanAt = wire.next;
                    at = spanAt + spanLength;
                }
                case 26 -> {
                    stateLength = wire.length(at, end);
                    stateAt = wire.next;
                    at = stateAt + stateLength;
                }
                case 34 -> {
                    parentLength = wire.length(at, end);
                    parentAt = wire.next;
                    at = parentAt + parentLength;
                }
                case 42 -> {
                    nameLength = wire.length(at, end);
                    nameAt = wire.next;
                    at = nameAt + nameLength;
                }
                case 48 -> {
                    kind = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 57 -> {
                    start = wire.fixed64(at, end);
                    at = wire.next;
                }
                case 65 -> {
                    finish = wire.fixed64(at, end);
                    at = wire.next;
                }
                case 74 -> {
                    int length = wire.length(at, end);
                    at = wire.next + length;
                    attributes.add(at - length, at);
                }
                case 80 -> {
                    droppedAttributes = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 90 -> {
                    int length = wire.length(at, end);
                    events.add(wire.next, length);
                    at = wire.next + length;
                }
                case 96 -> {
                    droppedEvents = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 106 -> {
                    int length = wire.length(at, end);
                    links.add(wire.next, length);
                    at = wire.next + length;
                }
                case 112 -> {
                    droppedLinks = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 122 -> {
                    int length = wire.length(at, end);
                    at = wire.next;
                    if (statusAt < 0) {
                        statusAt = at;
                        statusLength = length;
                    } else {
                        statusAt = row.mergeMember(SPAN, "status", statusAt, statusLength, at, length);
                        statusLength += length;
                    }
                    at += length;
                }
                case 133 -> {
                    flags = wire.fixed32(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(tag, at, end);
            }
        }

        long mendedBefore = out.mendedTexts();
        rows.resumeScope();
        fingerprint.add(start, finish);
        fingerprint.add((long) kind << 32 | flags & 0xffffffffL, droppedAttributes);
        fingerprint.add(droppedEvents, droppedLinks);
        byte[] bytes = wire.bytes();
        fingerprint.add(TRACE_TAG, bytes, traceAt, traceLength);
        fingerprint.add(SPAN_TAG, bytes, spanAt, spanLength);
        fingerprint.add(PARENT_TAG, bytes, parentAt, parentLength);
        fingerprint.add(STATE_TAG, bytes, stateAt, stateLength);
        fingerprint.add(NAME_TAG, bytes, nameAt, nameLength);
        attributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.attributesTypes);
        status(out, statusAt, statusLength);
        events(out);
        links(out);

        bytes = wire.bytes();
        row.checkTime(start);
        row.checkTime(finish);
        if (finish < start && row.rejected() == null) {
            row.mend(MendReason.END_BEFORE_START);
        }
        appendRequiredId(out, traceAt, traceLength, spanAt, spanLength);
        row.appendId(out.parentSpanId, parentAt, parentLength, 8, MendReason.PARENT_ID);
        out.traceState.appendOrNull(bytes, stateAt, stateLength);
        out.flags.append(flags);
        out.name.appendOrNull(bytes, nameAt, nameLength);
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

    private void appendRequiredId(SpanColumns out, int traceAt, int traceLength, int spanAt, int spanLength) {
        if (row.isId(traceAt, traceLength, 16) && row.isId(spanAt, spanLength, 8)) {
            out.traceId.append(wire.bytes(), traceAt);
            out.spanId.append(wire.bytes(), spanAt);
        } else {
            row.reject(RejectReason.SPAN_IDS_INVALID);
        }
    }

    private void status(SpanColumns out, int from, int length) throws MalformedRequestException {
        if (from < 0) {
            fingerprint.add(0, 0);
            out.statusCode.appendNull();
            out.statusMessage.appendNull();
            return;
        }
        int code = 0;
        int messageAt = 0;
        int messageLength = 0;
        int end = from + length;
        int at = from;
        while (at < end) {
            int tag = wire.tag(at, end);
            at = wire.next;
            switch (tag) {
                case 18 -> {
                    messageLength = wire.length(at, end);
                    messageAt = wire.next;
                    at = messageAt + messageLength;
                }
                case 24 -> {
                    code = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(tag, at, end);
            }
        }
        fingerprint.add(1, code);
        fingerprint.add(STATUS_TAG, wire.bytes(), messageAt, messageLength);
        out.statusCode.append(code);
        out.statusMessage.appendOrNull(wire.bytes(), messageAt, messageLength);
    }

    private void events(SpanColumns out) throws MalformedRequestException {
        fingerprint.add((long) EVENTS_TAG << 32, events.count());
        for (int i = 0; i < events.count(); i++) {
            event(out.events, events.at(i), events.at(i) + events.length(i));
        }
        out.events.list.append();
    }

    private void event(SpanColumns.Events out, int from, int end) throws MalformedRequestException {
        eventAttributes.clear();
        long time = 0;
        int nameAt = 0;
        int nameLength = 0;
        int dropped = 0;
        int at = from;
        while (at < end) {
            int tag = wire.tag(at, end);
            at = wire.next;
            switch (tag) {
                case 9 -> {
                    time = wire.fixed64(at, end);
                    at = wire.next;
                }
                case 18 -> {
                    nameLength = wire.length(at, end);
                    nameAt = wire.next;
                    at = nameAt + nameLength;
                }
                case 26 -> {
                    int length = wire.length(at, end);
                    at = wire.next + length;
                    eventAttributes.add(at - length, at);
                }
                case 32 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(tag, at, end);
            }
        }
        fingerprint.add(time, dropped);
        fingerprint.add(NAME_TAG, wire.bytes(), nameAt, nameLength);
        eventAttributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.types);
        row.checkInnerTime(time);
        out.time.appendTime(time);
        out.name.appendOrNull(wire.bytes(), nameAt, nameLength);
        out.dropped.append(dropped + eventAttributes.dropped());
        out.structs.append();
    }

    private void links(SpanColumns out) throws MalformedRequestException {
        fingerprint.add((long) LINKS_TAG << 32, links.count());
        for (int i = 0; i < links.count(); i++) {
            link(out.links, links.at(i), links.at(i) + links.length(i));
        }
        out.links.list.append();
    }

    private void link(SpanColumns.Links out, int from, int end) throws MalformedRequestException {
        linkAttributes.clear();
        int traceAt = 0;
        int traceLength = 0;
        int spanAt = 0;
        int spanLength = 0;
        int stateAt = 0;
        int stateLength = 0;
        int dropped = 0;
        int flags = 0;
        int at = from;
        while (at < end) {
            int tag = wire.tag(at, end);
            at = wire.next;
            switch (tag) {
                case 10 -> {
                    traceLength = wire.length(at, end);
                    traceAt = wire.next;
                    at = traceAt + traceLength;
                }
                case 18 -> {
                    spanLength = wire.length(at, end);
                    spanAt = wire.next;
                    at = spanAt + spanLength;
                }
                case 26 -> {
                    stateLength = wire.length(at, end);
                    stateAt = wire.next;
                    at = stateAt + stateLength;
                }
                case 34 -> {
                    int length = wire.length(at, end);
                    at = wire.next + length;
                    linkAttributes.add(at - length, at);
                }
                case 40 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 53 -> {
                    flags = wire.fixed32(at, end);
                    at = wire.next;
                }
                default -> at = wire.skip(tag, at, end);
            }
        }
        byte[] bytes = wire.bytes();
        fingerprint.add(flags, dropped);
        fingerprint.add(TRACE_TAG, bytes, traceAt, traceLength);
        fingerprint.add(SPAN_TAG, bytes, spanAt, spanLength);
        fingerprint.add(STATE_TAG, bytes, stateAt, stateLength);
        linkAttributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.types);
        row.appendId(out.traceId, traceAt, traceLength, 16, MendReason.IDS);
        row.appendId(out.spanId, spanAt, spanLength, 8, MendReason.IDS);
        out.traceState.appendOrNull(wire.bytes(), stateAt, stateLength);
        out.flags.append(flags);
        out.dropped.append(dropped + linkAttributes.dropped());
        out.structs.append();
    }
}
