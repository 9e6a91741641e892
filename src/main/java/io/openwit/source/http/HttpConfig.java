package io.openwit.source.http;

import java.time.Duration;

/// Where the OTLP/HTTP door listens, and its limits.
///
/// @param bind address: `ingestion.http.bind`
/// @param port `ingestion.http.port`; 0 takes a free one
/// @param maxConcurrentRequests being read or waiting for their answer; beyond it the answer is 503:
///     `ingestion.http.max_concurrent_requests`
/// @param requestTimeout for the whole body to arrive: `ingestion.http.request_timeout_ms`
/// @param idleTimeout for which nothing may move on a connection between requests, or in the middle of a head; longer
///     than `requestTimeout` where a stalled body shall hear 408 before its connection is given up
/// @param maxPayloadBytes of one body, as it arrives and after decompression: `ingestion.http.max_payload_size_mb`
public record HttpConfig(
        String bind, int port, int maxConcurrentRequests, Duration requestTimeout, Duration idleTimeout, int maxPayloadBytes) {
    public HttpConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is not 0 to 65535: " + port);
        }
        if (maxConcurrentRequests < 1 || maxPayloadBytes < 1) {
            throw new IllegalArgumentException("not positive: maxConcurrentRequests=" + maxConcurrentRequests
                    + " maxPayloadBytes=" + maxPayloadBytes);
        }
        if (requestTimeout.toMillis() < 1 || idleTimeout.toMillis() < 1) {
            throw new IllegalArgumentException(
                    "below a millisecond: requestTimeout=" + requestTimeout + " idleTimeout=" + idleTimeout);
        }
    }
}
