package io.openwit.simulation;

import io.openwit.simulation.SimulatedDisk.Failure;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A run of the whole log, from writer to followers, in which everything is drawn from one number: what clients send, who steps
/// when, when the power goes, what the disk loses, what fails, what the clocks do. The same seed is the same run.
final class Simulation {
    private static final Logger LOGS = Logger.getLogger("io.openwit");
    private static final int MOST_VIOLATIONS = 20;
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long HOUR_NANOS = 3600 * SECOND_NANOS;
    private static final long TEN_YEARS_NANOS = 24 * 3652 * HOUR_NANOS;

    private final Random random;
    private final World world;
    private boolean frozen;

    private Simulation(long seed, Mutation mutation) {
        // Not the world's own: what it draws does not depend on how often others draw.
        random = new Random(seed * 31 + 7);
        world = new World(seed, mutation, 4 + (int) Math.floorMod(seed, 5L));
    }

    /// Runs one seed.
    ///
    /// @return what did not hold
    static List<Violation> run(long seed, Mutation mutation) {
        return new Simulation(seed, mutation).run();
    }

    /// The log is silent while this runs: it would tell of thousands of crashes.
    static void quietly(Runnable action) {
        Level before = LOGS.getLevel();
        LOGS.setLevel(Level.OFF);
        try {
            action.run();
        } finally {
            LOGS.setLevel(before);
        }
    }

    static String trace(Throwable thrown) {
        StringWriter out = new StringWriter();
        thrown.printStackTrace(new PrintWriter(out));
        return out.toString();
    }

    private List<Violation> run() {
        int steps = 60 + random.nextInt(120);
        for (int i = 0; i < steps && world.violations().isEmpty(); i++) {
            if (!world.running()) {
                restart();
            } else {
                act();
                world.endIfPoisoned();
            }
        }
        if (world.violations().isEmpty()) {
            finish();
        }
        return world.violations().stream().limit(MOST_VIOLATIONS).toList();
    }

    private void restart() {
        if (random.nextInt(3) == 0) {
            world.cutPower(kept());
        }
        if (random.nextInt(3) > 0) {
            world.disk().heal();
        }
        if (random.nextInt(3) > 0) {
            world.disk().capacity(Long.MAX_VALUE);
        }
        world.clocks().pass(random.nextLong(20 * SECOND_NANOS));
        world.start();
    }

    private void act() {
        int draw = random.nextInt(1000);
        if (draw < 300) {
            send();
        } else if (draw < 530) {
            world.clocks().pass(random.nextLong(SECOND_NANOS / 100));
            world.stepWriter();
        } else if (draw < 700) {
            follow();
        } else if (draw < 830) {
            world.stepKeeper();
        } else if (draw < 880) {
            pass();
        } else if (draw < 900) {
            world.kill();
        } else if (draw < 925) {
            world.cutPower(kept());
        } else if (draw < 935) {
            world.stop();
        } else if (draw < 960) {
            fail();
        } else if (draw < 970) {
            boolean full = random.nextBoolean();
            long used = Long.MAX_VALUE - world.disk().usableBytes(Setup.WAL);
            world.disk().capacity(full ? used + random.nextLong(3L * Setup.SEGMENT_BYTES) : Long.MAX_VALUE);
        } else if (draw < 990) {
            world.auditPowerCut(kept());
        } else {
            world.auditKill();
        }
    }

    private void send() {
        int room = Setup.GROUP_BYTES - world.waitingBytes();
        byte[] decoy = random.nextInt(4) == 0 ? segment() : new byte[0];
        if (room > 4096) {
            world.offer(world.traffic().draw(room / 2, decoy));
        }
    }

    private byte[] segment() {
        List<String> segments = world.disk().names(Setup.WAL).stream()
                .filter(name -> name.matches("\\d+\\.wal"))
                .toList();
        return segments.isEmpty() ? new byte[0] : world.disk().content(Setup.WAL.resolve(segments.getLast()));
    }

    private void follow() {
        Recorder recorder = world.recorders().get(random.nextInt(world.recorders().size()));
        world.stepFollower(recorder, 1 + random.nextInt(16));
        if (random.nextInt(3) > 0) {
            world.commit(recorder);
        }
    }

    private void pass() {
        switch (random.nextInt(8)) {
            case 0 -> world.clocks().jump((random.nextBoolean() ? 1 : -1) * HOUR_NANOS);
            case 1 -> world.clocks().jump((random.nextBoolean() ? 1 : -1) * TEN_YEARS_NANOS);
            case 2 -> {
                frozen = !frozen;
                world.clocks().freeze(frozen);
            }
            case 3 -> world.clocks().pass(random.nextLong(90 * SECOND_NANOS));
            default -> world.clocks().pass(random.nextLong(3 * SECOND_NANOS));
        }
    }

    private void fail() {
        Failure[] failures = Failure.values();
        world.disk().failAt(
                world.disk().operations() + random.nextInt(40),
                failures[random.nextInt(failures.length)],
                random.nextInt(4) == 0);
    }

    /// What a power cut keeps: all, nothing, or each thing by itself.
    private IntPredicate kept() {
        int kind = random.nextInt(4);
        long salt = random.nextLong();
        return index -> switch (kind) {
            case 0 -> true;
            case 1 -> false;
            default -> (Sent.mix(index, 5) ^ Sent.mix(salt, 6)) > 0;
        };
    }

    private void finish() {
        world.drain();
        world.checkVerdicts();
        if (world.violations().isEmpty()) {
            world.stop();
        }
        if (world.violations().isEmpty()) {
            world.violations().addAll(new Damaging(world, random).violations(random.nextInt(4)));
        }
    }

    /// Runs seed after seed until one fails, or there are enough.
    ///
    /// @return the failing seed's violations, one a line, the seed before them; empty where there is none
    static List<String> search(long firstSeed, int seeds, Mutation mutation) {
        List<String> found = new ArrayList<>();
        quietly(() -> {
            for (long seed = firstSeed; seed < firstSeed + seeds && found.isEmpty(); seed++) {
                for (Violation violation : run(seed, mutation)) {
                    found.add("seed " + seed + ": " + violation);
                }
            }
        });
        return found;
    }
}
