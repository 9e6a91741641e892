package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.load.LoadRun;
import io.openwit.pipeline.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The node dies at its Nth call that changes the disk, before the call is done: in a start, under load, while segments are
/// prepared and recycled. One start repairs what the one before has left, and dies as well.
class KillPointsTest {
    private static final Logger LOG = Logger.getLogger(KillPointsTest.class.getName());

    /// How long a node may run before it reaches its point; else it is killed there.
    private static final Duration POINT_LIMIT = Duration.ofSeconds(3);

    private static final int KILLED = 128 + 9;

    /// Where a process dies: at the Nth call that one of its threads makes.
    ///
    /// @param logOnly calls on files of the log alone: others write to sockets too
    private record Point(String calls, int nth, boolean logOnly) {}

    @Test
    @Timeout(60 * 60)
    void everyAcknowledgedRowIsStoredOnce(@TempDir Path directory) throws Exception {
        Needs.strace();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Surroundings outside = new Surroundings(directory, random)) {
            outside.openStorage();
            Path data = directory.resolve("data");
            Map<String, String> settings = outside.settings(data);
            outside.makeStartsQuick(settings);
            LoadRun load = outside.load(how -> how.connections(16).rowsPerRequest(200).rowsPerSecond(12_000));
            int reached = 0;
            int starting = 0;
            List<Point> points = points(random);
            for (Point point : points) {
                try (NodeProcess node = outside.launch(tracer(point, data, outside.newReport()), settings)) {
                    boolean ready = becomesReady(node);
                    boolean dies = !ready || node.ends(POINT_LIMIT);
                    assertThat(dies && node.awaitEnd(Duration.ofSeconds(5)) != KILLED)
                            .as(point + ", seed " + seed + ": " + node.errors())
                            .isFalse();
                    reached += dies ? 1 : 0;
                    starting += ready ? 0 : 1;
                }
            }
            try (NodeProcess node = outside.start(settings)) {
                load.stop();
                assertThat(load.await(Duration.ofSeconds(60))).isTrue();
                node.kill();
            }
            Account account = outside.drained(settings);

            System.out.printf("faults: %d crash points, %d reached, %d of them in a start: %s seed=%d%n",
                    points.size(), reached, starting, account, seed);
            assertThat(reached).isGreaterThan(points.size() / 2);
            assertThat(account.acknowledged()).isGreaterThan(1000);
            assertThat(account.lost()).as("lost, seed " + seed).isZero();
            assertThat(account.twice()).as("stored twice, seed " + seed).isZero();
            assertThat(account.foreign()).as("never sent, seed " + seed).isZero();
        }
    }

    /// Low numbers are in the start of a node, where there are few calls; higher ones are drawn.
    private static List<Point> points(Random random) {
        List<Point> points = new ArrayList<>();
        for (int round = 0; round < Surroundings.SCALE; round++) {
            for (int i = 1; i <= 4; i++) {
                points.add(new Point("fdatasync", round + i, false));
                points.add(new Point("fdatasync", 5 + random.nextInt(40), false));
            }
            for (int i = 1; i <= 2; i++) {
                points.add(new Point("/write", round + i, true));
                points.add(new Point("/write", 3 + random.nextInt(30), true));
                points.add(new Point("/rename", round + i, false));
                points.add(new Point("/rename", 3 + random.nextInt(2), false));
                points.add(new Point("/unlink", round + i + 1, false));
            }
        }
        return points;
    }

    private static List<String> tracer(Point point, Path data, Path report) throws IOException {
        List<Path> paths = new ArrayList<>();
        if (point.logOnly()) {
            paths.addAll(Surroundings.nextSegments(data));
            for (String name : List.of("spare.tmp", "handoff.position", "archive.position", "metastore.position")) {
                paths.add(data.resolve("wal").resolve(name));
            }
        }
        return Strace.from(point.calls() + ":signal=SIGKILL:when=" + point.nth(), point.calls(), paths, report);
    }

    private static boolean becomesReady(NodeProcess node) {
        try {
            node.awaitReady();
            return true;
        } catch (IOException e) {
            LOG.log(Level.FINE, "died in its start", e);
            return false;
        }
    }

}
