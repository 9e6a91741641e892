package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` at random times, under load and while the node starts.
class RandomKillsTest {
    private static final int KILLS = 20 * Surroundings.SCALE;

    /// One kill of so many hits a node that is not ready yet.
    private static final int STARTING = 4;

    private static final int MAX_RUNNING_MILLIS = 900;
    private static final int MAX_STARTING_MILLIS = 1500;

    @Test
    @Timeout(150 * 60)
    void everyAcknowledgedRowIsStoredOnce(@TempDir Path directory) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Surroundings outside = new Surroundings(directory, random)) {
            outside.openStorage();
            Map<String, String> settings = outside.settings(directory.resolve("data"));
            outside.makeStartsQuick(settings);
            LoadRun load = outside.load(how -> how.connections(24).rowsPerSecond(6_000).duplicates(0.05));
            for (int kill = 0; kill < KILLS; kill++) {
                try (NodeProcess node = outside.launch(List.of(), settings)) {
                    if (random.nextInt(STARTING) == 0) {
                        TimeUnit.MILLISECONDS.sleep(random.nextInt(MAX_STARTING_MILLIS));
                    } else {
                        node.awaitReady();
                        TimeUnit.MILLISECONDS.sleep(random.nextInt(MAX_RUNNING_MILLIS));
                    }
                    node.kill();
                }
            }
            try (NodeProcess node = outside.start(settings)) {
                load.stop();
                assertThat(load.await(Duration.ofSeconds(60))).isTrue();
                node.kill();
            }
            Account account = outside.drained(settings);

            long retried = load.report().total().requestsRetried();
            System.out.printf("faults: %d kills at random times: retried=%d %s seed=%d%n", KILLS + 1, retried, account, seed);
            assertThat(retried).as("the kills were felt").isPositive();
            assertThat(account.acknowledged()).isGreaterThan(1000);
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
            assertThat(account.foreign()).as("never sent, seed " + seed).isZero();
        }
    }
}
