package io.openwit.load;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a run of load is to do.
///
/// @param target scheme, host, port, and for HTTP the path before `/v1/logs`
/// @param protocol how the requests travel
/// @param signals what is sent, in turn; not empty, each once
/// @param rowsPerRequest 1 to [#MAX_ROWS_PER_REQUEST] log records, spans or points in each request
/// @param connections 1 to [#MAX_CONNECTIONS]
/// @param rowsPerSecond of all connections and signals together; 0 is as fast as the acknowledgements come
/// @param maxRequests the run ends after as many, if its time has not ended before
/// @param duration new requests are begun for so long
/// @param grace what is unanswered after `duration` is waited for and sent again for so long, and then given up
/// @param requestTimeout one sending of one request is given up after so long, its fate unknown
/// @param duplicates share of the requests, 0 to 1, that is sent a second time, byte for byte, after it was
///     acknowledged
/// @param token for `Authorization: Bearer`
/// @param tenant for `X-OpenWit-Tenant`
/// @param runId what every row carries as `load.run`: 1 to 64 letters, digits, `_`, `-` and `.`
/// @param seed what the content depends on, besides the run's id and the row's number
public record LoadOptions(
        URI target,
        Protocol protocol,
        List<Signal> signals,
        int rowsPerRequest,
        int connections,
        double rowsPerSecond,
        long maxRequests,
        Duration duration,
        Duration grace,
        Duration requestTimeout,
        double duplicates,
        Optional<String> token,
        Optional<TenantId> tenant,
        String runId,
        long seed) {
    public static final int MAX_ROWS_PER_REQUEST = 100_000;
    public static final int MAX_CONNECTIONS = 1_000;

    private static final Duration LONGEST = Duration.ofDays(365);

    /// How the requests travel, always without TLS.
    public enum Protocol {
        GRPC,
        HTTP;

        /// The name that users type and see: `grpc`, `http`.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// @throws IllegalArgumentException there is no protocol of this name
        public static Protocol ofLabel(String label) {
            for (Protocol protocol : values()) {
                if (protocol.label().equals(label)) {
                    return protocol;
                }
            }
            throw new IllegalArgumentException("no such protocol: " + label + " (grpc or http)");
        }
    }

    /// @throws IllegalArgumentException a value is out of its bounds; the message is meant for the person who typed it
    public LoadOptions {
        signals = List.copyOf(signals);
        require(!signals.isEmpty() && signals.stream().distinct().count() == signals.size(),
                "signals must be one or more, each once: " + signals);
        require(rowsPerRequest >= 1 && rowsPerRequest <= MAX_ROWS_PER_REQUEST,
                "rows per request must be 1 to " + MAX_ROWS_PER_REQUEST + ": " + rowsPerRequest);
        require(connections >= 1 && connections <= MAX_CONNECTIONS,
                "connections must be 1 to " + MAX_CONNECTIONS + ": " + connections);
        require(rowsPerSecond >= 0 && Double.isFinite(rowsPerSecond), "rate must be rows per second: " + rowsPerSecond);
        require(maxRequests >= 1, "requests must be 1 or more: " + maxRequests);
        require(isWithin(duration, Duration.ofNanos(1)), "duration must be more than 0, at most a year: " + duration);
        require(isWithin(grace, Duration.ZERO), "grace must be 0 to a year: " + grace);
        require(isWithin(requestTimeout, Duration.ofNanos(1)),
                "request timeout must be more than 0, at most a year: " + requestTimeout);
        require(duplicates >= 0 && duplicates <= 1, "duplicates must be a share from 0.0 to 1.0: " + duplicates);
        require(runId.matches("[A-Za-z0-9_.-]{1,64}"), "run id must be 1 to 64 of A-Z a-z 0-9 _ - . : " + runId);
        require(token.isEmpty() || token.get().matches("[!-~]+"), "token must be printable ASCII without spaces");
    }

    /// Without the token.
    @Override
    public String toString() {
        return "LoadOptions[run=" + runId + " target=" + target + " protocol=" + protocol.label() + " signals="
                + signals + "]";
    }

    /// Options with the values that hold where nothing else is said: all signals, 1,000 rows a request, 4 connections,
    /// as fast as it goes for 10 s, 30 s of grace, 10 s a request, nothing twice, a run id made of the seed.
    ///
    /// @param target `http://host:port`, `grpc://host:port` or `host:port`
    /// @throws IllegalArgumentException the target is no such URL
    public static Builder to(String target, Protocol protocol) {
        return new Builder(parseTarget(target, protocol), protocol);
    }

    private static URI parseTarget(String target, Protocol protocol) {
        String form = "target must be http://HOST:PORT, grpc://HOST:PORT or HOST:PORT: " + target;
        URI uri;
        try {
            uri = new URI(target.contains("://") ? target : protocol.label() + "://" + target);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(form, e);
        }
        boolean known = "http".equals(uri.getScheme()) || "grpc".equals(uri.getScheme());
        require(known && uri.getHost() != null && uri.getPort() >= 1 && uri.getPort() <= 65_535, form);
        require(uri.getQuery() == null && uri.getFragment() == null && uri.getUserInfo() == null, form);
        return uri;
    }

    private static boolean isWithin(Duration value, Duration least) {
        return value.compareTo(least) >= 0 && value.compareTo(LONGEST) <= 0;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /// Collects options; not thread-safe.
    public static final class Builder {
        private final URI target;
        private final Protocol protocol;
        private List<Signal> signals = List.of(Signal.values());
        private int rowsPerRequest = 1_000;
        private int connections = 4;
        private double rowsPerSecond;
        private long maxRequests = Long.MAX_VALUE;
        private Duration duration = Duration.ofSeconds(10);
        private Duration grace = Duration.ofSeconds(30);
        private Duration requestTimeout = Duration.ofSeconds(10);
        private double duplicates;
        private Optional<String> token = Optional.empty();
        private Optional<TenantId> tenant = Optional.empty();
        private Optional<String> runId = Optional.empty();
        private long seed;

        private Builder(URI target, Protocol protocol) {
            this.target = target;
            this.protocol = protocol;
        }

        public Builder signals(Signal... values) {
            signals = List.of(values);
            return this;
        }

        public Builder signals(List<Signal> values) {
            signals = values;
            return this;
        }

        public Builder rowsPerRequest(int value) {
            rowsPerRequest = value;
            return this;
        }

        public Builder connections(int value) {
            connections = value;
            return this;
        }

        /// 0 is as fast as the acknowledgements come.
        public Builder rowsPerSecond(double value) {
            rowsPerSecond = value;
            return this;
        }

        public Builder maxRequests(long value) {
            maxRequests = value;
            return this;
        }

        public Builder duration(Duration value) {
            duration = value;
            return this;
        }

        public Builder grace(Duration value) {
            grace = value;
            return this;
        }

        public Builder requestTimeout(Duration value) {
            requestTimeout = value;
            return this;
        }

        public Builder duplicates(double value) {
            duplicates = value;
            return this;
        }

        public Builder token(String value) {
            token = Optional.of(value);
            return this;
        }

        public Builder tenant(TenantId value) {
            tenant = Optional.of(value);
            return this;
        }

        public Builder runId(String value) {
            runId = Optional.of(value);
            return this;
        }

        /// Should be drawn at random by the caller, so that two runs never send equal rows.
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /// @throws IllegalArgumentException a value is out of its bounds; the message is meant for the person who typed
        ///     it
        public LoadOptions build() {
            return new LoadOptions(
                    target, protocol, signals, rowsPerRequest, connections, rowsPerSecond, maxRequests, duration, grace,
                    requestTimeout, duplicates, token, tenant,
                    runId.orElseGet(() -> "run-" + String.format(Locale.ROOT, "%016x", seed)), seed);
        }
    }
}
