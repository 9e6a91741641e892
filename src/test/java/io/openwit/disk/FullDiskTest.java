package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.openwit.load.LoadRun;
import io.openwit.model.Signal;
import io.openwit.pipeline.NodeProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Somebody fills the node's volume, a small tmpfs, and later makes room again: meanwhile clients are told to come again and when,
/// and nobody has to restart anything.
@Timeout(150)
class FullDiskTest {
    private static final long DISK_BYTES = 128L << 20;
    /// Refusals in turn after which the node counts as full.
    private static final int PROBES = 20;

    private static final String PROBE = "is there room?";
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(10);
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private long probesAccepted;

    /// Bytes that stay free when the volume is filled.
    private enum Filling {
        BELOW_THE_RESERVE(4L << 20),
        TO_THE_LAST_BLOCK(0);

        private final long leftBytes;

        Filling(long leftBytes) {
            this.leftBytes = leftBytes;
        }
    }

    @BeforeEach
    void need() throws Exception {
        Needs.root();
    }

    @Test
    void belowTheReserveClientsComeAgainAndAreTakenWhenThereIsRoom() throws Exception {
        // The storage takes all: only the volume is the reason.
        fillAndFree(Filling.BELOW_THE_RESERVE, Map.of(), true);
    }

    @Test
    void withNoReserveAndNoBlockLeftItIsTheSame() throws Exception {
        // The storage is away, so no segment is recycled and the log needs new ones.
        fillAndFree(Filling.TO_THE_LAST_BLOCK, Map.of("processing.wal.reserve_bytes", "0KiB"), false);
    }

    private void fillAndFree(Filling filling, Map<String, String> more, boolean storageIsThere) throws Exception {
        try (Surroundings outside = new Surroundings(directory, random);
                Mount disk = Mount.tmpfs(directory.resolve("disk"), DISK_BYTES)) {
            if (storageIsThere) {
                outside.openStorage();
            }
            Map<String, String> settings = outside.settings(disk.path().resolve("data"));
            settings.putAll(more);
            double seconds;
            try (NodeProcess node = outside.start(settings);
                    LoadRun load = outside.load(
                            how -> how.signals(Signal.LOGS).rowsPerRequest(200).rowsPerSecond(10_000))) {
                Surroundings.awaitAcknowledged(load, 1_000);
                Path filler = disk.path().resolve("filler");
                fill(filler, filling.leftBytes);
                awaitRefusals(node);

                Files.delete(filler);
                long freed = System.nanoTime();
                await().atMost(RECOVERY_LIMIT)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> probe(node).statusCode() == 200);
                seconds = (System.nanoTime() - freed) / 1e9;
                await().atMost(RECOVERY_LIMIT).until(() -> !health(node).contains("\"wal-full\""));
                load.close();
                assertThat(node.terminate()).isZero();
            }
            Account account = outside.drained(settings);

            long probesStored = outside.stored("logs where body = '" + PROBE + "'");
            System.out.printf("faults: volume filled %s and freed: seconds to recover=%.3f %s seed=%d%n",
                    filling, seconds, account, seed);
            assertThat(probesStored).as("probes that were answered OK").isEqualTo(probesAccepted);
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
        }
    }

    /// Until every request is refused; before that a small one may still fit the end of the open segment.
    private void awaitRefusals(NodeProcess node) {
        int[] inTurn = new int[1];
        await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> {
            inTurn[0] = probe(node).statusCode() == 503 ? inTurn[0] + 1 : 0;
            return inTurn[0] == PROBES;
        });
    }

    /// Writes until no more than `leftBytes` are free.
    private static void fill(Path filler, long leftBytes) throws IOException {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(filler)) {
            while (filler.toFile().getUsableSpace() > leftBytes) {
                out.write(block);
            }
        } catch (IOException e) {
            // The node takes blocks too: then the last one is gone before this has it.
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private HttpResponse<String> probe(NodeProcess node) throws IOException, InterruptedException {
        String body = """
                {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"%d","body":{"stringValue":"%s"}}]}]}]}"""
                .formatted(System.currentTimeMillis() * 1_000_000 + random.nextInt(1_000_000), PROBE);
        HttpRequest request = HttpRequest.newBuilder(node.url("http", "/v1/logs"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
            probesAccepted++;
        } else {
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(1L, 60L);
        }
        return answer;
    }

    private static String health(NodeProcess node) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(node.url("admin", "/health/ready")).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
}
