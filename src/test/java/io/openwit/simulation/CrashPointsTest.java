package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.simulation.SimulatedDisk.Operation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/// T2 and T4: the power goes after each operation that changes the disk, and of what was not forced each subset is kept.
class CrashPointsTest {
    /// So many things have all their subsets tried; of more, as many subsets are drawn.
    private static final int EVERY_SUBSET_OF = Integer.getInteger("simulation.subsets", 12);

    private static final int DRAWN_SUBSETS = Integer.getInteger("simulation.drawn", 48);

    private final World world = new World(Script.SEED, Mutation.NONE, 6);
    private final Random random = new Random(2);
    private int crashPoints;
    private int images;
    private boolean ended;

    /// Looks at every image, but at the first violation lets the script run out.
    private void afterEachOperation(Set<Operation> operations, Runnable look) {
        world.onEachDisk(disk -> disk.watch(new SimulatedDisk.Watcher() {
            @Override
            public void after(Operation operation, Path path) {
                if (!ended && operations.contains(operation)) {
                    crashPoints++;
                    look.run();
                    ended = !world.violations().isEmpty();
                }
            }
        }));
    }

    private void cutPower(IntPredicate kept) {
        images++;
        world.auditPowerCut(kept);
    }

    private void cutPowerInEveryWay() {
        int unforced = world.disk().unforced();
        if (unforced <= EVERY_SUBSET_OF) {
            for (int subset = 0; subset < 1 << unforced; subset++) {
                int bits = subset;
                cutPower(index -> (bits >>> index & 1) != 0);
            }
        } else {
            cutPower(_ -> true);
            cutPower(_ -> false);
            for (int i = 0; i < DRAWN_SUBSETS; i++) {
                long salt = random.nextLong();
                int percent = 10 + random.nextInt(81);
                cutPower(index -> Math.floorMod(Sent.mix(index ^ salt, 7), 100) < percent);
            }
        }
    }

    @Test
    void aPowerCutAfterAnyOperationLosesNothingThatWasAcknowledged() {
        Simulation.quietly(() -> {
            afterEachOperation(
                    Set.of(
                            Operation.CREATE,
                            Operation.WRITE,
                            Operation.FORCE,
                            Operation.TRUNCATE,
                            Operation.RENAME,
                            Operation.DELETE,
                            Operation.SYNC_DIRECTORY),
                    this::cutPowerInEveryWay);
            new Script(world).run();
        });
        System.out.printf("power cuts: %d crash points, %d images%n", crashPoints, images);

        assertThat(world.violations()).isEmpty();
        assertThat(crashPoints).isGreaterThan(100);
    }

    @Test
    void anyNamesThatWereNotForcedMayBeLost() {
        Simulation.quietly(() -> {
            afterEachOperation(Set.of(Operation.CREATE, Operation.RENAME, Operation.DELETE), () -> {
                int names = world.disk().unsyncedNames();
                for (int subset = 0; subset < 1 << Math.min(names, EVERY_SUBSET_OF); subset++) {
                    int bits = subset;
                    images++;
                    // Names come first among what can be lost; the bytes are all there.
                    world.auditPowerCut(index -> index >= names || (bits >>> index & 1) != 0);
                }
            });
            new Script(world).run();
        });
        System.out.printf("lost names: %d crash points, %d images%n", crashPoints, images);

        assertThat(world.violations()).isEmpty();
        assertThat(crashPoints).isGreaterThan(20);
    }

    @Test
    void aKillAfterAnyOperationLosesNothingThatWasAcknowledged() {
        Simulation.quietly(() -> {
            afterEachOperation(Set.of(Operation.WRITE, Operation.FORCE, Operation.RENAME, Operation.DELETE), () -> {
                images++;
                world.auditKill();
            });
            new Script(world).run();
        });

        assertThat(world.violations()).isEmpty();
        assertThat(images).isGreaterThan(80);
    }

    @Test
    void thePowerMayGoAgainWhileTheLogStarts() {
        Simulation.quietly(() -> {
            new Script(world).run();
            List<SimulatedDisk> left = new ArrayList<>();
            World second = world;
            second.onEachDisk(disk -> disk.watch(new SimulatedDisk.Watcher() {
                @Override
                public void after(Operation operation, Path path) {
                    if (operation != Operation.READ && left.size() < 200) {
                        for (int i = 0; i < 4; i++) {
                            long salt = random.nextLong();
                            left.add(disk.afterPowerCut(index -> Sent.mix(index ^ salt, 8) > 0));
                        }
                    }
                }
            }));
            second.start();
            second.kill();
            images = left.size();
            left.forEach(second::audit);
        });

        assertThat(world.violations()).isEmpty();
        assertThat(images).isGreaterThan(20);
    }
}
