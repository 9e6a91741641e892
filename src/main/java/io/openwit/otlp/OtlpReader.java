package io.openwit.otlp;

import io.openwit.columnar.Bytes;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Signal;

/// Reads OTLP export requests from the protobuf wire straight into columns: no message object, no object per row.
///
/// A request is refused as a whole only when its bytes cannot be understood. Otherwise each row is judged by itself
/// (reliability.md §5): stored as it came, mended and counted, or rejected with a reason. In the same pass every row gets its
/// fingerprint, over tenant, signal, resource, scope and content as received. Reused; not thread-safe.
///
/// The three signals have the same envelopes under other names:
///
/// ```
/// request            1 repeated resource entry
///   resource entry   1 Resource   2 repeated scope entry   3 schema URL
///     scope entry    1 Scope      2 repeated log record, span or metric   3 schema URL
/// ```
///
/// Source: opentelemetry-proto 1.11; OTLP specification 1.8.
public final class OtlpReader {
    private final RowState row;
    private final Wire wire;
    private final OpenRows rows;
    private final LogReader logs;
    private final SpanReader spans;
    private final PointReader points;

    /// What the present message's envelope fields are: found before its rows are read, as they may come behind them.
    private long envelope;

    private long url;

    public OtlpReader(ReaderLimits limits, FingerprintKey key) {
        row = new RowState(limits, key);
        wire = row.wire;
        rows = new OpenRows(row);
        logs = new LogReader(row, rows);
        spans = new SpanReader(row, rows);
        points = new PointReader(row, rows);
    }

    /// Reads one request.
    ///
    /// @param body the request from `offset` on, readable for [Bytes#SLACK] bytes behind its end; borrowed until this returns
    /// @param arrivalNanos since 1970; the times of rows are judged by it, and a log without `observed_time` gets it
    /// @param result is added to, not cleared
    /// @throws MalformedRequestException the bytes are not a request of this signal; the caller abandons all parts
    public void read(
            Signal signal,
            byte[] body,
            int offset,
            int length,
            long arrivalNanos,
            PartTarget target,
            ReadResult result)
            throws MalformedRequestException {
        int end = offset + length;
        if (offset < 0 || length < 0 || end > body.length - Bytes.SLACK || end < offset) {
            throw new IllegalArgumentException("no request of " + length + " bytes at " + offset + " in " + body.length
                    + ", of which the last " + Bytes.SLACK + " are slack");
        }
        RowReader reader =
                switch (signal) {
                    case LOGS -> logs;
                    case TRACES -> spans;
                    case METRICS -> points;
                };
        wire.open(body, end, length);
        row.arrival(arrivalNanos);
        rows.open(target, result, offset);
        try {
            request(signal, reader, offset, end);
        } finally {
            rows.close();
            wire.close();
        }
    }

    private void request(Signal signal, RowReader reader, int from, int end) throws MalformedRequestException {
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (Wire.tag(head) == 10) {
                long entry = wire.slice(at, end);
                at = Slice.end(entry);
                resourceEntry(signal, reader, Slice.at(entry), at);
            } else {
                at = wire.skip(head, end);
            }
        }
    }

    private void resourceEntry(Signal signal, RowReader reader, int from, int end) throws MalformedRequestException {
        findEnvelope(signal, true, from, end);
        rows.resource(signal, envelope, url);
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (Wire.tag(head) == 18) {
                long entry = wire.slice(at, end);
                at = Slice.end(entry);
                scopeEntry(signal, reader, Slice.at(entry), at);
            } else {
                at = wire.skip(head, end);
            }
        }
    }

    private void scopeEntry(Signal signal, RowReader reader, int from, int end) throws MalformedRequestException {
        findEnvelope(signal, false, from, end);
        long scope = envelope;
        rows.scope(scope, url);
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            if (Wire.tag(head) == 18) {
                long message = wire.slice(at, end);
                at = Slice.end(message);
                reader.read(Slice.at(message), at);
            } else {
                at = wire.skip(head, end);
            }
        }
        if (!rows.scopeRead()) {
            // Without a row it is never read, and has to be well formed all the same.
            row.check.scope(signal, scope);
        }
    }

    /// Finds the Resource or Scope (field 1) and the schema URL (field 3) of an entry; a split one is put together.
    private void findEnvelope(Signal signal, boolean resource, int from, int end) throws MalformedRequestException {
        envelope = 0;
        url = 0;
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            switch (Wire.tag(head)) {
                case 10 -> {
                    long part = wire.slice(at, end);
                    at = Slice.end(part);
                    envelope = row.mergeMember(
                            resource ? WireCheck.ofResource(signal) : WireCheck.ofScope(signal),
                            resource ? "resource" : "scope",
                            envelope,
                            part);
                }
                case 26 -> {
                    url = wire.slice(at, end);
                    at = Slice.end(url);
                }
                default -> at = wire.skip(head, end);
            }
        }
    }
}
