package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.simulation.SimulatedDisk.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// T3: operation N of a script fails, once or for ever, for every N.
class FailingOperationsTest {
    private static long operations() {
        World world = new World(Script.SEED, Mutation.NONE, 6);
        Simulation.quietly(() -> new Script(world).run());
        assertThat(world.violations()).isEmpty();
        return world.operations();
    }

    /// The script with a failure in it, then a power cut or a kill, then a disk that is whole again.
    private static World live(long operation, Failure failure, boolean forEver) {
        World world = new World(Script.SEED, Mutation.NONE, 6);
        Simulation.quietly(() -> {
            world.failAt(operation, failure, forEver);
            new Script(world).run();
            if (world.running()) {
                world.kill();
            }
            world.heal();
            if (operation % 3 == 0) {
                world.cutPower(index -> Sent.mix(index + operation, 9) > 0);
            }
            world.drain();
            world.checkVerdicts();
            world.stop();
        });
        return world;
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void aDiskThatFailsOnceLosesNothingThatWasAcknowledged(Failure failure) {
        long operations = operations();
        for (long n = 0; n < operations; n++) {
            assertThat(live(n, failure, false).violations()).as("%s at operation %d, once", failure, n).isEmpty();
        }
        System.out.printf("failing operations: %d times %s, once%n", operations, failure);
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void aDiskThatFailsForEverLosesNothingThatWasAcknowledged(Failure failure) {
        long operations = operations();
        for (long n = 0; n < operations; n++) {
            assertThat(live(n, failure, true).violations()).as("%s from operation %d on", failure, n).isEmpty();
        }
        System.out.printf("failing operations: %d times %s, for ever%n", operations, failure);
    }

    @Test
    void aFullDiskIsRefusedRetryablyAndTakenUpAgainWithoutARestart() {
        World world = new World(Script.SEED, Mutation.NONE, 6);
        Simulation.quietly(() -> {
            world.start();
            long used = Long.MAX_VALUE - world.disk().usableBytes(Setup.WAL);
            world.disk().capacity(used + Setup.RESERVE_BYTES + 1000);
            for (int i = 0; i < 10; i++) {
                world.offer(world.traffic().plain(1, 20_000));
                world.stepWriter();
                world.stepKeeper();
            }
            assertThat(world.ledger().acknowledged()).as("what fits").hasSizeBetween(1, 4);
            int before = world.ledger().acknowledged().size();

            world.disk().capacity(Long.MAX_VALUE);
            world.clocks().pass(2_000_000_000L);
            world.stepKeeper();
            world.offer(world.traffic().plain(1, 20_000));
            world.stepWriter();

            assertThat(world.ledger().acknowledged()).hasSize(before + 1);
            assertThat(world.running()).isTrue();
            world.drain();
            world.stop();
        });

        assertThat(world.violations()).isEmpty();
    }
}
