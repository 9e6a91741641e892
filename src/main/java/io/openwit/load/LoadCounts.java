package io.openwit.load;

/// How many requests and rows came to which end, at one moment.
///
/// `rowsSent = rowsAcknowledged + rowsRejected + rowsRefused + rowsUnacknowledged`: each row is counted once, whatever
/// number of times its request travelled.
///
/// @param requestsSent requests begun
/// @param requestsAcknowledged answered OK, those with rejected rows included
/// @param requestsRefused answered with an error that does not go away: not sent again
/// @param requestsUnacknowledged in flight, waiting to be sent again, or given up at the end: they may be stored or not
/// @param requestsThrottled answers that asked to come again later (429, 503, UNAVAILABLE or RESOURCE_EXHAUSTED with a
///     delay)
/// @param requestsRetried sendings after the first of a request that was not acknowledged before
/// @param duplicateRequests requests that were sent again on purpose, after they had been acknowledged, and
///     acknowledged again
/// @param rowsRejected rows that an OK answer said it did not take
/// @param duplicateRows rows of `duplicateRequests`
/// @param bytesAcknowledged bytes of acknowledged requests, as OTLP protobuf, each once
/// @param bytesSent bytes of all sendings
public record LoadCounts(
        long requestsSent,
        long requestsAcknowledged,
        long requestsRefused,
        long requestsUnacknowledged,
        long requestsThrottled,
        long requestsRetried,
        long duplicateRequests,
        long rowsSent,
        long rowsAcknowledged,
        long rowsRejected,
        long rowsRefused,
        long rowsUnacknowledged,
        long duplicateRows,
        long bytesAcknowledged,
        long bytesSent) {
    public static final LoadCounts NONE = new LoadCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    public LoadCounts plus(LoadCounts other) {
        return new LoadCounts(
                requestsSent + other.requestsSent,
                requestsAcknowledged + other.requestsAcknowledged,
                requestsRefused + other.requestsRefused,
                requestsUnacknowledged + other.requestsUnacknowledged,
                requestsThrottled + other.requestsThrottled,
                requestsRetried + other.requestsRetried,
                duplicateRequests + other.duplicateRequests,
                rowsSent + other.rowsSent,
                rowsAcknowledged + other.rowsAcknowledged,
                rowsRejected + other.rowsRejected,
                rowsRefused + other.rowsRefused,
                rowsUnacknowledged + other.rowsUnacknowledged,
                duplicateRows + other.duplicateRows,
                bytesAcknowledged + other.bytesAcknowledged,
                bytesSent + other.bytesSent);
    }
}
