package io.openwit.server;

import io.openwit.columnar.CompressionCodecs;
import io.openwit.console.AdminApi;
import io.openwit.console.AdminConfig;
import io.openwit.console.AdminServer;
import io.openwit.console.NodeStatus;
import io.openwit.gateway.Tokens;
import io.openwit.ingest.handoff.FlightEndpoint;
import io.openwit.model.Signal;
import io.openwit.telemetry.Telemetry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One node in this process: starts the parts of its role in order, and stops them in the reverse order.
///
/// Start: directory, storage, metadata and log with its followers, gateway, doors, admin address. Stop: doors (requests
/// under way are answered), gateway, log (its followers get `shutdown.timeout_ms` to catch up), storage, Postgres,
/// directory.
final class NodeRuntime {
    private static final Logger LOG = Logger.getLogger(NodeRuntime.class.getName());
    private static final Duration LOOP_PAUSE = Duration.ofSeconds(1);

    private final Config config;
    private final Consumer<String> fatal;
    private final Doors doors = new Doors();
    private final Deque<Stopping> stops = new ArrayDeque<>();
    private volatile boolean ready;
    private @Nullable Telemetry telemetry;
    private @Nullable StoragePart storage;
    private @Nullable IngestPart ingest;
    private @Nullable GatewayPart gateway;

    /// A step of the stop.
    private record Stopping(String what, Stop stop) {}

    @FunctionalInterface
    private interface Stop {
        void run() throws IOException;
    }

    /// @param fatal called when a disk has failed; does not return
    NodeRuntime(Config config, Consumer<String> fatal) {
        this.config = config;
        this.fatal = fatal;
    }

    /// Opens everything up to the doors. What was opened before a failure is closed by [#stop], which has to be called
    /// in any case.
    ///
    /// @throws CommandException the configuration does not fit the machine; the message says what to change
    /// @throws IOException a disk or a neighbour failed
    /// @throws InterruptedException the stop was asked for while the start waited for a neighbour
    void start() throws CommandException, IOException, InterruptedException {
        CompressionCodecs.checkInstalled();
        DataDirectory directory = DataDirectory.open(config.get(ConfigKeys.DATA_DIR));
        onStop("directory", directory::close);
        Tracing tracing = Tracing.of(config);
        onStop("tracing", tracing::close);
        SystemClocks clocks = new SystemClocks();
        Telemetry counting = new Telemetry(clocks, tracing.spans());
        telemetry = counting;
        ExecutorService virtualThreads = Executors.newVirtualThreadPerTaskExecutor();
        onStop("tasks", virtualThreads::shutdownNow);
        Wiring wiring = new Wiring(
                config,
                directory,
                clocks,
                counting,
                virtualThreads,
                new SecureRandom(),
                new Loops(counting.alarms(), LOOP_PAUSE),
                doors,
                fatal);
        start(wiring);
    }

    private void start(Wiring wiring) throws CommandException, IOException, InterruptedException {
        Credentials credentials = new Credentials(wiring);
        Optional<Tokens> clients = credentials.ofClients();
        Predicate<String> gateways = credentials.ofGateways();
        Optional<FutureTask<MetadataPart>> metadata =
                wiring.role().hasIngest() ? Optional.of(startMetadata(wiring)) : Optional.empty();
        boolean ownStorage = wiring.role() == Role.STORAGE
                || wiring.role() == Role.STANDALONE
                        && config.get(ConfigKeys.FLIGHT_ENDPOINT).isEmpty();
        Optional<String> ownToken =
                ownStorage && wiring.role().hasIngest() ? credentials.drawOwn() : Optional.empty();
        if (ownStorage) {
            StoragePart part = StoragePart.start(wiring, credentials.ofSenders(ownToken));
            storage = part;
            onStop("storage", part::stop);
        }
        if (metadata.isPresent()) {
            IngestPart part = IngestPart.start(wiring, started(metadata.get()), target(ownToken, credentials),
                    gateways);
            ingest = part;
            onStop("ingest node", part::stop);
        }
        AdminServer admin = admin(wiring, clients);
        // Made before the gateway, and so closed after it: what drains can still be watched.
        onStop("admin address", admin::close);
        if (wiring.role().hasGateway()) {
            IngestPart own = ingest;
            GatewayPart part =
                    own == null ? GatewayPart.remote(wiring, clients) : GatewayPart.direct(wiring, clients, own.node());
            gateway = part;
            onStop("gateway", part::stop);
        }
        openDoors();
        doors.open("admin", ConfigKeys.ADMIN_PORT, config.get(ConfigKeys.ADMIN_BIND),
                config.get(ConfigKeys.ADMIN_PORT), () -> {
            admin.start();
            return admin.port();
        });
        ready = true;
        LOG.log(Level.INFO, "node ready: node={0} role={1} directory={2}", new Object[] {
            config.get(ConfigKeys.NODE_ID_KEY), wiring.role().label(), wiring.directory().path()
        });
    }

    /// Postgres takes seconds to start, so storage is opened meanwhile.
    private FutureTask<MetadataPart> startMetadata(Wiring wiring) throws IOException {
        boolean hasLog = IngestPart.hasLog(wiring);
        FutureTask<MetadataPart> starting = new FutureTask<>(() -> MetadataPart.start(wiring, hasLog));
        onStop("metadata", () -> stopMetadata(starting));
        Thread.ofPlatform().name("metadata-start").daemon(true).start(starting);
        return starting;
    }

    private static MetadataPart started(FutureTask<MetadataPart> starting)
            throws CommandException, InterruptedException {
        try {
            return starting.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CommandException known) {
                throw known;
            }
            throw new IllegalStateException("the metadata part does not start", e.getCause());
        }
    }

    private static void stopMetadata(FutureTask<MetadataPart> starting) throws IOException {
        try {
            started(starting).stop();
        } catch (CommandException e) {
            LOG.log(Level.FINE, "there is no metadata to stop, as it did not start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Where the handoff sends to.
    ///
    /// @param ownToken for the storage of this process
    private IngestPart.Target target(Optional<String> ownToken, Credentials credentials) throws IOException {
        StoragePart own = storage;
        if (own == null) {
            String endpoint = config.get(ConfigKeys.FLIGHT_ENDPOINT).orElseThrow();
            return new IngestPart.Target(FlightEndpoint.parse(endpoint), config.get(ConfigKeys.FLIGHT_TOKEN_FILE));
        }
        Optional<Path> tokenFile =
                ownToken.isPresent() ? Optional.of(credentials.writeOwn(ownToken.get())) : Optional.empty();
        HostPort address = own.address();
        return new IngestPart.Target(new FlightEndpoint(address.host(), address.port()), tokenFile);
    }

    private void openDoors() throws CommandException {
        IngestPart ingestPart = ingest;
        if (ingestPart != null) {
            ingestPart.openDoor();
            onStop("bulk door", ingestPart::closeDoor);
        }
        GatewayPart gatewayPart = gateway;
        if (gatewayPart != null) {
            gatewayPart.openDoors();
        }
    }

    private AdminServer admin(Wiring wiring, Optional<Tokens> clients) {
        String tokenHeader = config.get(ConfigKeys.TOKEN_HEADER);
        AdminApi api = new AdminApi(
                this::status,
                header -> Credentials.viewer(clients, tokenHeader, header),
                Optional.ofNullable(ingest).map(part -> part.metadata()::find),
                Optional.ofNullable(storage).map(part -> part::query));
        AdminConfig adminConfig = AdminConfig.of(
                config.get(ConfigKeys.ADMIN_BIND), config.get(ConfigKeys.ADMIN_PORT),
                        config.get(ConfigKeys.PROMETHEUS));
        return new AdminServer(adminConfig, api, wiring.telemetry(), wiring.virtualThreads());
    }

    private NodeStatus status() {
        return new NodeStatus(
                ready,
                config.get(ConfigKeys.NODE_ID_KEY).value(),
                config.get(ConfigKeys.DEPLOYMENT_ROLE).label(),
                doors.addresses(),
                config.get(ConfigKeys.WAL_SYNC));
    }

    /// `ready grpc=HOST:PORT …`, with the doors that this role has.
    String readyLine() {
        return doors.readyLine();
    }

    /// Name to HOST:PORT of the open doors.
    Map<String, String> doors() {
        return doors.addresses();
    }

    /// Rows counted as duplicates since the start, of one signal.
    long duplicateRows(Signal signal) {
        Telemetry counted = telemetry;
        if (counted == null) {
            return 0;
        }
        double sum = 0;
        for (CounterDataPointSnapshot point : counted.metrics().rowsDuplicate.collect().getDataPoints()) {
            if (signal.label().equals(point.getLabels().get("signal"))) {
                sum += point.getValue();
            }
        }
        return (long) sum;
    }

    /// Bytes of the log that this process's followers have not done; 0 where there is no log.
    long followerLagBytes() {
        IngestPart part = ingest;
        return part == null ? 0 : part.lagBytes();
    }

    private synchronized void onStop(String what, Stop stop) {
        stops.push(new Stopping(what, stop));
    }

    /// Stops what has been started, in the reverse order; what fails is logged and does not keep the rest. To be called
    /// after [#start] has ended, one way or the other; a second call does nothing.
    synchronized void stop() {
        ready = false;
        while (!stops.isEmpty()) {
            Stopping next = stops.pop();
            try {
                next.stop().run();
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.WARNING, "not stopped cleanly: part=" + next.what(), e);
            }
        }
    }
}
