package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` under load: every acknowledged row is in storage, exactly once.
class KillTest {
    private static final int KILLS = 3;
    private static final String DOOR = "ingestion.http.port";

    @Test
    @Timeout(180)
    void everyAcknowledgedRowIsStoredOnceAfterThreeKills(@TempDir Path directory) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
        settings.put(DOOR, Integer.toString(freePort()));
        NodeProcess node = NodeProcess.start(directory, "standalone", settings);
        Path report = directory.resolve("report.json");
        Process load = load(directory, node, report);
        try {
            for (int kill = 0; kill < KILLS; kill++) {
                TimeUnit.MILLISECONDS.sleep(2000 + random.nextInt(1500));
                assertThat(load.isAlive()).as("load still runs when the node is killed").isTrue();
                node.kill();
                node = NodeProcess.start(directory, "standalone", settings);
            }
            TimeUnit.SECONDS.sleep(2);
            // SIGTERM: it begins nothing new, waits for what is under way, and reports.
            load.destroy();
            assertThat(load.waitFor(90, TimeUnit.SECONDS)).as("load ends, seed " + seed).isTrue();

            JsonNode account = new ObjectMapper().readTree(report.toFile());
            assertThat(account.get("total").get("requests_retried").asLong())
                    .as("the kills were felt")
                    .isPositive();
            for (String signal : new String[] {"logs", "traces", "metrics"}) {
                assertStoredOnce(Sql.of(node), account, signal, seed);
            }
            assertThat(verify("wal", directory)).contains("every checksum is right");
            assertThat(verify("archive", directory)).contains("everything is whole");
        } finally {
            load.destroyForcibly().waitFor();
            node.close();
        }
    }

    private static Process load(Path directory, NodeProcess node, Path report) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("load", "--target", node.url("http", "").toString()));
        for (String signal : new String[] {"logs", "traces", "metrics"}) {
            arguments.addAll(List.of("--signal", signal));
        }
        arguments.addAll(List.of("--protocol", "http", "--rows-per-request", "50", "--connections", "6"));
        arguments.addAll(List.of("--rate", "5000", "--duration", "120s", "--duplicates", "0.05"));
        arguments.addAll(List.of("--out", report.toString()));
        Process load = NodeProcess.launch(arguments, directory.resolve("load.log"));
        Thread.ofVirtual().start(() -> drain(load, directory.resolve("load.out")));
        return load;
    }

    private static void drain(Process process, Path into) {
        try {
            Files.copy(process.getInputStream(), into);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void assertStoredOnce(Sql sql, JsonNode account, String signal, long seed) throws Exception {
        String run = account.get("run").asText();
        JsonNode counts = account.get("signals").get(signal);
        Set<Long> acknowledged = new TreeSet<>();
        for (JsonNode range : counts.get("acknowledged")) {
            LongStream.rangeClosed(range.get(0).asLong(), range.get(1).asLong()).forEach(acknowledged::add);
        }
        assertThat(acknowledged).hasSizeGreaterThan(1000);
        String mine = "from " + signal + " where attributes['load.run'] = '" + run + "'";

        await().atMost(Duration.ofSeconds(60)).ignoreExceptionsInstanceOf(IOException.class).untilAsserted(() -> {
            Set<Long> missing = new TreeSet<>(acknowledged);
            for (JsonNode row : sql.rows("select distinct attributes['load.seq']::bigint as seq " + mine)) {
                missing.remove(row.get("seq").asLong());
            }
            assertThat(missing).as("acknowledged " + signal + " that storage lacks, seed " + seed).isEmpty();
        });
        assertThat(sql.number("select count(*) - count(distinct attributes['load.seq']) " + mine))
                .as(signal + " stored twice, seed " + seed)
                .isZero();
    }

    /// `wal verify` or `archive verify` on the directory of the running node.
    private static String verify(String which, Path directory) throws Exception {
        Process verify = NodeProcess.launch(
                List.of(which, "verify", directory.resolve("data").toString()), directory.resolve("verify.log"));
        String out = new String(verify.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(verify.waitFor()).as(out).isZero();
        return out;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
