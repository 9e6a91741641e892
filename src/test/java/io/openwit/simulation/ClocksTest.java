package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// T7: the wall jumps, or stands still; the log's order and the dedup windows do not follow it.
class ClocksTest {
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final World world = new World(7, Mutation.NONE, 16);

    private Sent append() {
        Sent sent = world.traffic().plain(5, 100);
        append(sent);
        return sent;
    }

    private void append(Sent sent) {
        world.clocks().pass(1_000_000);
        assertThat(world.offer(sent)).isTrue();
        world.stepWriter();
    }

    private List<Delivered> log() {
        world.drain();
        world.checkVerdicts();
        assertThat(world.violations()).isEmpty();
        return world.recorders().getFirst().stored();
    }

    private Delivered delivered(Sent sent) {
        return log().stream().filter(batch -> batch.serial() == sent.serial()).findFirst().orElseThrow();
    }

    private void restart() {
        world.kill();
        world.start();
    }

    @ParameterizedTest
    @ValueSource(longs = {3_600, -3_600, 315_532_800, -315_532_800})
    void aJumpOfTheWallChangesNoVerdictAndNoOrder(long seconds) {
        Simulation.quietly(() -> {
            world.start();
            Sent original = append();
            world.clocks().jump(seconds * SECOND_NANOS);
            Sent soon = world.traffic().repeat(original);
            append(soon);
            world.clocks().pass(Setup.ROW_WINDOW.toNanos() / 2);
            restart();
            Sent afterRestart = world.traffic().repeat(original);
            append(afterRestart);
            append();

            assertThat(delivered(soon).headerOnly()).as("a repeat right behind the jump").isTrue();
            assertThat(delivered(afterRestart).headerOnly()).as("a repeat behind a restart").isTrue();
            assertThat(log()).extracting(Delivered::arrival).isSorted().doesNotHaveDuplicates();
        });
    }

    @Test
    void aFrozenWallStopsNeitherArrivalsNorWindows() {
        Simulation.quietly(() -> {
            world.start();
            world.clocks().freeze(true);
            Sent original = append();
            Sent other = append();
            world.clocks().pass(Setup.ROW_WINDOW.toNanos() - 2 * SECOND_NANOS);
            Sent inside = Sent.of(
                    900_000, other.tenant(), other.signal(), List.of(new Sent.Part(false, other.rows()[0])), new byte[0]);
            world.ledger().send(inside);
            append(inside);
            world.clocks().pass(4 * SECOND_NANOS);
            Sent outside = Sent.of(
                    900_001, other.tenant(), other.signal(), List.of(new Sent.Part(false, original.rows()[0])), new byte[0]);
            world.ledger().send(outside);
            append(outside);

            assertThat(delivered(inside).headerOnly()).as("a row by itself, inside its window").isTrue();
            assertThat(delivered(outside).headerOnly()).as("a row by itself, behind its window").isFalse();
            assertThat(log()).extracting(Delivered::arrival).isSorted().doesNotHaveDuplicates();
        });
    }
}
