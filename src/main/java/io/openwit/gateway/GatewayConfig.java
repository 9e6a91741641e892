package io.openwit.gateway;

import io.openwit.otlp.ReaderLimits;
import java.time.Duration;

/// The limits of the gateway, each a configuration key or derived from one.
///
/// @param batchRows a batch with so many rows closes: `ingestion.batching.batch_size`
/// @param batchBytes a batch with so many bytes of OTLP closes, and a larger part is cut:
///     `ingestion.batching.batch_bytes`
/// @param batchTimeout a batch closes so long after its first row: `ingestion.batching.batch_timeout_ms`
/// @param maxBufferBytes of requests that are not answered yet, after decompression: `processing.buffer.max_size_bytes`
/// @param maxBufferRequests requests that are not answered yet: `processing.buffer.max_size_messages`
/// @param maxRequestBytes of one request after decompression: `ingestion.grpc.max_message_size`
/// @param workers threads that read requests into columns; one a core
/// @param maxOpenBatches of one worker; beyond it the batch that was longest untouched closes
/// @param maxOpenBytes OTLP bytes in the open batches of one worker; beyond it the same
/// @param sendAttempts how often one batch is offered to its node before its requests hear *Unavailable*
/// @param sendBackoff pause before the second attempt, on average; it doubles with each further one
/// @param tokenHeader where a token may stand besides `Authorization: Bearer`: `security.authentication.token_header`
/// @param reader what one row may hold; its `maxPartBytes` becomes `batchBytes`, whatever it was
public record GatewayConfig(
        int batchRows,
        int batchBytes,
        Duration batchTimeout,
        long maxBufferBytes,
        int maxBufferRequests,
        int maxRequestBytes,
        int workers,
        int maxOpenBatches,
        long maxOpenBytes,
        int sendAttempts,
        Duration sendBackoff,
        String tokenHeader,
        ReaderLimits reader) {
    public static final int DEFAULT_MAX_OPEN_BATCHES = 1024;
    public static final long DEFAULT_MAX_OPEN_BYTES = 64L << 20;
    public static final int DEFAULT_SEND_ATTEMPTS = 3;
    public static final Duration DEFAULT_SEND_BACKOFF = Duration.ofMillis(200);
    public static final String DEFAULT_TOKEN_HEADER = "x-auth-token";

    /// The largest request that can be configured: positions in a request are ints, and the buffer has slack behind it.
    public static final int LARGEST_MAX_REQUEST_BYTES = 1 << 29;

    public GatewayConfig {
        atLeastOne("batchRows", batchRows);
        atLeastOne("batchBytes", batchBytes);
        atLeastOne("batchTimeout", batchTimeout.toNanos());
        atLeastOne("maxBufferRequests", maxBufferRequests);
        atLeastOne("maxRequestBytes", maxRequestBytes);
        atLeastOne("workers", workers);
        atLeastOne("maxOpenBatches", maxOpenBatches);
        atLeastOne("maxOpenBytes", maxOpenBytes);
        atLeastOne("sendAttempts", sendAttempts);
        if (maxRequestBytes > LARGEST_MAX_REQUEST_BYTES) {
            throw new IllegalArgumentException(
                    "maxRequestBytes is over " + LARGEST_MAX_REQUEST_BYTES + ": " + maxRequestBytes);
        }
        if (maxBufferBytes < maxRequestBytes) {
            throw new IllegalArgumentException("maxBufferBytes must hold the largest request: " + maxBufferBytes + " < "
                    + maxRequestBytes);
        }
        reader = new ReaderLimits(
                reader.maxAttributes(),
                reader.maxValueBytes(),
                reader.truncate(),
                reader.maxPastNanos(),
                reader.maxFutureNanos(),
                batchBytes,
                reader.maxDepth());
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " is not positive: " + value);
        }
    }
}
