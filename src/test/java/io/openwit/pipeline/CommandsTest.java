package io.openwit.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.openwit.pipeline.Shape.Deployment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An operator's evening: tokens for clients and between the nodes, load, and every question by a command of its own.
class CommandsTest {
    private static final String SHOP = "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}";

    @TempDir
    Path directory;

    @Test
    @Timeout(180)
    void withTokensOnEveryHopTheCommandsLoadAskAndVerify() throws Exception {
        String client = newToken("acme", "clients.yaml");
        String stranger = newToken("globex", "clients.yaml");
        String node = newToken("nodes", "nodes.yaml");
        Path nodeToken = Files.writeString(directory.resolve("node.token"), node);
        Map<String, String> settings = new HashMap<>();
        settings.put("security.authentication.enabled", "true");
        settings.put("security.authentication.tokens_file", directory.resolve("clients.yaml").toString());
        settings.put("ingest_node.tokens_file", directory.resolve("nodes.yaml").toString());
        settings.put("storage_node.tokens_file", directory.resolve("nodes.yaml").toString());
        settings.put("gateway.token_file", nodeToken.toString());
        settings.put("handoff.flight.token_file", nodeToken.toString());

        try (Deployment nodes = Shape.SPLIT.start(directory, settings)) {
            Ended load = Ended.openwit(
                    directory, "load", "--target", "http://" + nodes.gateway().door("http"), "--protocol", "http",
                    "--rows-per-request", "50", "--connections", "1", "--rate", "1000", "--duration", "1s",
                    "--token", client);
            assertThat(load.code()).as(load.errors()).isZero();
            assertThat(Otlp.post(nodes.gateway(), "logs", Otlp.logs("shop", 0, 30), "Authorization", "Bearer " + client)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(Otlp.post(nodes.gateway(), "logs", Otlp.logs("shop", 0, 30)).statusCode()).isEqualTo(401);

            String storage = nodes.storage().url("admin", "").toString();
            String count = "select count(*) as n from logs where service_name = 'shop'";
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> query(storage, client, count), answer -> answer.equals(List.of("n", "30")));
            assertThat(query(storage, stranger, count)).containsExactly("n", "0");
            assertThat(Ended.openwit(directory, "query", "--url", storage, count).code()).isEqualTo(1);

            String id = query(storage, client, "select min(batch_id) as id from logs where service_name = 'shop'").get(1);
            String ingest = nodes.ingest().url("admin", "").toString();
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Ended batch = Ended.openwit(directory, "batch", id, "--url", ingest, "--token", client);
                assertThat(batch.code()).as(batch.errors()).isZero();
                assertThat(batch.out()).contains(id).contains("acme").contains("logs").contains("STORED");
            });
        }

        dumpGivesTheRowsAndNamesWhatIsDamaged(directory.resolve("ingest"));
    }

    private void dumpGivesTheRowsAndNamesWhatIsDamaged(Path data) throws Exception {
        Ended ls = Ended.openwit(directory, "wal", "ls", directory.resolve("ingest").toString());
        Ended verify = Ended.openwit(directory, "wal", "verify", directory.resolve("ingest").toString());
        assertThat(ls.code()).as(ls.errors()).isZero();
        assertThat(ls.out()).contains(".wal");
        assertThat(verify.code()).as(verify.errors() + verify.out()).isZero();

        Ended dump = Ended.openwit(directory, "wal", "dump", "--tenant", "acme", "--signal", "logs", data.toString());
        assertThat(dump.code()).as(dump.errors()).isZero();
        List<String> shop = dump.out().lines().filter(line -> line.contains(SHOP)).toList();
        assertThat(shop).hasSize(30);
        assertThat(shop.getFirst()).startsWith("{\"batch_id\":\"n1-").contains("{\"stringValue\":\"row 0\"}");
        String id = shop.getFirst().substring("{\"batch_id\":\"".length(), shop.getFirst().indexOf("\",\"position\":"));
        Ended ofBatch = Ended.openwit(directory, "wal", "dump", "--batch", id, "--limit", "2", data.toString());
        assertThat(ofBatch.out().lines()).hasSize(2).allMatch(line -> line.contains(id));
        Ended ofNone = Ended.openwit(directory, "wal", "dump", "--batch", "n1-00000000-1-1", data.toString());
        assertThat(ofNone.code()).isEqualTo(1);
        assertThat(ofNone.errorLines()).singleElement().asString().contains("n1-00000000-1-1").contains("position 0");

        Path segment = data.resolve("wal/000001.wal");
        byte[] bytes = Files.readAllBytes(segment);
        Matcher position = Pattern.compile("\"position\":(\\d+)").matcher(shop.getFirst());
        assertThat(position.find()).isTrue();
        bytes[Integer.parseInt(position.group(1)) + 90] ^= 1;
        Files.write(segment, bytes);
        for (String command : List.of("dump", "verify")) {
            Ended damaged = Ended.openwit(directory, "wal", command, data.toString());
            assertThat(damaged.code()).isEqualTo(1);
            assertThat(damaged.errors()).contains("000001.wal at " + position.group(1)).contains("30 rows lost");
        }
        Ended nowhere = Ended.openwit(directory, "wal", "dump", data.resolve("nothing").toString());
        assertThat(nowhere.code()).isEqualTo(2);
        Ended empty = Ended.openwit(directory, "wal", "dump", Files.createDirectory(data.resolve("empty")).toString());
        assertThat(empty.code()).isEqualTo(1);
        assertThat(empty.errors()).contains("there is no log in");
    }

    @Test
    @Timeout(180)
    void theArchiveOfARunningNodeIsRestoredIntoAnotherStorageOnce() throws Exception {
        Path data = directory.resolve("data");
        Map<String, String> other = Shape.common(directory.resolve("other"), "s2");
        try (Deployment node = Shape.STANDALONE.start(directory, Map.of());
                NodeProcess target = NodeProcess.start(directory, "storage", other)) {
            for (int request = 0; request < 3; request++) {
                Otlp.post(node.gateway(), "logs", Otlp.logs("shop", request * 20, 20));
            }
            Otlp.post(node.gateway(), "logs", Otlp.logs("shop", 40, 20)); // again: duplicates
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Ended ls = Ended.openwit(directory, "archive", "ls", data.toString(), "--signal", "logs");
                assertThat(ls.code()).as(ls.errors()).isZero();
                assertThat(ls.out()).containsPattern("1 days, \\d+ files, \\d+ batches, 60 rows");
            });
            Ended verify = Ended.openwit(directory, "archive", "verify", data.toString());
            assertThat(verify.code()).as(verify.errors() + verify.out()).isZero();
            assertThat(verify.out()).contains("everything is whole");

            String endpoint = "grpc://" + target.door("flight");
            for (int run = 0; run < 2; run++) {
                Ended restore =
                        Ended.openwit(directory, "archive", "restore", data.toString(), "--endpoint", endpoint);
                assertThat(restore.code()).as(restore.errors() + restore.out()).isZero();
                assertThat(restore.out()).contains(" 60 rows");
                assertThat(Sql.of(target).number("select count(*) from logs where service_name = 'shop'"))
                        .as("run " + run)
                        .isEqualTo(60);
            }
        }
    }

    /// Makes a token and enters it in a tokens file.
    ///
    /// @return what its holder sends
    private String newToken(String tenant, String file) throws Exception {
        Ended created = Ended.openwit(directory, "token", "create", "--tenant", tenant);
        assertThat(created.code()).as(created.errors()).isZero();
        List<String> lines = created.out().lines().toList();
        Path tokens = directory.resolve(file);
        String before = Files.exists(tokens) ? Files.readString(tokens) : "tokens:\n";
        Files.writeString(tokens, before + lines.get(1) + "\n");
        return lines.getFirst();
    }

    /// @return the lines of the answer, the first with the column's name
    private List<String> query(String url, String token, String sql) throws Exception {
        Ended ended = Ended.openwit(directory, "query", "--url", url, "--format", "csv", "--token", token, sql);
        return ended.code() == 0 ? ended.out().lines().toList() : ended.errorLines();
    }
}
