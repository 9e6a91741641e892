package io.openwit.ingest.handoff;

import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import io.openwit.telemetry.Telemetry;
import org.jspecify.annotations.Nullable;

/// One batch on its way, from the moment that the handoff reads its header until everything before it is answered too.
/// Holds no rows and no header: they are read from the log once more if they must be sent once more.
final class Delivery {
    /// Where a delivery is.
    enum State {
        /// Not sent, or sent in vain.
        WAITING,
        /// Sent on a stream that still stands.
        IN_FLIGHT,
        /// The endpoint has it, or there was nothing to send.
        ANSWERED
    }

    final BatchId id;
    final String idText;
    final WalPosition position;
    final WalPosition end;
    final long arrivalNanos;
    final Backoff refusals;
    State state = State.WAITING;
    boolean sentBefore;
    int bytesInFlight;
    long retryAtNanos;
    Telemetry.@Nullable Timing transfer;

    Delivery(BatchId id, WalPosition position, WalPosition end, long arrivalNanos, Backoff refusals) {
        this.id = id;
        this.idText = id.toString();
        this.position = position;
        this.end = end;
        this.arrivalNanos = arrivalNanos;
        this.refusals = refusals;
    }
}
