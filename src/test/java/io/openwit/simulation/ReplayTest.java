package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.ingest.SteppedNode;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.model.BatchId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// T9: the same bytes are read twice, and with crashes in between.
class ReplayTest {
    private static final int SEEDS = 20;

    private final List<Violation> wrong = new ArrayList<>();

    /// A log of many groups and repeats that was killed with a group in doubt.
    private static World world(long seed) {
        World world = new World(seed, Mutation.NONE, 64);
        world.start();
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            world.offer(world.traffic().draw(8_000, new byte[0]));
            if (random.nextInt(3) == 0) {
                world.clocks().pass(random.nextLong(3_000_000_000L));
                world.stepWriter();
            }
        }
        world.stepWriter();
        world.kill();
        assertThat(world.violations()).isEmpty();
        return world;
    }

    private SteppedNode open(World world, SimulatedDisk disk) throws IOException {
        SimulatedClocks clocks = world.clocks().copy();
        return SteppedNode.open(
                Setup.config(64), disk, clocks, new Random(1), new Telemetry(clocks, OpenTelemetry.noop()), () -> {});
    }

    @Test
    void theSameBytesGiveTheSameBatchesAndTheSameVerdictsOnWhatComesNext() {
        Simulation.quietly(() -> {
            for (int seed = 0; seed < SEEDS; seed++) {
                World world = world(seed);
                List<Sent> probes = new ArrayList<>();
                world.ledger().all().forEach(sent -> probes.add(world.traffic().repeat(sent)));

                List<String> first = replay(world, probes);
                List<String> second = replay(world, probes);

                assertThat(first).as("seed %d", seed).hasSizeGreaterThan(20).isEqualTo(second);
            }
        });
        assertThat(wrong).isEmpty();
    }

    /// All that the log gives, and what it says of the probes.
    private List<String> replay(World world, List<Sent> probes) {
        List<String> said = new ArrayList<>();
        try (SteppedNode node = open(world, world.disk().afterKill())) {
            Follower follower = node.log().follower("replay", true);
            for (Frame frame = follower.next(); frame != null; frame = follower.next()) {
                said.add(Delivered.of(frame, world.ledger(), true, wrong).toString());
            }
            for (Sent probe : probes) {
                SteppedNode.Call call = node.offer(probe.batch());
                node.stepWriter();
                said.add(call.outcome().toString());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return said;
    }

    @Test
    void threeCrashesInsideAReplayChangeNeitherIdsNorRowsNorOrder() {
        Simulation.quietly(() -> {
            for (int seed = 0; seed < SEEDS; seed++) {
                World world = world(seed);
                Map<BatchId, String> whole = new LinkedHashMap<>();
                follow(world, world.disk().afterKill(), whole, Integer.MAX_VALUE);

                Map<BatchId, String> pieces = new LinkedHashMap<>();
                Random random = new Random(seed);
                SimulatedDisk disk = world.disk().afterKill();
                for (int crash = 0; crash < 3; crash++) {
                    follow(world, disk, pieces, 1 + random.nextInt(whole.size() / 4));
                    long salt = random.nextLong();
                    disk = random.nextBoolean()
                            ? disk.afterKill()
                            : disk.afterPowerCut(index -> Sent.mix(index ^ salt, 10) > 0);
                }
                follow(world, disk, pieces, Integer.MAX_VALUE);

                assertThat(new ArrayList<>(pieces.entrySet())).as("seed %d", seed).isEqualTo(new ArrayList<>(whole.entrySet()));
            }
        });
        assertThat(wrong).isEmpty();
    }

    /// Reads so many batches with one follower, and then is gone, without an end in order.
    private void follow(World world, SimulatedDisk disk, Map<BatchId, String> got, int batches) {
        try {
            SteppedNode node = open(world, disk);
            Follower follower = node.log().follower("replay", true);
            Frame frame = follower.next();
            for (int i = 0; i < batches && frame != null; i++) {
                Delivered batch = Delivered.of(frame, world.ledger(), true, wrong);
                String what = batch.serial() + " " + batch.keep() + " " + frame.rows().hashCode();
                String before = got.putIfAbsent(batch.id(), what);
                assertThat(before == null || before.equals(what)).as("%s is the same again", batch.id()).isTrue();
                follower.advance(frame.end());
                if (i % 3 == 0) {
                    follower.commit();
                }
                frame = follower.next();
            }
            SimulatedDisk left = disk.afterKill();
            disk.die();
            assertThat(left.names(Setup.WAL)).isNotEmpty();
            try {
                node.close();
            } catch (IOException _) {
                // The disk refuses its last seal: the process is gone, and only its memory was to be given back.
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
