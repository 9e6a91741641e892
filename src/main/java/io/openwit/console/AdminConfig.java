package io.openwit.console;

import java.time.Duration;

/// Where the admin address is, and its limits.
///
/// @param port 0 takes a free one
/// @param metrics whether `/metrics` answers
/// @param maxRequests requests under way; the next one gets 503
/// @param maxBodyBytes of a request, such as a query's text; a larger one gets 413
/// @param idleTimeout a connection on which nothing moves for so long is closed
public record AdminConfig(
        String bind, int port, boolean metrics, int maxRequests, int maxBodyBytes, Duration idleTimeout) {
    public static AdminConfig of(String bind, int port, boolean metrics) {
        return new AdminConfig(bind, port, metrics, 64, 1 << 20, Duration.ofMinutes(2));
    }
}
