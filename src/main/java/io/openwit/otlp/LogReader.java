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
        attributes.clear();

        long time = 0;
        long observed = 0;
        int severity = 0;
        int severityAt = 0;
        int severityLength = 0;
        int bodyAt = -1;
        int bodyLength = 0;
        int dropped = 0;
        int flags = 0;
        int traceAt = 0;
        int traceLength = 0;
        int spanAt = 0;
        int spanLength = 0;
        int eventAt = 0;
        int eventLength = 0;
        int at = from;
        while (at < end) {
            int tag = wire.tag(at, end);
            at = wire.next;
            switch (tag) {
                case 9 -> {
                    time = wire.fixed64(at, end);
                    at = wire.next;
                }
                case 16 -> {
                    severity = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 26 -> {
                    severityLength = wire.length(at, end);
                    severityAt = wire.next;
                    at = severityAt + severityLength;
                }
                case 42 -> {
                    int length = wire.length(at, end);
                    at = wire.next;
                    if (bodyAt < 0) {
                        bodyAt = at;
                        bodyLength = length;
                    } else {
                        bodyAt = mergeBody(bodyAt, bodyLength, at, length);
                        bodyLength += length;
                    }
                    at += length;
                }
                case 50 -> {
                    int length = wire.length(at, end);
                    at = wire.next + length;
                    attributes.add(at - length, at);
                }
                case 56 -> {
                    dropped = (int) wire.varint(at, end);
                    at = wire.next;
                }
                case 69 -> {
                    flags = wire.fixed32(at, end);
                    at = wire.next;
                }
                case 74 -> {
                    traceLength = wire.length(at, end);
                    traceAt = wire.next;
                    at = traceAt + traceLength;
                }
                case 82 -> {
                    spanLength = wire.length(at, end);
                    spanAt = wire.next;
                    at = spanAt + spanLength;
                }
                case 89 -> {
                    observed = wire.fixed64(at, end);
                    at = wire.next;
                }
                case 98 -> {
                    eventLength = wire.length(at, end);
                    eventAt = wire.next;
                    at = eventAt + eventLength;
                }
                default -> at = wire.skip(tag, at, end);
            }
        }

        long mendedBefore = out.mendedTexts();
        rows.resumeScope();
        fingerprint.add(time, observed);
        fingerprint.add((long) severity << 32 | flags & 0xffffffffL, dropped);
        byte[] bytes = wire.bytes();
        fingerprint.add(TEXT_TAG, bytes, severityAt, severityLength);
        fingerprint.add(TRACE_TAG, bytes, traceAt, traceLength);
        fingerprint.add(SPAN_TAG, bytes, spanAt, spanLength);
        fingerprint.add(EVENT_TAG, bytes, eventAt, eventLength);
        body(out, bodyAt, bodyLength);
        attributes.addToAndStore(fingerprint, ATTRIBUTES_TAG, out.attributes, out.attributesTypes);

        bytes = wire.bytes();
        out.time.appendTime(time);
        row.checkTime(time);
        row.checkTime(observed);
        boolean datable = time % SECOND_NANOS != 0 || observed % SECOND_NANOS != 0;
        if (observed == 0) {
            observed = row.arrivalNanos;
            row.mend(MendReason.OBSERVED_TIME);
        }
        out.observedTime.appendTime(observed);
        out.severity.append(severity);
        out.severityText.appendOrNull(bytes, severityAt, severityLength);
        row.appendId(out.traceId, traceAt, traceLength, 16, MendReason.IDS);
        row.appendId(out.spanId, spanAt, spanLength, 8, MendReason.IDS);
        out.flags.append(flags);
        out.eventName.appendOrNull(bytes, eventAt, eventLength);
        out.droppedAttributes.append(dropped + attributes.dropped());
        if (out.mendedTexts() != mendedBefore) {
            row.mend(MendReason.UTF8);
        }
        rows.endRow(out, datable, time != 0 ? time : observed, from, end);
    }

    private int mergeBody(int at, int length, int nextAt, int nextLength) throws MalformedRequestException {
        if (at <= wire.requestEnd()) {
            row.check.anyValue(at, at + length, 1);
        }
        row.check.anyValue(nextAt, nextAt + nextLength, 1);
        return wire.merge(at, length, nextAt, nextLength);
    }

    /// Adds the body to the fingerprint, as received, and stores it.
    private void body(LogColumns out, int at, int length) throws MalformedRequestException {
        if (at < 0) {
            fingerprint.add(0, 0);
            out.body.appendNull();
            out.bodyType.appendNull();
            return;
        }
        AnyValues values = row.values;
        values.open(at, at + length, 1);
        byte letter = values.letter;
        int valueAt = values.at;
        int valueLength = values.length;
        long number = values.number;
        fingerprint.add(1, letter);
        text.truncate(0);
        values.add(letter, valueAt, valueLength, number, 1, text);
        int kept = valueLength;
        if (valueLength > row.limits.maxValueBytes()) {
            kept = cutBody(letter, valueAt);
        }
        if (letter == 'n') {
            out.body.appendNull();
        } else if (letter == 's') {
            out.body.append(wire.bytes(), valueAt, kept);
        } else {
            if (letter != 'a' && letter != 'k') {
                values.text(letter, valueAt, kept, number, text);
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
        if (!row.limits.truncate() || letter == 'a' || letter == 'k') {
            row.reject(RejectReason.LIMIT_EXCEEDED);
            return limit;
        }
        row.mend(MendReason.TRUNCATED);
        return letter == 's' ? row.cutText(at, limit) : limit;
    }
}
