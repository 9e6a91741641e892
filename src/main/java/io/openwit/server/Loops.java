package io.openwit.server;

import io.openwit.model.Stepper;
import io.openwit.telemetry.Alarms;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The threads of this process that step: each [Stepper] has one, named after what it does. Never interrupted, as an
/// interrupt would close the file that a thread is writing.
///
/// A step that throws is a mistake of ours. It is logged once, alarm `loop-NAME` stands, and the loop goes on after a
/// pause; for a *critical* loop it is the end instead. [#start] and [#stop] are called by one thread at a time.
final class Loops {
    /// How long a loop waits at most before it looks again.
    static final long IDLE_NANOS = 100_000_000L;

    private static final Logger LOG = Logger.getLogger(Loops.class.getName());

    private final Alarms alarms;
    private final Duration pause;
    private final Map<String, Loop> loops = new LinkedHashMap<>();

    /// @param pause after a step that threw
    Loops(Alarms alarms, Duration pause) {
        this.alarms = alarms;
        this.pause = pause;
    }

    /// Starts a thread of this name.
    void start(String name, Stepper stepper) {
        Loop.Failure failure = thrown -> {
            failed(name, thrown);
            LockSupport.parkNanos(pause.toNanos());
            return true;
        };
        begin(name, new Loop(stepper, failure, () -> alarms.clear(alarm(name))));
    }

    /// Starts a thread whose failure is `onFailure`'s matter, and the end of the loop.
    void startCritical(String name, Stepper stepper, Consumer<Throwable> onFailure) {
        Loop.Failure failure = thrown -> {
            onFailure.accept(thrown);
            return false;
        };
        begin(name, new Loop(stepper, failure, () -> {}));
    }

    private void begin(String name, Loop loop) {
        if (loops.containsKey(name)) {
            throw new IllegalArgumentException("there is a loop of this name already: " + name);
        }
        Thread thread = Thread.ofPlatform().name(name).daemon(true).unstarted(loop);
        loop.thread = thread;
        loops.put(name, loop);
        thread.start();
    }

    private void failed(String name, Throwable thrown) {
        boolean first = !alarms.standing().containsKey(alarm(name));
        alarms.raise(alarm(name), "a step of " + name + " failed: " + thrown + "; it is tried again every "
                + pause.toMillis() + " ms");
        if (first) {
            LOG.log(Level.SEVERE, "step failed: loop=" + name, thrown);
        }
    }

    private static String alarm(String name) {
        return "loop-" + name;
    }

    /// Ends the loop after its present step, and waits for that.
    ///
    /// @return whether it ended within the limit; a loop that is not running has ended
    boolean stop(String name, Duration limit) {
        Loop loop = loops.get(name);
        if (loop == null) {
            return true;
        }
        loop.stopping = true;
        Thread thread = loop.thread;
        if (thread == null) {
            return true;
        }
        long end = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        while (thread.isAlive() && System.nanoTime() - end < 0) {
            LockSupport.unpark(thread);
            try {
                thread.join(Duration.ofMillis(5));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.log(Level.WARNING, "loop does not end: loop={0} waited_ms={1}", new Object[] {name, limit.toMillis()});
            return false;
        }
        loops.remove(name);
        return true;
    }

    /// One thread's work.
    private static final class Loop implements Runnable {
        private final Stepper stepper;
        private final Failure onFailure;
        private final Runnable onRecovery;
        private volatile boolean stopping;
        private volatile @Nullable Thread thread;

        /// Says whether to go on.
        @FunctionalInterface
        private interface Failure {
            boolean goOn(Throwable thrown);
        }

        Loop(Stepper stepper, Failure onFailure, Runnable onRecovery) {
            this.stepper = stepper;
            this.onFailure = onFailure;
            this.onRecovery = onRecovery;
        }

        @Override
        public void run() {
            boolean failing = false;
            while (!stopping) {
                try {
                    if (!stepper.step()) {
                        stepper.awaitWork(IDLE_NANOS);
                    }
                    if (failing) {
                        failing = false;
                        onRecovery.run();
                    }
                } catch (Throwable e) {
                    failing = true;
                    if (!onFailure.goOn(e)) {
                        return;
                    }
                }
            }
        }
    }
}
