package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.simulation.SimulatedDisk.Failure;
import io.openwit.simulation.SimulatedDisk.Operation;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Ways through failures and restarts that drawn runs have found, step by step.
class RestartTest {
    /// A force that fails draws what it leaves behind.
    private static final int DRAWS = 20;

    private World world;

    /// Lets the next operation of this kind fail once.
    private void failNext(Operation operation, String fileName) {
        SimulatedDisk disk = world.disk();
        disk.watch(new SimulatedDisk.Watcher() {
            private boolean done;

            @Override
            public void before(Operation next, Path path) {
                if (!done && next == operation && path.endsWith(fileName)) {
                    done = true;
                    disk.failAt(disk.operations(), Failure.EIO, false);
                }
            }
        });
    }

    /// The process ends right behind the next operation of this kind.
    private void dieBehind(Operation operation, String fileName) {
        SimulatedDisk disk = world.disk();
        disk.watch(new SimulatedDisk.Watcher() {
            @Override
            public void after(Operation next, Path path) {
                if (next == operation && path.endsWith(fileName)) {
                    disk.die();
                }
            }
        });
    }

    private void append(int rows, int fillerBytes) {
        assertThat(world.offer(world.traffic().plain(rows, fillerBytes))).isTrue();
        world.stepWriter();
    }

    private void readAll() {
        for (Recorder recorder : world.recorders()) {
            world.stepFollower(recorder, 1000);
            world.commit(recorder);
        }
    }

    private void keepHouse() {
        for (int i = 0; i < 20; i++) {
            world.clocks().pass(1_000_000_000L);
            world.stepKeeper();
        }
    }

    @Test
    void aPositionWhoseForceFailedIsForcedBeforeAnythingIsRecycledBehindIt() {
        for (int seed = 0; seed < DRAWS; seed++) {
            world = new World(seed, Mutation.NONE, 8);
            Simulation.quietly(() -> {
                world.start();
                append(3, 100);
                readAll();
                for (int i = 0; i < 8; i++) {
                    append(10, 20_000);
                    keepHouse();
                }
                for (Recorder recorder : world.recorders()) {
                    failNext(Operation.FORCE, recorder.name() + ".position");
                    world.stepFollower(recorder, 1000);
                    world.commit(recorder);
                }
                world.kill();

                world.start();
                keepHouse();
                world.cutPower(_ -> false);

                world.start();
                readAll();
                world.kill();
            });

            assertThat(world.violations()).as("seed %d", seed).isEmpty();
            assertThat(world.disk().names(Setup.WAL)).as("was recycled").doesNotContain("000001.wal");
        }
    }

    @Test
    void aKillBeforeTheForceAndAPowerCutLaterLeaveNoHoleThatLooksLikeDamage() {
        world = new World(1, Mutation.NONE, 8);
        Simulation.quietly(() -> {
            world.start();
            append(3, 100);
            dieBehind(Operation.WRITE, "000001.wal");
            append(4, 100);
            world.kill();

            world.start();
            world.cutPower(_ -> false);

            world.start();
            readAll();
            world.kill();
        });

        assertThat(world.violations()).isEmpty();
    }

    @Test
    void aSegmentThatCouldNotBeRecycledIsTriedAgain() {
        world = new World(1, Mutation.NONE, 8);
        Simulation.quietly(() -> {
            world.start();
            append(10, 30_000);
            append(10, 30_000);
            readAll();
            failNext(Operation.RENAME, "000001.wal");
            keepHouse();
            world.kill();
        });

        assertThat(world.violations()).isEmpty();
        assertThat(world.disk().names(Setup.WAL)).doesNotContain("000001.wal");
    }

    @Test
    void aFollowerThatHasAllBatchesOfARecycledSegmentIsNotToldThatItsRowsAreGone() {
        world = new World(1, Mutation.NONE, 8);
        Simulation.quietly(() -> {
            world.start();
            append(10, 30_000);
            for (Recorder recorder : world.recorders()) {
                world.stepFollower(recorder, 1);
                world.commit(recorder);
                // Past the padding behind the batch, which is not worth a commit.
                world.stepFollower(recorder, 1);
            }
            append(10, 30_000);
            keepHouse();
            world.cutPower(_ -> false);

            world.start();
            readAll();
            world.kill();
        });

        assertThat(world.violations()).isEmpty();
        assertThat(world.disk().names(Setup.WAL)).as("was recycled").doesNotContain("000001.wal");
    }
}
