package io.openwit.server;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Tells the thread that made it when somebody asks the process to end (SIGTERM, Ctrl-C): it is interrupted once. It
/// then cleans up, closes this, and the process ends with exit code 0.
///
/// Design note: the JVM by itself ends with 143 after SIGTERM, as soon as its hooks have run; so the hook waits for the
/// cleaning and then ends the process itself.
final class StopSignal implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(StopSignal.class.getName());

    private final Duration limit;
    private final Thread main = Thread.currentThread();
    private final CountDownLatch given = new CountDownLatch(1);
    private final CountDownLatch cleaned = new CountDownLatch(1);
    private boolean cleaning;

    private StopSignal(Duration limit) {
        this.limit = limit;
    }

    /// @param limit how long the cleaning may take; then the process ends with exit code 1
    static StopSignal listen(Duration limit) {
        StopSignal signal = new StopSignal(limit);
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("stop-signal").unstarted(signal::onShutdown));
        return signal;
    }

    private void onShutdown() {
        if (cleaned.getCount() == 0) {
            // The process ends by itself, with a code of its own.
            return;
        }
        given.countDown();
        synchronized (this) {
            if (!cleaning) {
                main.interrupt();
            }
        }
        boolean inTime;
        try {
            inTime = cleaned.await(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            inTime = false;
        }
        if (!inTime) {
            System.err.println("openwit: the stop took longer than " + limit.toSeconds() + " s and is broken off");
        }
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(inTime ? ExitCode.DONE : ExitCode.FAILED);
    }

    /// Whether the process has been asked to end.
    boolean given() {
        return given.getCount() == 0;
    }

    /// Waits until the process is asked to end.
    void await() throws InterruptedException {
        given.await();
    }

    /// From now on the thread is not interrupted any more; an interrupt that has come already is taken back.
    synchronized void beginCleaning() {
        cleaning = true;
        boolean taken = Thread.interrupted();
        LOG.log(Level.FINE, "cleaning begins: interrupted={0}", taken);
    }

    /// All is cleaned up.
    @Override
    public void close() {
        cleaned.countDown();
    }
}
