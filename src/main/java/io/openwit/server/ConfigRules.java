package io.openwit.server;

import static io.openwit.server.ConfigKeys.ADMIN_BIND;
import static io.openwit.server.ConfigKeys.ALLOW_UNAUTHENTICATED;
import static io.openwit.server.ConfigKeys.ARCHIVE_MAX_LAG;
import static io.openwit.server.ConfigKeys.ARCHIVE_ON_LAG;
import static io.openwit.server.ConfigKeys.AUTHENTICATION;
import static io.openwit.server.ConfigKeys.BATCH_BYTES;
import static io.openwit.server.ConfigKeys.BUFFER_BYTES;
import static io.openwit.server.ConfigKeys.DEDUP_TENANTS;
import static io.openwit.server.ConfigKeys.DEPLOYMENT_MODE;
import static io.openwit.server.ConfigKeys.DEPLOYMENT_ROLE;
import static io.openwit.server.ConfigKeys.FLIGHT_ENDPOINT;
import static io.openwit.server.ConfigKeys.GRPC_BIND;
import static io.openwit.server.ConfigKeys.GRPC_ENABLED;
import static io.openwit.server.ConfigKeys.GRPC_MAX_MESSAGE;
import static io.openwit.server.ConfigKeys.HTTP_BIND;
import static io.openwit.server.ConfigKeys.HTTP_ENABLED;
import static io.openwit.server.ConfigKeys.HTTP_MAX_PAYLOAD_MB;
import static io.openwit.server.ConfigKeys.INGEST_BIND;
import static io.openwit.server.ConfigKeys.INGEST_NODES;
import static io.openwit.server.ConfigKeys.INGEST_TOKENS;
import static io.openwit.server.ConfigKeys.POSTGRES;
import static io.openwit.server.ConfigKeys.POSTGRES_EMBEDDED;
import static io.openwit.server.ConfigKeys.STORAGE_BIND;
import static io.openwit.server.ConfigKeys.STORAGE_TOKENS;
import static io.openwit.server.ConfigKeys.TOKENS_FILE;
import static io.openwit.server.ConfigKeys.TOKEN_HEADER;
import static io.openwit.server.ConfigKeys.TRACING_ENDPOINT;
import static io.openwit.server.ConfigKeys.WAL_MAX_BYTES;
import static io.openwit.server.ConfigKeys.WAL_SEGMENT_BYTES;

import io.openwit.ingest.archive.ArchiveConfig.OnLag;
import io.openwit.ingest.handoff.FlightEndpoint;
import io.openwit.model.RoutingTable;
import io.openwit.model.TenantId;
import io.openwit.server.ConfigKeys.Mode;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/// What several keys must be together. Each key by itself is right already.
final class ConfigRules {
    /// The log needs a segment to write, one that is prepared, and one that the followers still read.
    private static final int MIN_SEGMENTS = 3;

    private final Config config;
    private final Role role;
    private final List<String> mistakes = new ArrayList<>();

    private ConfigRules(Config config) {
        this.config = config;
        role = config.get(DEPLOYMENT_ROLE);
    }

    /// One line each: where, what, and what to do; empty where all is well.
    static List<String> mistakes(Config config) {
        ConfigRules rules = new ConfigRules(config);
        rules.deployment();
        rules.sizes();
        rules.tenants();
        rules.neighbours();
        rules.postgres();
        rules.security();
        rules.tracing();
        return rules.mistakes;
    }

    private void deployment() {
        Optional<Mode> mode = config.get(DEPLOYMENT_MODE);
        if (role == Role.CONTROL) {
            wrong(DEPLOYMENT_ROLE, "role control is not built yet: gateways find ingest nodes by gateway.ingest_nodes");
        }
        if (mode.equals(Optional.of(Mode.DISTRIBUTED)) && role == Role.STANDALONE) {
            wrong(DEPLOYMENT_MODE,
                    "deployment.mode is distributed: say with deployment.role (or --role) which part this is:"
                    + " gateway, ingest or storage");
        }
        if (mode.equals(Optional.of(Mode.STANDALONE)) && role != Role.STANDALONE) {
            wrong(DEPLOYMENT_MODE, "deployment.mode is standalone, but the role is " + role.label()
                    + ": write distributed, or leave it out");
        }
        if (role.hasGateway() && !config.get(GRPC_ENABLED) && !config.get(HTTP_ENABLED)) {
            wrong(GRPC_ENABLED, "ingestion.sources.grpc.enabled and ingestion.sources.http.enabled are both false:"
                    + " nothing could come in");
        }
    }

    private void sizes() {
        long grpc = config.get(GRPC_ENABLED) ? config.get(GRPC_MAX_MESSAGE) : 0;
        long http = config.get(HTTP_ENABLED) ? (long) config.get(HTTP_MAX_PAYLOAD_MB) << 20 : 0;
        if (config.get(BUFFER_BYTES) < Math.max(grpc, http)) {
            ConfigKey<?> larger = grpc >= http ? GRPC_MAX_MESSAGE : HTTP_MAX_PAYLOAD_MB;
            wrong(BUFFER_BYTES, "processing.buffer.max_size_bytes is " + config.get(BUFFER_BYTES)
                    + " bytes and has to hold the largest message, " + Math.max(grpc, http) + " bytes ("
                            + larger.name() + ")");
        }
        if (config.get(WAL_SEGMENT_BYTES) < config.get(BATCH_BYTES)) {
            wrong(WAL_SEGMENT_BYTES, "processing.wal.segment_bytes is below ingestion.batching.batch_bytes:"
                    + " a segment has to hold a batch");
        }
        if (config.get(WAL_SEGMENT_BYTES) % 4096 != 0) {
            wrong(WAL_SEGMENT_BYTES, "processing.wal.segment_bytes has to be a multiple of 4096");
        }
        Optional<Long> maxBytes = config.get(WAL_MAX_BYTES);
        if (maxBytes.isPresent() && maxBytes.get() < MIN_SEGMENTS * config.get(WAL_SEGMENT_BYTES)) {
            wrong(WAL_MAX_BYTES, "processing.wal.max_bytes has to hold " + MIN_SEGMENTS
                    + " segments of processing.wal.segment_bytes");
        }
        Optional<Long> maxLag = config.get(ARCHIVE_MAX_LAG);
        if (config.get(ARCHIVE_ON_LAG) == OnLag.GAP
                && maxLag.isPresent()
                && maxBytes.isPresent()
                && maxLag.get() > maxBytes.get() - MIN_SEGMENTS * config.get(WAL_SEGMENT_BYTES)) {
            wrong(ARCHIVE_MAX_LAG, "archive.max_lag_bytes has to be " + MIN_SEGMENTS + " segments below"
                    + " processing.wal.max_bytes, or the log is full before the archive leaves a gap");
        }
    }

    private void tenants() {
        for (String tenant : config.all(DEDUP_TENANTS).keySet()) {
            try {
                new TenantId(tenant);
            } catch (IllegalArgumentException e) {
                mistakes.add("processing.dedup.tenants." + tenant + ": " + e.getMessage());
            }
        }
    }

    private void neighbours() {
        List<HostPort> nodes = config.get(INGEST_NODES);
        if (role == Role.GATEWAY && nodes.isEmpty()) {
            wrong(INGEST_NODES, "gateway.ingest_nodes is required for role gateway: [host:port, …]");
        }
        if (nodes.size() > RoutingTable.MAX_NODES || new HashSet<>(nodes).size() != nodes.size()) {
            wrong(INGEST_NODES, "gateway.ingest_nodes names each node once, and " + RoutingTable.MAX_NODES
                    + " at most");
        }
        if (nodes.stream().anyMatch(node -> node.port() == 0)) {
            wrong(INGEST_NODES, "gateway.ingest_nodes: port 0 cannot be called");
        }
        Optional<String> endpoint = config.get(FLIGHT_ENDPOINT);
        if (role == Role.INGEST && endpoint.isEmpty()) {
            wrong(FLIGHT_ENDPOINT, "handoff.flight.endpoint is required for role ingest: grpc://host:9401");
        }
        if (endpoint.isPresent()) {
            try {
                FlightEndpoint.parse(endpoint.get());
            } catch (IllegalArgumentException e) {
                wrong(FLIGHT_ENDPOINT, "handoff.flight.endpoint: " + e.getMessage());
            }
        }
    }

    private void postgres() {
        boolean embedded = config.get(POSTGRES_EMBEDDED).orElse(false);
        boolean refused = !config.get(POSTGRES_EMBEDDED).orElse(true);
        boolean connection = config.get(POSTGRES).isPresent();
        if (embedded && role != Role.STANDALONE) {
            wrong(POSTGRES_EMBEDDED, "metastore.postgres.embedded is for role standalone alone: name a Postgres in"
                    + " metastore.postgres.connection_string");
        } else if (role == Role.INGEST && !connection) {
            wrong(POSTGRES, "metastore.postgres.connection_string is required for role ingest");
        } else if (embedded && connection) {
            wrong(POSTGRES_EMBEDDED,
                    "metastore.postgres.embedded and metastore.postgres.connection_string exclude one another");
        } else if (role == Role.STANDALONE && refused && !connection) {
            wrong(POSTGRES_EMBEDDED,
                    "metastore.postgres.embedded is false, so metastore.postgres.connection_string is required");
        }
    }

    private void security() {
        boolean authentication = config.get(AUTHENTICATION);
        if (authentication && role != Role.INGEST && config.get(TOKENS_FILE).isEmpty()) {
            wrong(AUTHENTICATION, "security.authentication.enabled needs security.authentication.tokens_file");
        }
        if (authentication && role == Role.INGEST && config.get(INGEST_TOKENS).isEmpty()) {
            wrong(AUTHENTICATION, "security.authentication.enabled needs ingest_node.tokens_file for role ingest");
        }
        if (authentication && role == Role.STORAGE && config.get(STORAGE_TOKENS).isEmpty()) {
            wrong(AUTHENTICATION, "security.authentication.enabled needs storage_node.tokens_file for role storage");
        }
        if (!config.get(TOKEN_HEADER).matches("[A-Za-z0-9-]{1,64}")) {
            wrong(TOKEN_HEADER, "security.authentication.token_header is to be the name of a header, such as"
                    + " X-Auth-Token");
        }
        if (role.hasGateway()) {
            loopback(GRPC_BIND, config.get(GRPC_BIND), authentication || !config.get(GRPC_ENABLED));
            loopback(HTTP_BIND, config.get(HTTP_BIND), authentication || !config.get(HTTP_ENABLED));
        }
        if (role.hasIngest()) {
            boolean closed = role == Role.STANDALONE && authentication;
            loopback(INGEST_BIND, config.get(INGEST_BIND), closed || config.get(INGEST_TOKENS).isPresent());
        }
        if (role == Role.STORAGE || role == Role.STANDALONE && config.get(FLIGHT_ENDPOINT).isEmpty()) {
            boolean closed = role == Role.STANDALONE && authentication;
            loopback(STORAGE_BIND, config.get(STORAGE_BIND).host(), closed || config.get(STORAGE_TOKENS).isPresent());
        }
        loopback(
                ADMIN_BIND,
                config.get(ADMIN_BIND),
                authentication && config.get(TOKENS_FILE).isPresent());
    }

    private void loopback(ConfigKey<?> key, String host, boolean asksForToken) {
        if (host.isBlank()) {
            wrong(key, key.name() + " is to be an address, such as 127.0.0.1");
        } else if (!asksForToken && !config.get(ALLOW_UNAUTHENTICATED) && !HostPort.isLoopback(host)) {
            wrong(key, key.name() + " is " + host + ", which others can reach, and no token is asked for there: set"
                    + " security.authentication.enabled: true, or security.allow_unauthenticated: true");
        }
    }

    private void tracing() {
        config.get(TRACING_ENDPOINT).ifPresent(endpoint -> {
            try {
                URI uri = new URI(endpoint);
                if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                    return;
                }
            } catch (URISyntaxException e) {
                wrong(TRACING_ENDPOINT, "observability.tracing.endpoint: " + e.getMessage());
                return;
            }
            wrong(TRACING_ENDPOINT, "observability.tracing.endpoint is to be a URL, such as http://127.0.0.1:4318");
        });
    }

    private void wrong(ConfigKey<?> key, String mistake) {
        mistakes.add(config.where(key) + mistake);
    }
}
