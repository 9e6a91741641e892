package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One force of the log fails with EIO, and the next would succeed: on Linux that success says nothing, as the failed pages are
/// clean by then. So the power is cut right behind it, which takes the unforced group away, and an acknowledgement of it would be
/// seen as a loss.
class FailedForceTest {
    /// Which force of a thread fails. The first of the log's writer, and later ones before and behind the end of a segment.
    private static final int[] FAILING = {1, 2, 9, 60};

    private static final int MAX_FAILING = 300;

    private static final long DISK_BYTES = (long) Surroundings.SCALE << 30;
    private static final int POISONED = 3;
    private static final String INJECTED = "(INJECTED)";

    @Test
    @Timeout(30 * 60)
    void nothingIsAcknowledgedBehindItAndTheProcessEndsWithCode3(@TempDir Path directory) throws Exception {
        Needs.loopDevices();
        Needs.strace();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Surroundings outside = new Surroundings(directory, random);
                Mount disk = Mount.ext4(directory.resolve("image"), directory.resolve("disk"), DISK_BYTES)) {
            Path data = disk.path().resolve("data");
            Map<String, String> settings = outside.settings(data);
            for (int k : failing(random)) {
                Path report = outside.newReport();
                try (NodeProcess node = outside.launch(tracer(k, data, report), settings)) {
                    node.awaitReady();
                    try (LoadRun load = outside.load(how -> how.rowsPerSecond(8_000))) {
                        assertThat(node.awaitEnd(Duration.ofSeconds(40))).as("force " + k).isEqualTo(POISONED);
                        disk.cutPower();
                    }
                }
                assertThat(forcesBehindTheFailure(report)).as("forces of the log behind the failed one").isEmpty();
                disk.unmount();
                disk.mount();
            }
            Account account = outside.drained(settings);

            System.out.printf("faults: %d failed forces: %s seed=%d%n", FAILING.length * Surroundings.SCALE, account, seed);
            assertThat(account.acknowledged()).isGreaterThan(1000);
            assertThat(account.lost()).as("acknowledged behind the failure, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
        }
    }

    /// The first is the first force of a log that has none yet; a later start itself forces the copy of the last group first.
    private static int[] failing(Random random) {
        return IntStream.range(0, FAILING.length * Surroundings.SCALE)
                .map(i -> i < FAILING.length ? FAILING[i] : 2 + random.nextInt(MAX_FAILING))
                .toArray();
    }

    private static List<String> tracer(int k, Path data, Path report) throws IOException {
        return Strace.from("fdatasync:error=EIO:when=" + k, "fdatasync", Surroundings.nextSegments(data), report);
    }

    private static List<String> forcesBehindTheFailure(Path report) throws IOException {
        List<String> calls = Files.readAllLines(report).stream()
                .filter(line -> line.contains("fdatasync("))
                .toList();
        int failed = IntStream.range(0, calls.size())
                .filter(i -> calls.get(i).contains(INJECTED))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no force has failed: " + calls));
        return calls.subList(failed + 1, calls.size());
    }
}
