package io.openwit.load;

import java.util.concurrent.atomic.AtomicLong;

/// The running account of one signal. Thread-safe; a request's counts change one after another, so that a reader may
/// see some of them before the others.
final class SignalTally {
    final AtomicLong requestsThrottled = new AtomicLong();
    final AtomicLong requestsRetried = new AtomicLong();
    final AtomicLong bytesSent = new AtomicLong();

    private final int rowsPerRequest;
    private final RowFates fates;
    private final AtomicLong requestsBegun = new AtomicLong();
    private final AtomicLong requestsAcknowledged = new AtomicLong();
    private final AtomicLong requestsRefused = new AtomicLong();
    private final AtomicLong rowsRejected = new AtomicLong();
    private final AtomicLong duplicateRequests = new AtomicLong();
    private final AtomicLong bytesAcknowledged = new AtomicLong();

    SignalTally(int rowsPerRequest) {
        this.rowsPerRequest = rowsPerRequest;
        fates = new RowFates(rowsPerRequest);
    }

    void begun(int request) {
        fates.begun(request);
        requestsBegun.incrementAndGet();
    }

    /// @param rejected rows of the request that were not taken
    void acknowledged(int request, long rejected, int bytes) {
        if (rejected > 0) {
            fates.partlyAcknowledged(request);
            rowsRejected.addAndGet(Math.min(rejected, rowsPerRequest));
        } else {
            fates.acknowledged(request);
        }
        bytesAcknowledged.addAndGet(bytes);
        requestsAcknowledged.incrementAndGet();
    }

    void refused(int request) {
        fates.refused(request);
        requestsRefused.incrementAndGet();
    }

    void duplicateAcknowledged() {
        duplicateRequests.incrementAndGet();
    }

    LoadCounts counts() {
        // Ends before beginnings, so that what is in between never comes out negative.
        long acknowledged = requestsAcknowledged.get();
        long rejectedRows = rowsRejected.get();
        long refused = requestsRefused.get();
        long duplicates = duplicateRequests.get();
        long begun = requestsBegun.get();
        long unacknowledged = begun - acknowledged - refused;
        return new LoadCounts(
                begun,
                acknowledged,
                refused,
                unacknowledged,
                requestsThrottled.get(),
                requestsRetried.get(),
                duplicates,
                begun * rowsPerRequest,
                acknowledged * rowsPerRequest - rejectedRows,
                rejectedRows,
                refused * rowsPerRequest,
                unacknowledged * rowsPerRequest,
                duplicates * rowsPerRequest,
                bytesAcknowledged.get(),
                bytesSent.get());
    }

    LoadReport.SignalReport report() {
        RowFates.Ranges ranges = fates.ranges();
        return new LoadReport.SignalReport(
                counts(),
                ranges.acknowledged(),
                ranges.partlyAcknowledged(),
                ranges.refused(),
                ranges.unacknowledged());
    }
}
