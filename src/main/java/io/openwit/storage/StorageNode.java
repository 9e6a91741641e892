package io.openwit.storage;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.openwit.model.Clocks;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/// The storage endpoint: takes batches over Arrow Flight, answers when they are on its disk, and answers SQL.
///
/// ```
/// landing/0000000017.land                                      what was answered and is not yet Parquet
/// parquet/tenant=T/signal=S/day=YYYY-MM-DD/0000000016.parquet  the rest; day: of the newest row of each batch, in UTC
/// senders                                                      highest epoch of each sender
/// lock                                                         held while a process uses the directory
/// quarantine/                                                  batches that could not be converted
/// tmp/                                                         emptied at every start
/// ```
///
/// Which batches are stored is rebuilt at a start ([Recovery]).
public final class StorageNode implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(StorageNode.class.getName());

    /// Beyond `maxBatchBytes`, for a message's header and metadata.
    private static final int MESSAGE_SLACK_BYTES = 1 << 20;

    private static final int FLOW_CONTROL_WINDOW_BYTES = 8 << 20;
    private static final int MAX_HEADER_BYTES = 8 << 10;

    private final StorageConfig config;
    private final Deque<AutoCloseable> opened;
    private final Lander lander;
    private final SqlStore sql;
    private final Converter converter;
    private final Catalogue catalogue;
    private final FlightService service;
    private final Executor executor;
    private @Nullable Server server;

    /// Reads what an earlier run left, and makes it whole.
    ///
    /// @param tokens says whether a bearer token may send; empty: anybody may
    /// @param random for the nonces of landing files
    /// @param executor runs the streams: each waits on its thread while there is no room, so a virtual thread for
    ///     each task
    /// @throws IOException the directory cannot be read or written, or holds what is no storage of this version
    public static StorageNode open(
            StorageConfig config,
            Optional<Predicate<String>> tokens,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry,
            Executor executor)
            throws IOException {
        Path directory = config.dir().toAbsolutePath().normalize();
        Path landing = directory.resolve("landing");
        Path parquet = directory.resolve("parquet");
        Path temporary = directory.resolve("tmp");
        ForcedFiles.createDirectories(directory);
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        try {
            opened.push(lock(directory.resolve("lock")));
            deleteTree(temporary);
            for (Path needed : List.of(landing, parquet, temporary)) {
                ForcedFiles.createDirectories(needed);
            }
            Catalogue catalogue = new Catalogue(telemetry.metrics());
            BufferAllocator allocator = new RootAllocator();
            opened.push(allocator);
            SqlStore sql = new SqlStore(config, parquet, temporary, catalogue, clocks, allocator);
            opened.push(sql);
            Recovery recovery = Recovery.run(directory, sql, catalogue, telemetry);
            Lander lander = new Lander(
                    config,
                    landing,
                    catalogue,
                    recovery.known(),
                    Senders.open(directory.resolve("senders")),
                    recovery.nextNumber(),
                    clocks,
                    random,
                    telemetry);
            opened.push(lander);
            Converter converter = new Converter(directory, catalogue, sql, lander::roomMade, clocks, telemetry);
            BatchCheck check = new BatchCheck(allocator, config.maxBatchBytes());
            FlightService service = new FlightService(config, tokens, check, lander, telemetry);
            return new StorageNode(config, opened, lander, sql, converter, catalogue, service, executor);
        } catch (SQLException e) {
            IOException failure = new IOException("storage's SQL engine: " + e.getMessage(), e);
            closeAll(opened, failure);
            throw failure;
        } catch (IOException | RuntimeException e) {
            closeAll(opened, e);
            throw e;
        }
    }

    /// @throws IOException another process uses the directory
    private static FileChannel lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            LOG.log(Level.FINE, "held by this very process: {0}", file);
        }
        channel.close();
        throw new IOException(file.getParent() + " is in use by another storage process; one process a directory");
    }

    /// Closes in the reverse order of opening.
    private static void closeAll(Deque<AutoCloseable> opened, Exception cause) {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                cause.addSuppressed(e);
            }
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private StorageNode(
            StorageConfig config,
            Deque<AutoCloseable> opened,
            Lander lander,
            SqlStore sql,
            Converter converter,
            Catalogue catalogue,
            FlightService service,
            Executor executor) {
        this.config = config;
        this.opened = opened;
        this.lander = lander;
        this.sql = sql;
        this.converter = converter;
        this.catalogue = catalogue;
        this.service = service;
        this.executor = executor;
    }

    /// Opens the Flight door.
    ///
    /// @throws IOException the address cannot be bound
    public void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(config.bindHost(), config.port()))
                .executor(executor)
                .addService(service.definition())
                .maxInboundMessageSize(config.maxBatchBytes() + MESSAGE_SLACK_BYTES)
                .maxInboundMetadataSize(MAX_HEADER_BYTES)
                .maxConcurrentCallsPerConnection(config.maxStreams())
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .permitKeepAliveWithoutCalls(true)
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .build()
                .start();
    }

    /// The port of the Flight door, after [#start].
    public int port() {
        Server running = server;
        if (running == null) {
            throw new IllegalStateException("the Flight door is not open");
        }
        return running.getPort();
    }

    /// Lands batches and answers them: thread `storage-lander`.
    public Stepper lander() {
        return lander;
    }

    /// Makes Parquet of what has landed: thread `storage-parquet`.
    public Stepper converter() {
        return converter;
    }

    public SqlQuery sql() {
        return sql;
    }

    /// Rows that are stored and not yet in Parquet.
    public long pendingRows() {
        return catalogue.pendingRows();
    }

    /// Whether a force failed: nothing is stored any more until a restart.
    public boolean poisoned() {
        return lander.poisoned();
    }

    /// Closes the Flight door: streams end with UNAVAILABLE, and what has no answer will be sent again.
    ///
    /// @param timeout for streams to end by themselves
    public void stop(Duration timeout) {
        Server running = server;
        if (running == null) {
            return;
        }
        running.shutdown();
        try {
            if (!running.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                running.shutdownNow();
                running.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            running.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /// Closes files and the database, after [#stop] and after the threads of both steppers have ended.
    @Override
    public void close() throws IOException {
        IOException failure = new IOException("storage does not close");
        closeAll(opened, failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }
}
