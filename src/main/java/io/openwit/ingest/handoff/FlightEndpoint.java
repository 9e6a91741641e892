package io.openwit.ingest.handoff;

import java.net.URI;
import java.net.URISyntaxException;

/// The address of an Arrow Flight server: `grpc://host:9401`, `grpc+tcp://host:9401` or `host:9401`.
public record FlightEndpoint(String host, int port) {
    private static final int DEFAULT_PORT = 9401;

    public FlightEndpoint {
        if (host.isEmpty() || port < 1 || port > 65_535) {
            throw new IllegalArgumentException("not a Flight endpoint: host=" + host + " port=" + port);
        }
    }

    /// @throws IllegalArgumentException the text is no such address; the message says what is wrong
    public static FlightEndpoint parse(String text) {
        URI uri;
        try {
            uri = new URI(text.contains("://") ? text : "grpc://" + text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not a Flight endpoint (grpc://host:port): " + e.getMessage(), e);
        }
        String scheme = uri.getScheme();
        if (!"grpc".equals(scheme) && !"grpc+tcp".equals(scheme)) {
            throw new IllegalArgumentException(
                    "a Flight endpoint begins with grpc:// or grpc+tcp://, not " + scheme + "://");
        }
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("a Flight endpoint names a host, as in grpc://host:9401: " + text);
        }
        return new FlightEndpoint(uri.getHost(), uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
    }

    @Override
    public String toString() {
        return "grpc://" + host + ":" + port;
    }
}
