package io.openwit.server;

import io.openwit.console.AdminApi.BatchPage;
import io.openwit.ingest.metastore.BatchInfo;
import io.openwit.ingest.metastore.EmbeddedPostgresServer;
import io.openwit.ingest.metastore.MetadataDatabase;
import io.openwit.ingest.metastore.MetastoreConfigException;
import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The Postgres of an ingest node: one inside this process's directory, or the one that the configuration names.
final class MetadataPart {
    private static final Logger LOG = Logger.getLogger(MetadataPart.class.getName());
    private static final String ALARM = "postgres-unreachable";
    private static final long RETRY_MILLIS = 1_000;
    private static final long NANOS = 1_000_000_000L;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /// Nobody listens there: what an embedded Postgres that does not start is reached by.
    private static final String NOWHERE = "postgresql://openwit@127.0.0.1:1/postgres";

    private final Wiring wiring;
    private final @Nullable EmbeddedPostgresServer embedded;
    private final MetadataDatabase database;

    /// Starts the Postgres inside, where there is one; asks nobody anything yet.
    ///
    /// @param hasLog whether there is a log already, which goes on without Postgres
    static MetadataPart start(Wiring wiring, boolean hasLog) throws CommandException {
        Optional<String> connection = wiring.get(ConfigKeys.POSTGRES);
        EmbeddedPostgresServer embedded = connection.isPresent() ? null : startEmbedded(wiring, hasLog);
        String address = connection.orElseGet(() -> embedded == null ? NOWHERE : embedded.connectionString());
        try {
            MetadataDatabase database = new MetadataDatabase(address, wiring.get(ConfigKeys.POSTGRES_CONNECTIONS));
            return new MetadataPart(wiring, embedded, database);
        } catch (MetastoreConfigException e) {
            throw misconfigured(e);
        }
    }

    private static @Nullable EmbeddedPostgresServer startEmbedded(Wiring wiring, boolean hasLog)
            throws CommandException {
        try {
            return EmbeddedPostgresServer.start(
                    wiring.directory().resolve("postgres"), binariesCache(wiring.directory()), wiring.random());
        } catch (IOException e) {
            if (!hasLog) {
                throw CommandException.failed("the Postgres inside does not start: " + e.getMessage(), e);
            }
            wiring.telemetry()
                    .alarms()
                    .raise("embedded-postgres", "the Postgres inside does not start: " + e.getMessage()
                            + "; batches are taken all the same, and written there after a start at which it does");
            return null;
        }
    }

    /// Once for all nodes of a user, so that a demo in a new directory need not unpack them again.
    private static Path binariesCache(DataDirectory directory) {
        String cache = System.getenv("XDG_CACHE_HOME");
        if (cache != null && Path.of(cache).isAbsolute()) {
            return Path.of(cache, "openwit");
        }
        Path home = Path.of(System.getProperty("user.home", ""));
        return home.isAbsolute() && home.toFile().canWrite()
                ? home.resolve(".cache").resolve("openwit")
                : directory.resolve("postgres-binaries");
    }

    private static CommandException misconfigured(MetastoreConfigException e) {
        String message = String.valueOf(e.getMessage());
        String key = ConfigKeys.POSTGRES.name();
        return CommandException.usage(message.contains(key) ? message : key + ": " + message, e);
    }

    private MetadataPart(Wiring wiring, @Nullable EmbeddedPostgresServer embedded, MetadataDatabase database) {
        this.wiring = wiring;
        this.embedded = embedded;
        this.database = database;
    }

    MetadataDatabase database() {
        return database;
    }

    /// The last epoch that Postgres knows of the node, or 0. A node with a log goes on without an answer; one without
    /// waits for it, as long as it takes.
    long epochFloor(NodeId node, boolean hasLog) throws CommandException, InterruptedException {
        boolean said = false;
        while (true) {
            try {
                database.prepare();
                long epoch = database.lastEpoch(node).orElse(0);
                wiring.telemetry().alarms().clear(ALARM);
                return epoch;
            } catch (MetastoreConfigException e) {
                throw misconfigured(e);
            } catch (IOException e) {
                wiring.telemetry().alarms().raise(ALARM, String.valueOf(e.getMessage()));
                if (hasLog) {
                    return 0;
                }
                if (!said) {
                    LOG.log(Level.WARNING, "a new node waits for Postgres: address={0}", database.shown());
                    said = true;
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    /// For the admin address.
    Optional<BatchPage> find(BatchId id) throws IOException {
        return database.find(id).map(MetadataPart::page);
    }

    private static BatchPage page(BatchInfo batch) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("batch_id", batch.id().toString());
        fields.put("tenant", batch.tenant().value());
        fields.put("signal", batch.signal().label());
        fields.put("rows", batch.rows());
        fields.put("duplicates", batch.duplicates());
        fields.put("source_bytes", batch.sourceBytes());
        fields.put("state", batch.state().name());
        Map<String, @Nullable Object> times = new LinkedHashMap<>();
        for (BatchInfo.State state : BatchInfo.State.values()) {
            Instant at = batch.times().get(state);
            if (at != null) {
                times.put(state.name(), seconds(at));
            }
        }
        fields.put("times", times);
        fields.put("archived_at", batch.archivedAt().map(MetadataPart::seconds).orElse(null));
        fields.put("node", batch.id().node().value());
        fields.put("segment", batch.segment());
        fields.put("offset", batch.segmentOffset());
        fields.put("position", batch.position());
        fields.put("end_position", batch.endPosition());
        fields.put("min_time", batch.minTimeNanos().map(MetadataPart::time).orElse(null));
        fields.put("max_time", batch.maxTimeNanos().map(MetadataPart::time).orElse(null));
        List<Map<String, Object>> sources = batch.sources().stream()
                .map(source -> Map.<String, Object>of(
                        "topic", source.topic(),
                        "partition", source.partition(),
                        "first", source.first(),
                        "last", source.last()))
                .toList();
        fields.put("sources", sources);
        batch.failure().ifPresent(failure -> {
            Map<String, @Nullable Object> shown = new LinkedHashMap<>();
            shown.put("stage", failure.stage());
            shown.put("message", failure.message());
            shown.put("at", seconds(failure.at()));
            fields.put("failure", shown);
        });
        return new BatchPage(batch.tenant(), fields);
    }

    private static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /// A row's time, with all its digits.
    private static String time(long nanos) {
        return TIME.format(Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS)));
    }

    void stop() throws IOException {
        database.close();
        if (embedded != null) {
            embedded.close();
        }
    }
}
