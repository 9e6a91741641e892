package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A node whose log, positions and key are damaged while it is down, and whose storage is new: it starts each time, tells what is
/// damaged, and storage gets everything else from the log, once.
class DamagedNodeTest {
    private static final int REQUESTS = 10;
    private static final int ROWS = 10;

    @TempDir
    Path directory;

    @Test
    @Timeout(150)
    void aNodeWithADamagedLogStartsEachTimeAndDeliversTheRest() throws Exception {
        Path data = directory.resolve("data");
        Map<String, String> settings = Shape.common(data, "n1");
        try (NodeProcess node = NodeProcess.start(directory, "standalone", settings)) {
            for (int i = 0; i < REQUESTS; i++) {
                assertThat(Otlp.post(node, "logs", Otlp.logs("shop", i * ROWS, ROWS)).statusCode()).isEqualTo(200);
            }
            assertThat(node.terminate()).isZero();
        }
        damage(data);

        for (int start = 1; start <= 2; start++) {
            try (NodeProcess node = NodeProcess.start(directory, "standalone", settings)) {
                Sql sql = Sql.of(node);
                int rest = (REQUESTS - 1) * ROWS;
                await().atMost(Duration.ofSeconds(30))
                        .ignoreExceptionsInstanceOf(IOException.class)
                        .until(() -> sql.number("select count(*) from logs"), count -> count >= rest);
                assertThat(sql.number("select count(*) from logs")).isEqualTo(rest);
                assertThat(sql.number("select count(distinct attributes['n']) from logs")).isEqualTo(rest);
                assertThat(sql.number("select count(*) from logs where body = 'row 50'")).isZero();
                String health = Otlp.HTTP
                        .send(
                                HttpRequest.newBuilder(node.url("admin", "/health/ready")).build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body();
                assertThat(health).contains("\"wal-damaged\"").contains("\"ready\" : true");
                if (start == 1) {
                    assertThat(health).contains("\"follower-position-damaged\"").contains("\"dedup-key-damaged\"");
                }
                node.kill();
            }
        }
    }

    /// One byte in the rows of the sixth request; all positions; the key; and storage has lost everything.
    private void damage(Path data) throws Exception {
        Ended dump = Ended.openwit(directory, "wal", "dump", data.toString());
        assertThat(dump.code()).as(dump.errors()).isZero();
        List<String> lines = dump.out().lines().filter(line -> line.contains("\"row 50\"")).toList();
        assertThat(lines).hasSize(1);
        Matcher position = Pattern.compile("\"position\":(\\d+)").matcher(lines.getFirst());
        assertThat(position.find()).isTrue();
        Path segment = data.resolve("wal/000001.wal");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[Integer.parseInt(position.group(1)) + 1_000] ^= 4;
        Files.write(segment, bytes);
        try (Stream<Path> files = Files.list(data.resolve("wal"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".position")).toList()) {
                Files.write(file, "not a position".getBytes(UTF_8));
            }
        }
        Files.write(data.resolve("wal/dedup.key"), new byte[5]);
        Files.walkFileTree(data.resolve("storage"), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failed) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
