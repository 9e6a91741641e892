package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.load.LoadRun;
import io.openwit.model.Signal;
import io.openwit.pipeline.NodeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A disk that takes less than it promised: an ext4 whose image lies on a tmpfs too small for it. Writes succeed, and fail when
/// the kernel writes them back: nothing is injected here.
class WriteBackFailureTest {
    private static final long PROMISED_BYTES = 512L << 20;
    private static final long REAL_BYTES = 64L << 20;
    private static final int POISONED = 3;

    @Test
    @Timeout(120)
    void theProcessEndsWithCode3AndNothingAcknowledgedIsLost(@TempDir Path directory) throws Exception {
        Needs.loopDevices();
        long seed = System.nanoTime();
        try (Surroundings outside = new Surroundings(directory, new Random(seed));
                Mount memory = Mount.tmpfs(directory.resolve("memory"), REAL_BYTES);
                Mount disk = Mount.ext4(memory.path().resolve("image"), directory.resolve("disk"), PROMISED_BYTES)) {
            Map<String, String> settings = outside.settings(disk.path().resolve("data"));
            try (NodeProcess node = outside.start(settings);
                    LoadRun load = outside.load(how -> how.signals(Signal.LOGS).rowsPerRequest(500))) {
                Surroundings.awaitAcknowledged(load, 1);
                assertThat(node.awaitEnd(Duration.ofSeconds(60))).as(node::errors).isEqualTo(POISONED);
            }
            disk.unmount();
            memory.resize(PROMISED_BYTES * 2);
            disk.repair();
            disk.mount();
            Account account = outside.drained(settings);

            System.out.printf("faults: write-back failed: %s seed=%d%n", account, seed);
            assertThat(account.acknowledged()).isPositive();
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
        }
    }
}
