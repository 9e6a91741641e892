package io.openwit.storage;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.openwit.model.BatchId;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
/// quarantine/                                                  batches that could not be converted
/// tmp/                                                         emptied at every start
/// ```
///
/// Which batches are stored is rebuilt at a start from the landing files and from what each Parquet file says of itself.
public final class StorageNode implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(StorageNode.class.getName());
    private static final String LOST_ALARM = "storage-landing-damaged";

    /// Beyond `maxBatchBytes`, for a message's header and metadata.
    private static final int MESSAGE_SLACK_BYTES = 1 << 20;

    private static final int FLOW_CONTROL_WINDOW_BYTES = 8 << 20;
    private static final int MAX_HEADER_BYTES = 8 << 10;

    private final StorageConfig config;
    private final BufferAllocator allocator;
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
    /// @param executor runs the streams: each waits on its thread while there is no room, so a virtual thread for each task
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
        deleteTree(temporary);
        for (Path needed : List.of(landing, parquet, temporary)) {
            ForcedFiles.createDirectories(needed);
        }
        Catalogue catalogue = new Catalogue(telemetry.metrics());
        Senders senders = Senders.open(directory.resolve("senders"));
        List<Path> landed = landingFiles(landing);
        Set<Long> owned = new TreeSet<>();
        landed.forEach(file -> owned.add(Segment.numberOf(fileName(file))));
        RootAllocator allocator = new RootAllocator();
        SqlStore sql = null;
        try {
            sql = new SqlStore(config, parquet, temporary, catalogue, clocks, allocator);
            KnownBatches known = new KnownBatches();
            long highest = 0;
            for (Path file : parquetFiles(parquet)) {
                long number = Segment.numberOf(fileName(file));
                highest = Math.max(highest, number);
                if (owned.contains(number)) {
                    // Not finished when the process ended; the landing file still has all of it.
                    Files.delete(file);
                } else {
                    catalogue.add(parquetFile(file));
                    known.addAll(sql.batchesIn(file));
                }
            }
            addQuarantined(directory.resolve("quarantine"), known);
            for (Path file : landed) {
                boolean last = file.equals(landed.getLast());
                highest = Math.max(highest, Segment.numberOf(fileName(file)));
                recover(file, last, known, catalogue, telemetry);
            }
            Lander lander =
                    new Lander(config, landing, catalogue, known, senders, highest + 1, clocks, random, telemetry);
            return new StorageNode(config, tokens, directory, allocator, lander, sql, catalogue, clocks, telemetry, executor);
        } catch (SQLException e) {
            closeAfter(e, sql, allocator);
            throw new IOException("storage's SQL engine: " + e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            closeAfter(e, sql, allocator);
            throw e;
        }
    }

    private static void closeAfter(Exception cause, @Nullable SqlStore sql, BufferAllocator allocator) {
        try {
            if (sql != null) {
                sql.close();
            }
            allocator.close();
        } catch (SQLException | RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    private static List<Path> landingFiles(Path landing) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(landing)) {
            for (Path file : all.sorted().toList()) {
                if (Segment.isFileName(fileName(file))) {
                    files.add(file);
                } else if (fileName(file).endsWith(".tmp")) {
                    Files.delete(file);
                }
            }
        }
        return files;
    }

    private static List<Path> parquetFiles(Path parquet) throws IOException {
        try (Stream<Path> all = Files.walk(parquet, 4)) {
            return all.filter(file -> fileName(file).matches("[0-9]{10}\\.parquet")).sorted().toList();
        }
    }

    /// Tenant and signal as its directories name them.
    private static ParquetFile parquetFile(Path file) throws IOException {
        int names = file.getNameCount();
        try {
            return new ParquetFile(
                    file,
                    new TenantId(valueOf(file.getName(names - 4), "tenant=")),
                    Signal.ofLabel(valueOf(file.getName(names - 3), "signal=")));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " does not lie in tenant=T/signal=S/day=D: " + e.getMessage(), e);
        }
    }

    private static String valueOf(Path directory, String prefix) {
        String name = directory.toString();
        if (!name.startsWith(prefix)) {
            throw new IllegalArgumentException(name + " does not begin with " + prefix);
        }
        return name.substring(prefix.length());
    }

    private static void addQuarantined(Path quarantine, KnownBatches known) throws IOException {
        if (!Files.isDirectory(quarantine)) {
            return;
        }
        try (Stream<Path> all = Files.list(quarantine)) {
            for (Path file : all.toList()) {
                String name = fileName(file);
                known.add(BatchId.parse(
                        name.substring(0, Math.max(0, name.length() - Converter.QUARANTINE_SUFFIX.length()))));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(quarantine + ": " + e.getMessage(), e);
        }
    }

    /// Takes over a landing file of an earlier run, as closed.
    private static void recover(Path file, boolean last, KnownBatches known, Catalogue catalogue, Telemetry telemetry)
            throws IOException {
        LandingFile.Contents contents = LandingFile.scan(file);
        if (contents.damagedBytes() > 0) {
            telemetry
                    .alarms()
                    .raise(LOST_ALARM, file + " has " + contents.damagedBytes()
                            + " damaged bytes between whole batches; restore that time from the archive");
        }
        if (contents.tornBytes() > 0) {
            LOG.log(Level.INFO, "landing file cut: file={0} bytes={1} reason=torn", new Object[] {
                file, Long.toString(contents.tornBytes())
            });
        }
        if (last) {
            // The earlier run may have ended before, or in, the force of what stands here.
            LandingFile.rewrite(file, contents.wholeBytes());
        }
        // After a crash between a failed write and its answer a batch may stand in two files; the first one counts.
        List<LandedBatch> own =
                contents.batches().stream().filter(batch -> known.add(batch.id())).toList();
        catalogue.add(new Segment(Segment.numberOf(fileName(file)), file, own, 0, true));
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

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }

    private StorageNode(
            StorageConfig config,
            Optional<Predicate<String>> tokens,
            Path directory,
            BufferAllocator allocator,
            Lander lander,
            SqlStore sql,
            Catalogue catalogue,
            Clocks clocks,
            Telemetry telemetry,
            Executor executor) {
        this.config = config;
        this.allocator = allocator;
        this.lander = lander;
        this.sql = sql;
        this.catalogue = catalogue;
        this.executor = executor;
        this.converter = new Converter(directory, catalogue, sql, lander::roomMade, clocks, telemetry);
        this.service = new FlightService(
                config, tokens, new BatchCheck(allocator, config.maxBatchBytes()), lander, telemetry);
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
        lander.close();
        try {
            sql.close();
        } catch (SQLException e) {
            throw new IOException("storage's SQL engine does not close: " + e.getMessage(), e);
        }
        allocator.close();
    }
}
