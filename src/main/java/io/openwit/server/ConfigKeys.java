package io.openwit.server;

import static io.openwit.server.ValueType.BOOLEAN;
import static io.openwit.server.ValueType.DURATION_TEXT;
import static io.openwit.server.ValueType.HOST_PORT;
import static io.openwit.server.ValueType.NODE_ID;
import static io.openwit.server.ValueType.PATH;
import static io.openwit.server.ValueType.PORT;
import static io.openwit.server.ValueType.TABLE;
import static io.openwit.server.ValueType.TEXT;
import static io.openwit.server.ValueType.choice;
import static io.openwit.server.ValueType.decimal;
import static io.openwit.server.ValueType.integer;
import static io.openwit.server.ValueType.list;
import static io.openwit.server.ValueType.optional;
import static io.openwit.server.ValueType.secret;
import static io.openwit.server.ValueType.size;

import io.openwit.ingest.archive.ArchiveConfig.OnLag;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Every key that there is, with its type, its default and what it does. The order is that of `config show`.
public final class ConfigKeys {
    private static final Logger LOG = Logger.getLogger(ConfigKeys.class.getName());

    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final long TIB = 1L << 40;
    private static final int ANY = Integer.MAX_VALUE;

    /// `deployment.mode`.
    enum Mode {
        STANDALONE,
        DISTRIBUTED
    }

    /// `validation.on_excess`.
    enum OnExcess {
        TRUNCATE,
        REJECT
    }

    /// `ingestion.kafka.client`.
    enum KafkaClient {
        AUTO,
        LIBRDKAFKA,
        JAVA
    }

    /// `ingestion.kafka.auto_offset_reset`.
    enum OffsetReset {
        EARLIEST,
        LATEST
    }

    private static final List<ConfigKey<?>> ALL = new ArrayList<>();

    static final ConfigKey<Optional<Mode>> DEPLOYMENT_MODE = key(
            "deployment.mode", optional(choice(Mode.class)), Optional.empty(),
            "standalone or distributed; must agree with deployment.role, from which it follows where it is not said");
    static final ConfigKey<Role> DEPLOYMENT_ROLE = key(
            "deployment.role", choice(Role.class), Role.STANDALONE,
            "which part this process is; --role says the same");

    static final ConfigKey<NodeId> NODE_ID_KEY = key(
            "node.id", NODE_ID, hostName(), "the node's name, stable over its restarts; by default the host's name");
    static final ConfigKey<Path> DATA_DIR = key(
            "node.data_dir", PATH, Path.of("./data"), "where everything of this node lies; one process a directory");

    static final ConfigKey<Boolean> GRPC_ENABLED =
            key("ingestion.sources.grpc.enabled", BOOLEAN, true, "whether the OTLP/gRPC door opens");
    static final ConfigKey<Boolean> HTTP_ENABLED =
            key("ingestion.sources.http.enabled", BOOLEAN, true, "whether the OTLP/HTTP door opens");
    static final ConfigKey<Boolean> KAFKA_ENABLED =
            later("ingestion.sources.kafka.enabled", BOOLEAN, false, "whether Kafka topics are read");

    static final ConfigKey<Integer> BATCH_SIZE = key(
            "ingestion.batching.batch_size", integer(1, 1 << 20), 8192, "rows at which a batch closes");
    static final ConfigKey<Long> BATCH_BYTES = key(
            "ingestion.batching.batch_bytes", size(4 * KIB, 32 * MIB), 4 * MIB,
            "bytes of OTLP at which a batch closes; a larger request is cut");
    static final ConfigKey<Integer> BATCH_TIMEOUT_MS = key(
            "ingestion.batching.batch_timeout_ms", integer(1, 60_000), 200,
            "milliseconds after its first row at which a batch closes");

    static final ConfigKey<Optional<String>> KAFKA_BROKERS = later(
            "ingestion.kafka.brokers", optional(TEXT), Optional.empty(), "HOST:PORT, several with commas");
    static final ConfigKey<String> KAFKA_GROUP_ID =
            later("ingestion.kafka.group_id", TEXT, "openwit", "the consumer group");
    static final ConfigKey<List<Map<String, String>>> KAFKA_TOPICS = later(
            "ingestion.kafka.topics", TABLE, List.of(),
            "topic patterns: {pattern, format, signal, tenant, from_header}; format is otlp_proto, otlp_json or"
                    + " ndjson");
    static final ConfigKey<KafkaClient> KAFKA_CLIENT = later(
            "ingestion.kafka.client", choice(KafkaClient.class), KafkaClient.AUTO,
            "librdkafka, java, or auto: librdkafka where its library is found");
    static final ConfigKey<OffsetReset> KAFKA_OFFSET_RESET = later(
            "ingestion.kafka.auto_offset_reset", choice(OffsetReset.class), OffsetReset.EARLIEST,
            "where a new group starts");
    static final ConfigKey<String> KAFKA_PROPERTIES = later(
            "ingestion.kafka.properties.<name>", secret(TEXT), "", "handed to the Kafka client as it is");

    static final ConfigKey<String> GRPC_BIND = key(
            "ingestion.grpc.bind", TEXT, "127.0.0.1", "address of the OTLP/gRPC door");
    static final ConfigKey<Integer> GRPC_PORT =
            key("ingestion.grpc.port", PORT, 4317, "its port; 0 takes a free one");
    static final ConfigKey<Long> GRPC_MAX_MESSAGE = key(
            "ingestion.grpc.max_message_size", size(KIB, 512 * MIB), 64 * MIB,
            "the largest message, after decompression; a larger one gets RESOURCE_EXHAUSTED");
    static final ConfigKey<Boolean> GRPC_TLS =
            later("ingestion.grpc.tls.enabled", BOOLEAN, false, "whether the OTLP/gRPC door speaks TLS");
    static final ConfigKey<Optional<Path>> GRPC_TLS_CERT = later(
            "ingestion.grpc.tls.cert_path", optional(PATH), Optional.empty(), "its certificate chain, PEM");
    static final ConfigKey<Optional<Path>> GRPC_TLS_KEY =
            later("ingestion.grpc.tls.key_path", optional(PATH), Optional.empty(), "its private key, PEM");

    static final ConfigKey<String> HTTP_BIND =
            key("ingestion.http.bind", TEXT, "127.0.0.1", "address of the OTLP/HTTP door");
    static final ConfigKey<Integer> HTTP_PORT =
            key("ingestion.http.port", PORT, 4318, "its port; 0 takes a free one");
    static final ConfigKey<Integer> HTTP_MAX_REQUESTS = key(
            "ingestion.http.max_concurrent_requests", integer(1, 100_000), 1024,
            "requests under way; the next one gets 503 with Retry-After");
    static final ConfigKey<Integer> HTTP_TIMEOUT_MS = key(
            "ingestion.http.request_timeout_ms", integer(100, 3_600_000), 30_000,
            "milliseconds for a whole body to arrive; then 408");
    static final ConfigKey<Integer> HTTP_MAX_PAYLOAD_MB = key(
            "ingestion.http.max_payload_size_mb", integer(1, 512), 64,
            "MiB of the largest body, as it arrives and after decompression; a larger one gets 413");

    static final ConfigKey<List<HostPort>> INGEST_NODES = key(
            "gateway.ingest_nodes", list(HOST_PORT), List.of(),
                    "role gateway: the ingest nodes, where no gossip finds them");
    static final ConfigKey<Optional<Path>> GATEWAY_TOKEN_FILE = key(
            "gateway.token_file", optional(PATH), Optional.empty(),
            "role gateway: a file with the token towards ingest nodes");

    static final ConfigKey<String> INGEST_BIND = key(
            "ingest_node.bind", TEXT, "127.0.0.1", "address where gateways send sealed batches");
    static final ConfigKey<Integer> INGEST_PORT =
            key("ingest_node.port", PORT, 50_051, "its port; 0 takes a free one");
    static final ConfigKey<Optional<Path>> INGEST_TOKENS = key(
            "ingest_node.tokens_file", optional(PATH), Optional.empty(),
                    "the tokens of gateways, in the form of a tokens file");

    static final ConfigKey<Integer> BUFFER_MESSAGES = key(
            "processing.buffer.max_size_messages", integer(1, 1_000_000), 16_384,
            "requests that are not answered yet; the next one is throttled");
    static final ConfigKey<Long> BUFFER_BYTES = key(
            "processing.buffer.max_size_bytes", size(KIB, TIB), 128 * MIB,
            "bytes of requests that are not answered yet, after decompression; beyond it requests are throttled");
    static final ConfigKey<Boolean> DEDUP_ENABLED =
            key("processing.dedup_enabled", BOOLEAN, true, "whether rows and requests that come again are dropped");
    static final ConfigKey<Integer> DEDUP_WINDOW_SECONDS = key(
            "processing.dedup_window_seconds", integer(1, 86_400), 300,
            "seconds for which a row's fingerprint is remembered, in the log's age");
    static final ConfigKey<Integer> DEDUP_MAX_ENTRIES = key(
            "processing.dedup.max_entries", integer(1024, 1 << 28), 1 << 23,
            "row fingerprints that are remembered at most; the oldest leave early, counted");
    static final ConfigKey<Integer> DEDUP_MAX_REQUESTS = key(
            "processing.dedup.max_requests", integer(1024, 1 << 28), 1 << 22,
            "fingerprints of whole requests that are remembered at most");
    static final ConfigKey<Integer> DEDUP_REQUEST_WINDOW_SECONDS = key(
            "processing.dedup.request_window_seconds", integer(1, 604_800), 3600,
            "seconds for which a request's fingerprint is remembered, in the log's age");
    static final ConfigKey<Boolean> DEDUP_TENANTS = key(
            "processing.dedup.tenants.<tenant>.enabled", BOOLEAN, true, "the same as dedup_enabled, for one tenant");

    static final ConfigKey<Long> DEADLETTER_MAX_BYTES = later(
            "deadletter.max_bytes", size(MIB, TIB), GIB, "room for what was refused for its content");

    static final ConfigKey<Boolean> WAL_SYNC = key(
            "processing.wal.sync_on_write", BOOLEAN, true,
            "whether rows are forced to the disk before the answer; false trusts the page cache: a power cut loses"
                    + " rows");
    static final ConfigKey<Long> WAL_SEGMENT_BYTES = key(
            "processing.wal.segment_bytes", size(4 * MIB, GIB), 128 * MIB,
            "bytes of one file of the short-term WAL, a multiple of 4096");
    static final ConfigKey<Optional<Long>> WAL_MAX_BYTES = key(
            "processing.wal.max_bytes", optional(size(8 * MIB, 1024 * TIB)), Optional.empty(),
            "bytes of the short-term WAL; beyond it requests are throttled; by default half of the volume");
    static final ConfigKey<Optional<Long>> WAL_RESERVE_BYTES = key(
            "processing.wal.reserve_bytes", optional(size(0, TIB)), Optional.empty(),
            "bytes of the volume that stay free; below it requests are throttled; by default two segments and the"
                    + " largest group");

    static final ConfigKey<Integer> MAX_ATTRIBUTES = key(
            "validation.max_attributes", integer(1, 65_536), 128, "attributes of one row, resource or scope");
    static final ConfigKey<Long> MAX_VALUE_BYTES = key(
            "validation.max_value_bytes", size(16, 64 * MIB), 64 * KIB,
                    "bytes of one attribute's value, or of a log's body");
    static final ConfigKey<OnExcess> ON_EXCESS = key(
            "validation.on_excess", choice(OnExcess.class), OnExcess.TRUNCATE,
            "truncate: what lies beyond is cut off and counted; reject: the row is rejected");
    static final ConfigKey<Duration> MAX_PAST = key(
            "validation.time.max_past", DURATION_TEXT, Duration.ofDays(3650),
            "a row whose time lies further before its arrival is rejected");
    static final ConfigKey<Duration> MAX_FUTURE = key(
            "validation.time.max_future", DURATION_TEXT, Duration.ofDays(7),
            "a row whose time lies further after its arrival is rejected");

    static final ConfigKey<Boolean> ARCHIVE_ENABLED =
            key("archive.enabled", BOOLEAN, true, "whether the long-term WAL is written");
    static final ConfigKey<Integer> ARCHIVE_DAYS =
            key("archive.retention.days", integer(1, 36_500), 7, "days that the archive keeps");
    static final ConfigKey<Optional<Long>> ARCHIVE_MAX_BYTES = key(
            "archive.retention.max_bytes", optional(size(MIB, 1024 * TIB)), Optional.empty(),
            "bytes that the archive keeps; by default a fifth of the volume");
    static final ConfigKey<Optional<Long>> ARCHIVE_MAX_LAG = key(
            "archive.max_lag_bytes", optional(size(MIB, 1024 * TIB)), Optional.empty(),
            "log bytes that the archive may be behind before archive.on_lag; by default half of processing.wal.max_bytes");
    static final ConfigKey<OnLag> ARCHIVE_ON_LAG = key(
            "archive.on_lag", choice(OnLag.class), OnLag.GAP,
            "gap: the archive leaves out what it cannot follow, and says so; backpressure: requests wait for it");

    static final ConfigKey<Optional<String>> FLIGHT_ENDPOINT = key(
            "handoff.flight.endpoint", optional(TEXT), Optional.empty(),
            "where batches go, as in grpc://host:9401; by default the storage inside, required for role ingest");
    static final ConfigKey<List<String>> FLIGHT_ENDPOINTS =
            later("handoff.flight.endpoints", list(TEXT), List.of(),
                    "several endpoints, each with a position of its own");
    static final ConfigKey<Optional<Path>> FLIGHT_TOKEN_FILE = key(
            "handoff.flight.token_file", optional(PATH), Optional.empty(),
                    "a file with the token towards the endpoint");
    static final ConfigKey<Boolean> FLIGHT_TLS =
            later("handoff.flight.tls", BOOLEAN, false, "whether the endpoint speaks TLS");
    static final ConfigKey<Acknowledge> FLIGHT_ACKNOWLEDGE = key(
            "handoff.flight.acknowledge", choice(Acknowledge.class), Acknowledge.PER_BATCH,
            "per_batch: a PutResult with the batch id; per_stream: the final OK, for endpoints that send no PutResult");
    static final ConfigKey<Integer> FLIGHT_STREAM_BATCHES = key(
            "handoff.flight.stream_batches", integer(1, 65_536), 256,
                    "per_stream: batches after which a stream is closed");
    static final ConfigKey<Long> FLIGHT_MAX_IN_FLIGHT = key(
            "handoff.flight.max_in_flight_bytes", size(MIB, 4 * GIB), 32 * MIB, "bytes sent and not answered");

    static final ConfigKey<HostPort> STORAGE_BIND = key(
            "storage_node.flight.bind_addr", HOST_PORT, new HostPort("127.0.0.1", 9401),
            "where the storage takes batches; port 0 takes a free one");
    static final ConfigKey<Optional<Path>> STORAGE_TOKENS = key(
            "storage_node.tokens_file", optional(PATH), Optional.empty(),
            "the tokens of those who may send batches, in the form of a tokens file");
    static final ConfigKey<Integer> STORAGE_RETENTION_DAYS =
            later("storage_node.retention.days", integer(1, 36_500), 30, "days that storage keeps");
    static final ConfigKey<Integer> STORAGE_FLUSH_SECONDS = key(
            "storage_node.parquet.flush_seconds", integer(1, 86_400), 30,
            "age at which landed batches become Parquet; SQL sees them before");
    static final ConfigKey<Integer> STORAGE_FLUSH_ROWS = key(
            "storage_node.parquet.flush_rows", integer(1, 10_000_000), 250_000, "rows at which they do");
    static final ConfigKey<Long> STORAGE_SQL_MEMORY = key(
            "storage_node.sql.memory_bytes", size(64 * MIB, TIB), 512 * MIB,
            "memory of the SQL engine; what does not fit goes to the disk");
    static final ConfigKey<Integer> STORAGE_SQL_THREADS =
            key("storage_node.sql.threads", integer(1, 256), 2, "threads of the SQL engine");
    static final ConfigKey<Integer> STORAGE_SQL_TIMEOUT = key(
            "storage_node.sql.timeout_seconds", integer(1, 86_400), 60, "seconds after which a query is stopped");
    static final ConfigKey<Integer> STORAGE_SQL_ROWS = key(
            "storage_node.sql.max_rows", integer(1, ANY), 1_000_000, "rows that one query may answer with");

    static final ConfigKey<HostPort> CONTROL_ENDPOINT = later(
            "control_plane.grpc_endpoint", HOST_PORT, new HostPort("127.0.0.1", 7019), "where the control plane is");
    static final ConfigKey<Integer> CONTROL_INTERVAL = later(
            "control_plane.monitoring.interval_seconds", integer(1, 3600), 5, "seconds between two looks at the nodes");
    static final ConfigKey<Integer> QUEUE_WARNING = later(
            "control_plane.monitoring.thresholds.queue_depth_warning", integer(0, ANY), 1000,
                    "requests that wait: warning");
    static final ConfigKey<Integer> QUEUE_CRITICAL = later(
            "control_plane.monitoring.thresholds.queue_depth_critical", integer(0, ANY), 10_000,
            "requests that wait: the node is left out");
    static final ConfigKey<Integer> MEMORY_PERCENT = later(
            "control_plane.monitoring.thresholds.memory_usage_percent", integer(1, 100), 85,
            "memory in use at which a node is left out");

    static final ConfigKey<HostPort> GOSSIP_LISTEN = later(
            "networking.gossip.listen_addr", HOST_PORT, new HostPort("127.0.0.1", 7946), "where gossip listens");
    static final ConfigKey<List<HostPort>> GOSSIP_SEEDS =
            later("networking.gossip.seeds", list(HOST_PORT), List.of(), "members that a new one asks");
    static final ConfigKey<Optional<String>> ADVERTISE = later(
            "networking.advertise_address", optional(TEXT), Optional.empty(),
                    "the address that others call this node by");

    static final ConfigKey<Optional<String>> POSTGRES = key(
            "metastore.postgres.connection_string", secret(optional(TEXT)), Optional.empty(),
            "postgresql://user:password@host:port/db, or JDBC's form; required for role ingest");
    static final ConfigKey<Integer> POSTGRES_CONNECTIONS =
            key("metastore.postgres.max_connections", integer(1, 100), 4, "connections at most");
    static final ConfigKey<Optional<Boolean>> POSTGRES_EMBEDDED = key(
            "metastore.postgres.embedded", optional(BOOLEAN), Optional.empty(),
            "a Postgres inside, in node.data_dir/postgres; standalone only, and there the default without a"
                    + " connection string");

    static final ConfigKey<Integer> MEMORY_GB = key(
            "memory.max_memory_gb", integer(1, 1024), 1,
            "GiB that gateway and ingest may take; the JVM's heap (-Xmx in OPENWIT_JAVA_OPTS) has to lie below it");

    static final ConfigKey<Boolean> AUTHENTICATION = key(
            "security.authentication.enabled", BOOLEAN, false, "whether clients need a token");
    static final ConfigKey<String> TOKEN_HEADER = key(
            "security.authentication.token_header", TEXT, "X-Auth-Token",
            "a header that may hold the token, besides Authorization: Bearer");
    static final ConfigKey<Optional<Path>> TOKENS_FILE = key(
            "security.authentication.tokens_file", optional(PATH), Optional.empty(),
            "the tokens of clients, as SHA-256; read again when it changes");
    static final ConfigKey<Boolean> ALLOW_UNAUTHENTICATED = key(
            "security.allow_unauthenticated", BOOLEAN, false,
                    "doors without authentication may listen beyond loopback");

    static final ConfigKey<String> ADMIN_BIND =
            key("admin.bind", TEXT, "127.0.0.1", "address of /metrics, /health and /api");
    static final ConfigKey<Integer> ADMIN_PORT = key("admin.port", PORT, 9600, "its port; 0 takes a free one");

    static final ConfigKey<Boolean> PROMETHEUS =
            key("observability.prometheus.enabled", BOOLEAN, true, "whether /metrics answers");
    static final ConfigKey<Optional<String>> TRACING_ENDPOINT = key(
            "observability.tracing.endpoint", optional(TEXT), Optional.empty(),
            "where spans go by OTLP/HTTP, as in http://127.0.0.1:4318; nowhere where it is not said");
    static final ConfigKey<Double> TRACING_RATIO = key(
            "observability.tracing.sampling_ratio", decimal(0, 1), 1.0, "share of the spans that are sent");

    static final ConfigKey<Integer> SHUTDOWN_MS = key(
            "shutdown.timeout_ms", integer(0, 3_600_000), 30_000,
            "milliseconds for requests under way to be answered, and again for the followers to catch up");

    private ConfigKeys() {}

    static List<ConfigKey<?>> all() {
        return List.copyOf(ALL);
    }

    /// The names of all keys, those with a part in angle brackets included.
    public static List<String> names() {
        return ALL.stream().<String>map(ConfigKey::name).toList();
    }

    private static <T> ConfigKey<T> key(String name, ValueType<T> type, T defaultValue, String doc) {
        return register(new ConfigKey<>(name, type, defaultValue, doc, true));
    }

    /// A key whose part of the system is not built yet.
    private static <T> ConfigKey<T> later(String name, ValueType<T> type, T defaultValue, String doc) {
        return register(new ConfigKey<>(name, type, defaultValue, doc, false));
    }

    private static <T> ConfigKey<T> register(ConfigKey<T> key) {
        ALL.add(key);
        return key;
    }

    /// The name that the kernel knows; asking the resolver for it may take seconds.
    private static NodeId hostName() {
        String name;
        try {
            name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        } catch (IOException e) {
            LOG.log(Level.FINE, "the host's name is not known, so it is called node", e);
            name = "node";
        }
        String clean = name.replaceAll("[^A-Za-z0-9._-]", "-");
        return new NodeId(clean.isEmpty() ? "node" : clean.substring(0, Math.min(clean.length(), 64)));
    }
}
