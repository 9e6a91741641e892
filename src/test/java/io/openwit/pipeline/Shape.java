package io.openwit.pipeline;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// The two shapes in which the same jar runs: all roles in one process, or one process a role.
public enum Shape {
    STANDALONE,
    SPLIT;

    /// Ports are free ones, everything on loopback, data below `directory`.
    Deployment start(Path directory, Map<String, String> extra) throws IOException {
        return switch (this) {
            case STANDALONE -> standalone(directory, extra);
            case SPLIT -> split(directory, extra);
        };
    }

    private static Deployment standalone(Path directory, Map<String, String> extra) throws IOException {
        Map<String, String> settings = common(directory.resolve("data"), "n1");
        settings.putAll(extra);
        NodeProcess node = NodeProcess.start(directory, "standalone", settings);
        return new Deployment(node, node, node, null);
    }

    private static Deployment split(Path directory, Map<String, String> extra) throws IOException {
        EmbeddedPostgres postgres = EmbeddedPostgres.builder().start();
        NodeProcess storage = null;
        NodeProcess ingest = null;
        try {
            Map<String, String> storageSettings = common(directory.resolve("storage"), "s1");
            storageSettings.putAll(extra);
            storage = NodeProcess.start(directory, "storage", storageSettings);

            Map<String, String> ingestSettings = common(directory.resolve("ingest"), "n1");
            ingestSettings.putAll(extra);
            ingestSettings.put("handoff.flight.endpoint", "grpc://" + storage.door("flight"));
            ingestSettings.put("metastore.postgres.connection_string", connectionString(postgres));
            ingest = NodeProcess.start(directory, "ingest", ingestSettings);

            Map<String, String> gatewaySettings = common(directory.resolve("gateway"), "g1");
            gatewaySettings.putAll(extra);
            gatewaySettings.put("gateway.ingest_nodes", "[" + ingest.door("bulk") + "]");
            NodeProcess gateway = NodeProcess.start(directory, "gateway", gatewaySettings);
            return new Deployment(gateway, ingest, storage, postgres);
        } catch (IOException | RuntimeException e) {
            if (ingest != null) {
                ingest.close();
            }
            if (storage != null) {
                storage.close();
            }
            postgres.close();
            throw e;
        }
    }

    public static String connectionString(EmbeddedPostgres postgres) {
        return "postgresql://postgres:postgres@127.0.0.1:" + postgres.getPort() + "/postgres";
    }

    /// What every node of a test has: free ports and its own directory.
    public static Map<String, String> common(Path dataDirectory, String nodeId) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("node.id", nodeId);
        settings.put("node.data_dir", dataDirectory.toString());
        settings.put("ingestion.grpc.port", "0");
        settings.put("ingestion.http.port", "0");
        settings.put("ingest_node.port", "0");
        settings.put("storage_node.flight.bind_addr", "127.0.0.1:0");
        settings.put("admin.port", "0");
        settings.put("processing.wal.segment_bytes", "16MiB");
        settings.put("ingestion.grpc.max_message_size", "4MiB");
        settings.put("ingestion.http.max_payload_size_mb", "4");
        return settings;
    }

    /// Running nodes by role; in one process all three are the same.
    record Deployment(NodeProcess gateway, NodeProcess ingest, NodeProcess storage, EmbeddedPostgres postgres)
            implements AutoCloseable {
        Sql sql() {
            return Sql.of(storage);
        }

        @Override
        public void close() throws IOException {
            gateway.close();
            ingest.close();
            storage.close();
            if (postgres != null) {
                postgres.close();
            }
        }
    }
}
