package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The node's disk is an ext4 of its own, and the power goes while it writes: what was never forced is gone, as it is not after a
/// `kill -9`. The storage is away until the end, so the log alone holds what was acknowledged.
class PowerCutTest {
    private static final int CUTS = 4 * Surroundings.SCALE;
    private static final long DISK_BYTES = (long) Surroundings.SCALE << 30;
    private static final int MAX_ROWS_BEFORE = 12_000;
    private static final int POISONED = 3;

    @TempDir
    Path directory;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @BeforeEach
    void need() throws Exception {
        Needs.loopDevices();
    }

    @Test
    @Timeout(60 * 60)
    void whatWasAcknowledgedIsThereAfterThePowerIsBack() throws Exception {
        try (Surroundings outside = new Surroundings(directory, random);
                Mount disk = Mount.ext4(directory.resolve("image"), directory.resolve("disk"), DISK_BYTES)) {
            Map<String, String> settings = outside.settings(disk.path().resolve("data"));
            for (int cut = 0; cut < CUTS; cut++) {
                try (NodeProcess node = outside.start(settings)) {
                    loadUntilThePowerGoes(outside, disk);
                    assertThat(node.awaitEnd(Duration.ofSeconds(20))).as(node::errors).isEqualTo(POISONED);
                }
                disk.unmount();
                disk.mount();
                assertThat(new LogVerifier(new FileDisk(), disk.path().resolve("data")).verify().damages())
                        .as("damage after cut " + cut + ", seed " + seed)
                        .isEmpty();
            }
            Account account = outside.drained(settings);

            System.out.printf("faults: %d power cuts: %s seed=%d%n", CUTS, account, seed);
            assertThat(account.acknowledged()).isGreaterThan(CUTS * 100L);
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
            assertThat(account.foreign()).as("never sent, seed " + seed).isZero();
            assertThat(account.holes()).as("batches missing before later ones, seed " + seed).isZero();
        }
    }

    /// The control: if the test above could not see a missing force, it would prove nothing.
    @Test
    @Timeout(120)
    void aDiskThatOnlySaysThatItForcedLosesWhatWasAcknowledged() throws Exception {
        Needs.strace();
        try (Surroundings outside = new Surroundings(directory, random);
                Mount disk = Mount.ext4(directory.resolve("image"), directory.resolve("disk"), DISK_BYTES)) {
            Map<String, String> settings = outside.settings(disk.path().resolve("data"));
            try (NodeProcess node = outside.start(settings);
                    Strace.Attached liar =
                            Strace.attach(node.pid(), "fdatasync:retval=0", "fdatasync", outside.newReport())) {
                loadUntilThePowerGoes(outside, disk);
                node.kill();
            }
            disk.unmount();
            disk.mount();
            Account account = outside.drained(settings);

            System.out.printf("faults: control, a power cut and a disk that lies: %s seed=%d%n", account, seed);
            assertThat(account.lost()).as("this test sees a missing force").isPositive();
        }
    }

    private void loadUntilThePowerGoes(Surroundings outside, Mount disk) throws Exception {
        try (LoadRun load = outside.load(how -> how.rowsPerSecond(8_000))) {
            Surroundings.awaitAcknowledged(load, 1 + random.nextInt(MAX_ROWS_BEFORE));
            TimeUnit.MICROSECONDS.sleep(random.nextInt(20_000));
            disk.cutPower();
        }
    }
}
