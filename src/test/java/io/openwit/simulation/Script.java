package io.openwit.simulation;

/// A short life of a log in which everything happens once: the first start, groups of one batch and of several, a segment that
/// rolls, heads files, recycling, positions, a seal, a kill, a second start with its copy, and an orderly end. The same each time.
final class Script {
    static final int SEED = 11;

    private final World world;

    Script(World world) {
        this.world = world;
    }

    /// Runs it as far as the process lives; ends it where it is poisoned, and starts it again at the script's next start.
    void run() {
        world.start();
        append(2, 40);
        append(1, 200);
        world.clocks().pass(2_000_000_000L);
        step(world::stepWriter);
        group();
        follow(2);
        append(10, 26_000);
        append(10, 26_000);
        follow(10);
        keepHouse();
        append(3, 26_000);
        append(5, 900);
        follow(10);
        keepHouse();
        append(4, 2_000);
        append(1, 20);
        if (world.running()) {
            world.kill();
        }
        world.start();
        append(1, 300);
        follow(10);
        keepHouse();
        append(2, 26_000);
        group();
        follow(100);
        keepHouse();
        if (world.running()) {
            world.stop();
        }
    }

    private void step(Runnable step) {
        if (world.running()) {
            step.run();
            world.endIfPoisoned();
        }
    }

    private void append(int rows, int fillerBytes) {
        Sent sent = world.traffic().plain(rows, fillerBytes);
        step(() -> world.offer(sent));
        world.clocks().pass(1_000_000);
        step(world::stepWriter);
    }

    /// Three batches in one group, one of them a repeat.
    private void group() {
        Sent first = world.traffic().plain(3, 150);
        Sent second = world.traffic().plain(1, 700);
        Sent repeat = world.traffic().repeat(first);
        step(() -> world.offer(first));
        step(() -> world.offer(second));
        step(() -> world.offer(repeat));
        step(world::stepWriter);
    }

    private void follow(int batches) {
        for (Recorder recorder : world.recorders()) {
            step(() -> world.stepFollower(recorder, batches));
            step(() -> world.commit(recorder));
        }
    }

    private void keepHouse() {
        for (int i = 0; i < 6; i++) {
            world.clocks().pass(1_100_000_000L);
            step(world::stepKeeper);
        }
    }
}
