package io.openwit.otlp;

import io.openwit.columnar.Columns;
import io.openwit.columnar.Fingerprint;
import io.openwit.model.Signal;
import org.jspecify.annotations.Nullable;

/// Where the rows of one request go, one after the other: finds their columns, stores resource and scope with each, and
/// keeps a row or takes it back. Not thread-safe.
final class OpenRows {
    private final RowState row;
    private final Envelope envelope;
    private final Fingerprint fingerprint;

    private @Nullable PartTarget target;
    private @Nullable ReadResult result;
    private @Nullable Columns columns;
    private boolean scopeRead;
    private boolean envelopeStored;
    private long scope;
    private long scopeUrl;

    /// Where the last row ended: what stands before the next one is charged to that.
    private int chargedTo;

    private int wireMark;

    OpenRows(RowState row) {
        this.row = row;
        envelope = new Envelope(row);
        fingerprint = row.fingerprint;
    }

    void open(PartTarget target, ReadResult result, int offset) {
        this.target = target;
        this.result = result;
        columns = null;
        chargedTo = offset;
    }

    void close() {
        target = null;
        result = null;
        columns = null;
    }

    /// The following rows are of this resource.
    void resource(Signal signal, long resource, long url) throws MalformedRequestException {
        envelope.readResource(signal, resource, url);
        columns = null;
    }

    /// The following rows are of this scope; it is read with the first of them.
    void scope(long scope, long url) {
        this.scope = scope;
        scopeUrl = url;
        scopeRead = false;
        envelopeStored = false;
    }

    /// Whether the present scope has had a row.
    boolean scopeRead() {
        return scopeRead;
    }

    /// The columns that the next row goes to; the scope has been read, and [#resumeScope] works.
    Columns columns() throws MalformedRequestException {
        Columns open = columns;
        if (open == null) {
            open = target().columnsFor(envelope.resourceHash());
            envelopeStored = false;
            scopeRead = false;
        }
        if (open.partBytes() >= row.limits.maxPartBytes()) {
            open = target().nextPiece(open, envelope.resourceHash());
            envelopeStored = false;
        }
        columns = open;
        if (!scopeRead) {
            envelope.readScope(open, scope, scopeUrl);
            scopeRead = true;
        }
        return open;
    }

    /// Sets the fingerprint to where a row of the present scope begins.
    void resumeScope() {
        envelope.resumeFingerprint();
    }

    /// Begins a row in what [#columns] gave: resource and scope are stored.
    ///
    /// @return whether the row before it in these columns has the same resource and scope
    boolean beginRow(Columns open) {
        row.beginRow();
        wireMark = row.wire.mark();
        if (envelopeStored) {
            envelope.repeat(open);
        } else {
            envelope.store(open);
        }
        return envelopeStored;
    }

    /// Keeps the open row, whose fingerprint has been computed, or takes it back if it was rejected.
    ///
    /// @param from where the row's message begins
    /// @param end where it ends
    /// @return whether it was kept
    boolean endRow(Columns open, boolean datable, long time, int from, int end) {
        int bytes = end - from;
        if (end <= row.wire.requestEnd()) {
            bytes = end - chargedTo;
            chargedTo = end;
        }
        row.wire.release(wireMark);
        RejectReason rejected = row.rejected();
        if (rejected != null) {
            open.abandonRow();
            result().reject(rejected, 1);
            return false;
        }
        open.endRow(fingerprint.high(), fingerprint.low(), datable, time, bytes, envelope.entries());
        result().accept(row.mends());
        envelopeStored = true;
        return true;
    }

    private PartTarget target() {
        if (target == null) {
            throw new IllegalStateException("no request is being read");
        }
        return target;
    }

    private ReadResult result() {
        if (result == null) {
            throw new IllegalStateException("no request is being read");
        }
        return result;
    }
}
