package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// T5: a log of several segments, in which one thing at a time is damaged.
class DamageTest {
    /// Flips and cuts of a file beside those at its edges.
    private static final int SAMPLES = Integer.getInteger("simulation.samples", 250);

    private final Random random = new Random(5);
    private final World world = new World(5, Mutation.NONE, 64);

    /// Three segments of many groups, closed in order; nothing of them was recycled.
    private Damaging log() {
        world.start();
        for (int i = 0; i < 60; i++) {
            world.offer(world.traffic().draw(6_000, new byte[0]));
            if (random.nextInt(3) > 0) {
                world.clocks().pass(1_000_000);
                world.stepWriter();
            }
        }
        world.stop();
        assertThat(world.violations()).isEmpty();
        assertThat(world.disk().names(Setup.WAL)).contains("000001.wal", "000002.wal", "000003.wal");
        return new Damaging(world, random);
    }

    @Test
    void aFlippedBitCostsItsGroupAtMostAndIsLocated() {
        Simulation.quietly(() -> {
            Damaging log = log();
            int flips = 0;
            for (Path file : log.files()) {
                int size = log.size(file);
                TreeSet<Long> places = new TreeSet<>();
                for (long edge : log.edges(file)) {
                    for (long near = edge - 8; near < edge + 160; near += 3) {
                        places.add(near);
                    }
                }
                for (int i = 0; i < SAMPLES; i++) {
                    places.add(random.nextLong(Math.max(1, size)));
                }
                for (long place : places.tailSet(0L).headSet((long) size)) {
                    log.flip(file, place, 1 << random.nextInt(8));
                    flips++;
                }
            }
            System.out.printf("damage: %d bits flipped%n", flips);

            assertThat(log.violations()).isEmpty();
        });
    }

    @Test
    void aFileThatIsCutCostsWhatIsBehindTheCutAndIsLocated() {
        Simulation.quietly(() -> {
            Damaging log = log();
            int cuts = 0;
            for (Path file : log.files()) {
                int size = log.size(file);
                TreeSet<Long> places = new TreeSet<>();
                for (long edge : log.edges(file)) {
                    places.add(edge - 1);
                    places.add(edge);
                    places.add(edge + 1);
                }
                for (int i = 0; i < SAMPLES / 4; i++) {
                    places.add(random.nextLong(Math.max(1, size)));
                }
                for (long place : places.tailSet(0L).headSet((long) size)) {
                    log.cut(file, place);
                    cuts++;
                }
            }
            System.out.printf("damage: %d files cut%n", cuts);

            assertThat(log.violations()).isEmpty();
        });
    }

    @Test
    void aFileThatIsGoneCostsItsOwnBatchesAndIsLocated() {
        Simulation.quietly(() -> {
            Damaging log = log();
            log.files().forEach(log::drop);

            assertThat(log.violations()).isEmpty();
        });
    }
}
