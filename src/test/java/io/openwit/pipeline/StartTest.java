package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.InetAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What stops a start: one clear line, and the exit code of the manual.
@Timeout(90)
class StartTest {
    private static final int BAD_USAGE = 2;

    @TempDir
    Path directory;

    @Test
    void anUnknownKeyIsNamedWithItsLineAndTheNearestKnownOne() throws Exception {
        Path file = directory.resolve("openwit.yaml");
        Files.writeString(file, "node:\n  id: n1\nprocessing:\n  wal:\n    sync_on_wirte: true\n");

        Ended check = openwit("config", "check", file.toString());
        Ended run = openwit("run", "--config", file.toString());

        assertThat(check.code()).isEqualTo(BAD_USAGE);
        assertThat(check.errors()).contains("openwit.yaml:5").contains("sync_on_wirte").contains("sync_on_write");
        assertThat(run.code()).isEqualTo(BAD_USAGE);
        assertThat(run.errorLines()).hasSize(1);
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
            settings.put("ingestion.http.port", Integer.toString(taken.getLocalPort()));

            Ended run = run(settings);

            assertThat(run.code()).isEqualTo(BAD_USAGE);
            assertThat(run.errors())
                    .contains("ingestion.http.port")
                    .contains(Integer.toString(taken.getLocalPort()))
                    .contains("in use");
        }
    }

    @Test
    void aDataDirectoryInUseIsNamed() throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        try (NodeProcess first = NodeProcess.start(directory, "standalone", settings)) {
            Ended second = run(settings);

            assertThat(second.code()).isEqualTo(BAD_USAGE);
            assertThat(second.errors()).contains(directory.resolve("data").toString()).contains("another process");
            assertThat(first.isAlive()).isTrue();
        }
    }

    @Test
    void aDataDirectoryOfAnotherNodeOrVersionIsNamedAndLeftAsItIs() throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        try (NodeProcess first = NodeProcess.start(directory, "standalone", settings)) {
            assertThat(first.terminate()).isZero();
        }
        Path segment = directory.resolve("data/wal/000001.wal");

        for (int start = 1; start <= 2; start++) {
            Ended other = run(Shape.common(directory.resolve("data"), "n2"));

            assertThat(other.code()).isEqualTo(BAD_USAGE);
            assertThat(other.errorLines().getLast())
                    .contains(segment + ": this is the log of node n1, and this is node n2")
                    .contains("node.id");
        }
        byte[] bytes = Files.readAllBytes(segment);
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(8, 7);
        CRC32C crc = new CRC32C();
        crc.update(new byte[8]);
        crc.update(bytes, 0, 4092);
        header.putInt(4092, (int) crc.getValue());
        Files.write(segment, bytes);
        Ended newer = run(settings);

        assertThat(newer.code()).isEqualTo(BAD_USAGE);
        assertThat(newer.errorLines().getLast())
                .contains(segment + ": the log has version 7, and this program knows version 1");
        assertThat(Files.readAllBytes(segment)).isEqualTo(bytes);
    }

    @Test
    void aNodeThatDoesNotForceSaysSoAtItsStartInItsMetricsAndWhenItIsAsked() throws Exception {
        for (boolean sync : new boolean[] {false, true}) {
            Map<String, String> settings = Shape.common(directory.resolve("data-" + sync), "n1");
            settings.put("processing.wal.sync_on_write", Boolean.toString(sync));
            try (NodeProcess node = NodeProcess.start(directory, "standalone", settings)) {
                assertThat(get(node, "/health/ready")).contains("\"sync_on_write\" : " + sync);
                assertThat(get(node, "/metrics")).contains("openwit_wal_sync_on_write " + (sync ? "1.0" : "0.0"));
                assertThat(node.errors().contains("processing.wal.sync_on_write=false")).isEqualTo(!sync);
            }
        }
    }

    private static String get(NodeProcess node, String path) throws Exception {
        return Otlp.HTTP
                .send(HttpRequest.newBuilder(node.url("admin", path)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void anOpenDoorToTheWorldNeedsTokensOrAWrittenWord() throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put("ingestion.grpc.bind", "0.0.0.0");

        Ended run = run(settings);

        assertThat(run.code()).isEqualTo(BAD_USAGE);
        assertThat(run.errors()).contains("security.allow_unauthenticated");
    }

    @Test
    void aMalformedOrRefusedPostgresIsNamedWithoutItsPassword() throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put("metastore.postgres.connection_string", "postgresql//user:hunter2@nowhere");
        Ended malformed = run(settings);
        assertThat(malformed.code()).isEqualTo(BAD_USAGE);
        assertThat(malformed.errors()).contains("metastore.postgres.connection_string").doesNotContain("hunter2");

        try (var postgres = io.zonky.test.db.postgres.embedded.EmbeddedPostgres.builder().start()) {
            settings.put(
                    "metastore.postgres.connection_string",
                    "postgresql://postgres:hunter2@127.0.0.1:" + postgres.getPort() + "/nosuchdatabase");
            Ended refused = run(settings);
            assertThat(refused.code()).isEqualTo(BAD_USAGE);
            assertThat(refused.errors()).contains("nosuchdatabase").doesNotContain("hunter2");
        }
    }

    @Test
    void otherRolesThanStandaloneNeedAConnectionString() throws Exception {
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put("handoff.flight.endpoint", "grpc://127.0.0.1:9401");

        List<String> arguments = new ArrayList<>(List.of("run", "--role", "ingest"));
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        Ended run = openwit(arguments.toArray(String[]::new));

        assertThat(run.code()).isEqualTo(BAD_USAGE);
        assertThat(run.errors()).contains("metastore.postgres.connection_string");
    }

    @Test
    void aMissingJvmFlagIsNamed() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.openwit.server.Main",
                        "run")
                .redirectError(directory.resolve("err").toFile())
                .start();

        Ended run = Ended.of(process, directory.resolve("err"));

        assertThat(run.code()).isEqualTo(BAD_USAGE);
        assertThat(run.errors()).contains("--add-opens=java.base/java.nio=ALL-UNNAMED").contains("./openwit");
    }

    @Test
    void theScriptSaysWhatToInstallWhereThereIsNoJdk25() throws Exception {
        ProcessBuilder without = new ProcessBuilder(
                        "/bin/sh", Path.of("openwit").toAbsolutePath().toString(), "--help")
                .redirectError(directory.resolve("err2").toFile());
        without.environment().put("OPENWIT_JDK_DIRS", directory.toString());
        without.environment().remove("JAVA_HOME");
        without.environment().put("PATH", minimalPath());
        Ended ended = Ended.of(without.start(), directory.resolve("err2"));
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.errors()).contains("JDK 25");
        assertThat(ended.errorLines()).hasSize(1);
    }

    /// A directory with the tools that the script needs, and no java.
    private String minimalPath() throws IOException {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String tool : new String[] {"sh", "dirname", "find", "ls", "sed", "grep", "head", "cat", "readlink", "uname"}) {
            for (String place : new String[] {"/bin/", "/usr/bin/"}) {
                if (Files.exists(Path.of(place + tool)) && !Files.exists(bin.resolve(tool))) {
                    Files.createSymbolicLink(bin.resolve(tool), Path.of(place + tool));
                }
            }
        }
        return bin.toString();
    }

    private Ended run(Map<String, String> settings) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("run"));
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        return openwit(arguments.toArray(String[]::new));
    }

    private Ended openwit(String... arguments) throws Exception {
        return Ended.openwit(directory, arguments);
    }
}
