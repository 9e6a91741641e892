package io.openwit.bulk;

import java.time.Duration;

/// How a gateway reaches one ingest node.
///
/// @param token the node's credentials; empty where the ingest node asks for none
/// @param maxBytesInFlight of batches that have no answer; a single larger batch travels alone
/// @param answerTimeout how long a batch waits for room, and then for its answer; the stream of an answer that does not
///     come is given up
/// @param connectTimeout until the node has said hello
/// @param minBackoff after the first failed attempt, on average; it doubles with each further one
/// @param maxBackoff the longest, on average
public record BulkClientConfig(
        String host,
        int port,
        String token,
        long maxBytesInFlight,
        Duration answerTimeout,
        Duration connectTimeout,
        Duration minBackoff,
        Duration maxBackoff) {
    public static final long DEFAULT_MAX_BYTES_IN_FLIGHT = 16L << 20;
    public static final Duration DEFAULT_ANSWER_TIMEOUT = Duration.ofSeconds(10);
    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(5);
    public static final Duration DEFAULT_MIN_BACKOFF = Duration.ofMillis(100);
    public static final Duration DEFAULT_MAX_BACKOFF = Duration.ofSeconds(5);

    public BulkClientConfig {
        if (maxBytesInFlight < 1) {
            throw new IllegalArgumentException("maxBytesInFlight is not positive: " + maxBytesInFlight);
        }
    }

    /// With the default limits.
    public static BulkClientConfig of(String host, int port, String token) {
        return new BulkClientConfig(
                host,
                port,
                token,
                DEFAULT_MAX_BYTES_IN_FLIGHT,
                DEFAULT_ANSWER_TIMEOUT,
                DEFAULT_CONNECT_TIMEOUT,
                DEFAULT_MIN_BACKOFF,
                DEFAULT_MAX_BACKOFF);
    }

    /// The name of the node until it has said its own: `host:port`.
    public String address() {
        return host + ":" + port;
    }

    @Override
    public String toString() {
        return "BulkClientConfig[" + address() + "]";
    }
}
