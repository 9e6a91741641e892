package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.LogColumns;
import java.nio.charset.StandardCharsets;

/// Reads log records into rows. Not thread-safe.
///
/// Source: opentelemetry-proto 1.11, `LogRecord`.
final class LogReader implements RowReader {
    private static final int TEXT_TAG = 1;
    private static final int TRACE_TAG = 2;
    private static final int SPAN_TAG = 3;
    private static final int EVENT_TAG = 4;
    private static final int ATTRIBUTES_TAG = 5;
    private static final long SECOND_NANOS = 1_000_000_000;

    /// The texts of type letters, by letter.
    private static final byte[] LETTERS = "abcdefghijklmnopqrstuvwxyz________".getBytes(StandardCharsets.US_ASCII);

    private final RowState row;
    private final Wire wire;
    private final Fingerprint fingerprint;
    private final OpenRows rows;
    private final Attributes attributes;
    private final Bytes text = new Bytes(1024);

    /// The present row.
    private long time;

    private long observed;
    private int severity;
    private long severityText;
    private long body;
    private int dropped;
    private int flags;
    private long trace;
    private long span;
    private long event;

    LogReader(RowState row, OpenRows rows) {
        this.row = row;
        this.rows = rows;
        wire = row.wire;
        fingerprint = row.fingerprint;
        attributes = new Attributes(row);
    }

    @Override
    public void read(int from, int end) throws MalformedRequestException {
        LogColumns out = (LogColumns) rows.columns();
        rows.beginRow(out);
        clear();
        walk(from, end);
        long mendedBefore = out.mendedTexts();
        addFields();
        body(out);
        attributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.attributesTypes);
        boolean datable = time % SECOND_NANOS != 0 || observed % SECOND_NANOS != 0;
        store(out);
        if (out.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        rows.endRow(out, datable, time != 0 ? time : observed, from, end);
    }

    private void clear() {
        attributes.clear();
        time = 0;
        observed = 0;
        severity = 0;
        severityText = 0;
        body = 0;
        dropped = 0;
        flags = 0;
        trace = 0;
        span = 0;
        event = 0;
    }

    private void walk(int from, int end) throws MalformedRequestException {
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 9 -> {
                    time = wire.fixed64(at, end);
                    at += 8;
                }
                case 16 -> {
                    severity = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 26 -> {
                    severityText = wire.slice(at, end);
                    at = Slice.end(severityText);
                }
                case 42 -> {
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    body = body == 0 ? part : mergeBody(body, part);
                }
                case 50 -> {
                    long entry = wire.slice(at, end);
                    at = Slice.end(entry);
                    attributes.add(entry);
                }
                case 56 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 69 -> {
                    flags = wire.fixed32(at, end);
                    at += 4;
                }
                case 74 -> {
                    trace = wire.slice(at, end);
                    at = Slice.end(trace);
                }
                case 82 -> {
                    span = wire.slice(at, end);
                    at = Slice.end(span);
                }
                case 89 -> {
                    observed = wire.fixed64(at, end);
                    at += 8;
                }
                case 98 -> {
                    event = wire.slice(at, end);
                    at = Slice.end(event);
                }
                default -> at = wire.skip(head, end);
            }
        }
    }

    private void addFields() {
        rows.resumeScope();
        fingerprint.add(time, observed);
        fingerprint.add((long) severity << 32 | flags & 0xffffffffL, dropped);
        row.add(TEXT_TAG, severityText);
        row.add(TRACE_TAG, trace);
        row.add(SPAN_TAG, span);
        row.add(EVENT_TAG, event);
    }

    private void store(LogColumns out) {
        out.time.appendTime(time);
        row.checkTime(time);
        row.checkTime(observed);
        if (observed == 0) {
            observed = row.arrivalNanos;
            row.mend(MendReason.OBSERVED_TIME);
        }
        out.observedTime.appendTime(observed);
        out.severity.append(severity);
        row.append(out.severityText, severityText);
        row.appendId(out.traceId, trace, 16, MendReason.IDS);
        row.appendId(out.spanId, span, 8, MendReason.IDS);
        out.flags.append(flags);
        row.append(out.eventName, event);
        out.droppedAttributes.append(dropped + attributes.dropped());
    }

    private long mergeBody(long first, long second) throws MalformedRequestException {
        if (!wire.isMerged(first)) {
            row.check.anyValue(first, 1);
        }
        row.check.anyValue(second, 1);
        return wire.merge(first, second);
    }

    /// Adds the body to the fingerprint, as received, and stores it.
    private void body(LogColumns out) throws MalformedRequestException {
        if (body == 0) {
            fingerprint.add(0, 0);
            out.body.appendNull();
            out.bodyType.appendNull();
            return;
        }
        AnyValues values = row.values;
        values.open(body, 1);
        byte letter = values.letter;
        long content = values.content;
        fingerprint.add(1, letter);
        text.truncate(0);
        values.add(letter, content, 1, text);
        boolean sized = letter == 's' || letter == 'x' || AnyValues.isNested(letter);
        if (sized && Slice.length(content) > row.limits.maxValueBytes()) {
            content = Slice.of(Slice.at(content), cutBody(letter, Slice.at(content)));
        }
        if (letter == 'n') {
            out.body.appendNull();
        } else if (letter == 's') {
            out.body.append(wire.bytes(), Slice.at(content), Slice.length(content));
        } else {
            if (!AnyValues.isNested(letter)) {
                values.text(letter, content, text);
            }
            out.body.append(text.array(), 0, text.size());
        }
        if (letter == 's') {
            out.bodyType.appendNull();
        } else {
            out.bodyType.append(LETTERS, letter - 'a', 1);
        }
    }

    /// A body beyond the limit is cut; a nested one cannot be, and its row is rejected.
    private int cutBody(byte letter, int at) {
        int limit = row.limits.maxValueBytes();
        if (!row.limits.truncate() || AnyValues.isNested(letter)) {
            row.reject(RejectReason.LIMIT_EXCEEDED);
            return limit;
        }
        row.mend(MendReason.TRUNCATED);
        return letter == 's' ? row.cutText(at, limit) : limit;
    }
}
