package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// T6: runs that are drawn from a seed: 2,000 in a build, more with `-Pdeep`. `-Dsimulation.seed=N` runs that seed alone, exactly
/// as it failed.
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("simulation.seeds", 2_000);
    private static final long SECONDS = Long.getLong("simulation.seconds", 120);

    /// Every build has the same ones, so that it is red or green for what changed; `-Dsimulation.first=N` draws others.
    private static final long FIRST_SEED = Long.getLong("simulation.first", 1);

    private static final long ONE_SEED = Long.getLong("simulation.seed", -1);

    @Test
    void everyInvariantHoldsInEverySeed() {
        boolean one = ONE_SEED >= 0;
        long first = one ? ONE_SEED : FIRST_SEED;
        long began = System.nanoTime();
        int done = 0;
        List<String> violations = List.of();
        while (done < (one ? 1 : SEEDS)
                && System.nanoTime() - began < TimeUnit.SECONDS.toNanos(SECONDS)
                && violations.isEmpty()) {
            violations = Simulation.search(first + done, 1, Mutation.NONE);
            done++;
        }
        System.out.printf(
                "simulation: %d seeds from %d in %d s%n", done, first, (System.nanoTime() - began) / 1_000_000_000L);

        assertThat(violations).as("replay with -Dsimulation.seed=%d", first + done - 1).isEmpty();
    }
}
