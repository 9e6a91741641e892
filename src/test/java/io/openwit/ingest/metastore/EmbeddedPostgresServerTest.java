package io.openwit.ingest.metastore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresServerTest {
    /// Shared by the test classes, so that Postgres' programs are unpacked once.
    static final Path BINARIES = Path.of(System.getProperty("java.io.tmpdir"), "openwit-test-postgres");

    private static final NodeId NODE = new NodeId("n1");

    @TempDir
    Path dir;

    @Test
    void keepsItsDataOverARestartAndIsOneProcessADirectory() throws Exception {
        try (EmbeddedPostgresServer first = start()) {
            remember(first, 7);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("password"))))
                    .isEqualTo("rw-------");
            assertThatThrownBy(this::start)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another process runs the embedded Postgres");
        }
        try (EmbeddedPostgresServer second = start()) {
            assertThat(lastEpoch(second)).hasValue(7);
        }
        assertThat(dir.resolve("data/postmaster.pid")).doesNotExist();
    }

    @Test
    void anOrphanOfAKilledProcessIsStoppedAndItsDataKept() throws Exception {
        Process owner = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Owner.class.getName(),
                        dir.toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("owner.log").toFile())
                .start();
        Path note = dir.resolve("data/postmaster.pid");
        await()
                .atMost(20, TimeUnit.SECONDS)
                .until(() -> Files.readString(dir.resolve("owner.log")).contains("remembered"));
        owner.destroyForcibly().waitFor();
        long orphan = Long.parseLong(Files.readAllLines(note, UTF_8).getFirst().strip());
        assertThat(ProcessHandle.of(orphan)).hasValueSatisfying(process -> assertThat(process.isAlive()).isTrue());

        try (EmbeddedPostgresServer next = start()) {
            assertThat(lastEpoch(next)).hasValue(9);
            assertThat(Files.readAllLines(note, UTF_8).getFirst().strip()).isNotEqualTo(Long.toString(orphan));
        }
    }

    @Test
    void aStaleNoteThatNamesALivingStrangerIsNoHindrance() throws Exception {
        start().close();
        Files.writeString(
                dir.resolve("data/postmaster.pid"),
                ProcessHandle.current().pid() + "\n" + dir.resolve("data") + "\n0\n5432\n\n127.0.0.1\n\n");

        try (EmbeddedPostgresServer next = start()) {
            assertThat(lastEpoch(next)).isEmpty();
        }
        assertThat(ProcessHandle.current().isAlive()).isTrue();
    }

    private EmbeddedPostgresServer start() throws IOException {
        return EmbeddedPostgresServer.start(dir, BINARIES, new SecureRandom());
    }

    private static void remember(EmbeddedPostgresServer server, long epoch) throws Exception {
        try (MetadataDatabase database = new MetadataDatabase(server.connectionString(), 2)) {
            database.prepare();
            database.recordStart(new NodeStart(NODE, epoch, 1, true), 0);
        }
    }

    private static OptionalLong lastEpoch(EmbeddedPostgresServer server) throws Exception {
        try (MetadataDatabase database = new MetadataDatabase(server.connectionString(), 2)) {
            database.prepare();
            return database.lastEpoch(NODE);
        }
    }

    /// A process that starts the server and is killed.
    static final class Owner {
        private Owner() {}

        public static void main(String[] arguments) throws Exception {
            remember(EmbeddedPostgresServer.start(Path.of(arguments[0]), BINARIES, new SecureRandom()), 9);
            System.out.println("remembered");
            Thread.sleep(60_000);
        }
    }
}
