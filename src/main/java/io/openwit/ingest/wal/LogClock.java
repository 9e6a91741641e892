package io.openwit.ingest.wal;

import io.openwit.model.Clocks;
import io.openwit.telemetry.Alarms;
import org.jspecify.annotations.Nullable;

/// Gives each group its arrival and the log's age.
///
/// The arrival follows the wall but never goes back nor stands still: while the wall is behind the last arrival, it advances by
/// the monotonic clock. A wall that jumps by more than [#MAX_JUMP_NANOS] against the monotonic clock is not followed either, with
/// alarm `clock-jumped`, until they agree again. The log's age is the time that the log has been open; it continues at each start.
///
/// Owned by the thread that writes, but for [#suspect] and [#lastAgeNanos].
public final class LogClock {
    static final long MAX_JUMP_NANOS = 300_000_000_000L;
    static final long DAY_NANOS = 86_400_000_000_000L;

    /// For so long the wall has to agree with the monotonic clock before a start after a long pause is believed.
    static final long TRUST_NANOS = 600_000_000_000L;

    private static final String JUMPED = "clock-jumped";
    private static final String SUSPECT = "clock-suspect";

    private final Clocks clocks;
    private final Alarms alarms;
    private final long openedNanos;
    private final long ageAtOpening;
    private long lastArrival;
    private long lastMonotonic;
    private volatile long lastAge;
    private boolean jumped;
    private volatile boolean suspect;
    private long trustSinceNanos;

    /// The times of a group.
    ///
    /// @param arrivalNanos since 1970
    /// @param logAgeNanos that the log has been open
    public record Stamp(long arrivalNanos, long logAgeNanos) {}

    /// @param last what is stored in the log, or null in a new one
    LogClock(Clocks clocks, Alarms alarms, @Nullable Stamp last) {
        this.clocks = clocks;
        this.alarms = alarms;
        long wall = clocks.wallNanos();
        openedNanos = clocks.monotonicNanos();
        lastMonotonic = openedNanos;
        trustSinceNanos = openedNanos;
        ageAtOpening = last == null ? 0 : last.logAgeNanos();
        lastAge = ageAtOpening;
        lastArrival = last == null ? wall - 1 : Math.max(wall - 1, last.arrivalNanos());
        if (last != null && Math.abs(wall - last.arrivalNanos()) > DAY_NANOS) {
            suspect = true;
            alarms.raise(
                    SUSPECT,
                    "the clock is more than a day from the last arrival in the log (wall " + wall + " ns, arrival "
                            + last.arrivalNanos() + " ns); what destroys or refuses by time waits for ten minutes");
        }
    }

    Stamp next() {
        long monotonic = clocks.monotonicNanos();
        long wall = clocks.wallNanos();
        long elapsed = Math.max(1, monotonic - lastMonotonic);
        long steady = lastArrival + elapsed;
        boolean ahead = wall - steady > MAX_JUMP_NANOS;
        boolean behind = steady - wall > MAX_JUMP_NANOS;
        watch(ahead || behind, wall, steady);
        watchTrust(monotonic);
        lastArrival = ahead || wall <= lastArrival ? steady : wall;
        lastMonotonic = monotonic;
        lastAge = Math.max(lastAge, ageAtOpening + (monotonic - openedNanos));
        return new Stamp(lastArrival, lastAge);
    }

    /// The log's age as it was last given. Thread-safe.
    public long lastAgeNanos() {
        return lastAge;
    }

    private void watch(boolean away, long wall, long steady) {
        if (away) {
            trustSinceNanos = clocks.monotonicNanos();
            alarms.raise(
                    JUMPED,
                    "the clock is " + (wall - steady) / 1_000_000_000L
                            + " s from where it should be; arrivals go on by the monotonic clock");
        } else if (jumped) {
            alarms.clear(JUMPED);
        }
        jumped = away;
    }

    private void watchTrust(long monotonic) {
        if (suspect && monotonic - trustSinceNanos >= TRUST_NANOS) {
            suspect = false;
            alarms.clear(SUSPECT);
        }
    }

    /// Whether the wall is not to be believed yet: nothing may be destroyed or refused by its time. Thread-safe.
    public boolean suspect() {
        return suspect;
    }
}
