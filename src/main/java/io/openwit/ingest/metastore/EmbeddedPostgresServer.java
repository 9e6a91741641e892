package io.openwit.ingest.metastore;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// A real Postgres below the data directory, for a node that runs alone. It listens on loopback, at a free port, with a
/// password drawn at random.
///
/// ```
/// DIR/lock        one process a directory
/// DIR/password    0600
/// DIR/data/       the cluster; made as data.new and renamed, so that a half-made one is never used
/// DIR/server.log  since the last start
/// DIR/command.log what initdb and pg_ctl said last
/// ```
///
/// Our process may be killed and leave the postmaster behind: the next start finds it by `postmaster.pid` and by the
/// directory that it works in, and stops it before it starts its own. Postgres refuses to run as root; in a user
/// namespace of its own (`unshare -U`) it does not see that it does.
///
/// Thread-safe once it is started.
public final class EmbeddedPostgresServer implements AutoCloseable {
    /// `initdb`, and each start and stop, takes at most this long.
    static final int COMMAND_LIMIT_SECONDS = 60;

    private static final Logger LOG = Logger.getLogger(EmbeddedPostgresServer.class.getName());
    private static final String BINARIES = "/postgres-linux-x86_64.txz";
    private static final String USER = "openwit";
    private static final int PORTS_TO_TRY = 5;
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_READS =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /// A small server: one node writes a few hundred rows at a time. Durability stays as Postgres ships it.
    private static final List<String> SETTINGS = List.of(
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=20",
            "shared_buffers=32MB",
            "max_wal_size=256MB",
            "autovacuum_max_workers=1",
            "max_worker_processes=2",
            "max_parallel_workers=0",
            "io_method=sync",
            "jit=off",
            "log_checkpoints=off");

    private final Path dir;
    private final Path binaries;
    private final FileChannel lock;
    private final String password;
    private final int port;
    private boolean closed;

    /// Starts the server, makes the cluster on the first start (about 3 s), and returns when it takes connections.
    ///
    /// @param dir made where it is missing; `DATA_DIR/postgres`
    /// @param binariesCache where Postgres' own programs are unpacked, once for all that name the same directory
    /// @param random draws the password of a new cluster; a secure one
    /// @throws IOException another process uses `dir`, or Postgres does not run here; the message says what to do
    public static EmbeddedPostgresServer start(Path dir, Path binariesCache, RandomGenerator random)
            throws IOException {
        Path home = dir.toAbsolutePath().normalize();
        Files.createDirectories(home);
        FileChannel lock = lock(home);
        try {
            Path binaries = new Binaries(binariesCache).unpacked();
            return new EmbeddedPostgresServer(home, binaries, lock, random);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private EmbeddedPostgresServer(Path dir, Path binaries, FileChannel lock, RandomGenerator random)
            throws IOException {
        this.dir = dir;
        this.binaries = binaries;
        this.lock = lock;
        if (!Files.exists(data())) {
            makeCluster(random);
        }
        password = Files.readString(passwordFile(), US_ASCII).strip();
        stopOrphan();
        port = startPostmaster();
        LOG.info("embedded postgres started: dir=" + dir + " port=" + port);
    }

    /// In the form of `metastore.postgres.connection_string`; holds the password.
    public String connectionString() {
        return "postgresql://" + USER + ":" + password + "@127.0.0.1:" + port + "/postgres";
    }

    public int port() {
        return port;
    }

    /// Ends all sessions and the server, and waits until it is gone.
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (lock) {
            stopPostmaster();
        }
    }

    private static FileChannel lock(Path home) throws IOException {
        FileChannel channel = FileChannel.open(home.resolve("lock"), CREATE, WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new IOException(home + ": another process runs the embedded Postgres of this directory");
        }
        return channel;
    }

    private Path data() {
        return dir.resolve("data");
    }

    private Path passwordFile() {
        return dir.resolve("password");
    }

    private void makeCluster(RandomGenerator random) throws IOException {
        Path unfinished = dir.resolve("data.new");
        deleteTree(unfinished);
        Files.deleteIfExists(passwordFile());
        byte[] secret = new byte[24];
        random.nextBytes(secret);
        Files.createFile(passwordFile(), OWNER_READS);
        try (FileChannel out = FileChannel.open(passwordFile(), WRITE)) {
            out.write(ByteBuffer.wrap((HexFormat.of().formatHex(secret) + "\n").getBytes(US_ASCII)));
            out.force(true);
        }
        run(List.of(
                program("initdb"),
                "--pgdata=" + unfinished,
                "--username=" + USER,
                "--auth=scram-sha-256",
                "--pwfile=" + passwordFile(),
                "--encoding=UTF8",
                "--locale=C"));
        Files.move(unfinished, data(), ATOMIC_MOVE);
        forceDirectory(dir);
    }

    /// Deals with what a killed process of ours left: a postmaster that still runs, or the note of one that does not.
    private void stopOrphan() throws IOException {
        Path note = data().resolve("postmaster.pid");
        if (!Files.exists(note)) {
            return;
        }
        List<String> lines = Files.readAllLines(note, UTF_8);
        if (!lines.isEmpty() && isOurPostmaster(lines.getFirst().strip())) {
            LOG.warning("embedded postgres was left running and is stopped: dir=" + dir + " pid=" + lines.getFirst());
            stopPostmaster();
        } else {
            // The number may by now belong to any process, and Postgres would take that one for its predecessor.
            Files.delete(note);
        }
    }

    private boolean isOurPostmaster(String pid) throws IOException {
        Path process = Path.of("/proc", pid);
        if (!pid.matches("[0-9]{1,10}") || !Files.isDirectory(process)) {
            return false;
        }
        try {
            return Files.readSymbolicLink(process.resolve("cwd")).equals(data().toRealPath())
                    && Files.readString(process.resolve("comm"), UTF_8).strip().equals("postgres");
        } catch (NoSuchFileException _) {
            return false; // it ended while we looked
        } catch (AccessDeniedException _) {
            return false; // it belongs to someone else, so it is not one that we started
        }
    }

    private int startPostmaster() throws IOException {
        Files.deleteIfExists(dir.resolve("server.log"));
        IOException last = null;
        for (int attempt = 0; attempt < PORTS_TO_TRY; attempt++) {
            int free = freePort();
            StringBuilder options = new StringBuilder("-p ").append(free);
            SETTINGS.forEach(setting -> options.append(" -c ").append(setting));
            try {
                run(List.of(
                        program("pg_ctl"),
                        "start",
                        "--pgdata=" + data(),
                        "--log=" + dir.resolve("server.log"),
                        "--wait",
                        "--timeout=" + COMMAND_LIMIT_SECONDS / 2,
                        "--options=" + options));
                return free;
            } catch (IOException e) {
                // Someone took the port since we looked: the next one may be free. Anything else is no better then.
                last = e;
                if (!tail(dir.resolve("server.log")).contains("could not bind")) {
                    break;
                }
            }
        }
        throw new IOException(
                "embedded Postgres does not start: " + tail(dir.resolve("server.log"))
                        + "; set metastore.postgres.connection_string to use another one",
                last);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void stopPostmaster() throws IOException {
        try {
            run(stop("fast"));
        } catch (IOException e) {
            LOG.warning("embedded postgres did not stop at once: dir=" + dir + " reason=" + e.getMessage());
            run(stop("immediate"));
        }
    }

    private List<String> stop(String mode) {
        return List.of(
                program("pg_ctl"), "stop", "--pgdata=" + data(), "--mode=" + mode, "--wait", "--timeout=20");
    }

    private String program(String name) {
        return binaries.resolve("bin").resolve(name).toString();
    }

    private void run(List<String> command) throws IOException {
        List<String> whole = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            whole.addAll(List.of("unshare", "-U", "--"));
        }
        whole.addAll(command);
        Path said = dir.resolve("command.log");
        // To a file and not to a pipe: the postmaster inherits it, and a pipe would never end.
        ProcessBuilder builder = new ProcessBuilder(whole)
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(said.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        boolean ended;
        try {
            ended = process.waitFor(COMMAND_LIMIT_SECONDS, SECONDS);
        } catch (InterruptedException _) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + command.getFirst());
        }
        if (!ended) {
            process.destroyForcibly();
            throw new IOException(command.getFirst() + " did not end within " + COMMAND_LIMIT_SECONDS + " s");
        }
        if (process.exitValue() != 0) {
            String words = tail(said);
            String advice = words.contains("unshare") ? " (as root it needs user namespaces: run as another user)" : "";
            throw new IOException(command.getFirst() + " failed with " + process.exitValue() + ": " + words + advice);
        }
    }

    /// The last lines of a small file, as one line.
    private static String tail(Path file) throws IOException {
        if (!Files.exists(file)) {
            return "";
        }
        List<String> lines = new String(Files.readAllBytes(file), UTF_8).lines().toList();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 4), lines.size()));
    }

    private static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, READ)) {
            channel.force(true);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /// Postgres' programs as the jar on the class path holds them, unpacked below a directory that only we can write.
    private record Binaries(Path cache) {
        /// @return the directory with `bin`, `lib` and `share`
        Path unpacked() throws IOException {
            long size = sizeOnClassPath();
            Path home = cache.toAbsolutePath().normalize();
            Path wanted = home.resolve("postgres-" + size);
            if (Files.isDirectory(wanted)) {
                return wanted;
            }
            Files.createDirectories(home, OWNER_ONLY);
            Path unfinished = Files.createTempDirectory(home, "unpacking-", OWNER_ONLY);
            unpack(unfinished);
            try {
                Files.move(unfinished, wanted, ATOMIC_MOVE);
            } catch (IOException e) {
                // Another process was faster; its copy is as good.
                deleteTree(unfinished);
                if (!Files.isDirectory(wanted)) {
                    throw e;
                }
            }
            return wanted;
        }

        private static long sizeOnClassPath() throws IOException {
            URL url = EmbeddedPostgresServer.class.getResource(BINARIES);
            if (url == null) {
                throw new IOException("there is no embedded Postgres for " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch") + ": set metastore.postgres.connection_string");
            }
            return url.openConnection().getContentLengthLong();
        }

        private static void unpack(Path to) throws IOException {
            InputStream packed = EmbeddedPostgresServer.class.getResourceAsStream(BINARIES);
            if (packed == null) {
                throw new IOException("embedded Postgres has left the class path: " + BINARIES);
            }
            try (TarArchiveInputStream tar =
                    new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed)))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    unpackEntry(tar, entry, to);
                }
            }
        }

        private static void unpackEntry(TarArchiveInputStream tar, TarArchiveEntry entry, Path to) throws IOException {
            Path path = to.resolve(entry.getName()).normalize();
            if (!path.startsWith(to)) {
                throw new IOException("embedded Postgres: an entry leads out of its directory: " + entry.getName());
            }
            if (entry.isDirectory()) {
                Files.createDirectories(path);
                return;
            }
            Path parent = path.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            if (entry.isSymbolicLink()) {
                Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            } else {
                Files.copy(tar, path);
                if ((entry.getMode() & 0100) != 0) {
                    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
        }
    }
}
