package io.openwit.ingest.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import org.junit.jupiter.api.Test;

class LogClockTest {
    private static final long SECOND = 1_000_000_000L;

    private final ManualClocks clocks = new ManualClocks();
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());

    private LogClock after(LogClock.Stamp last) {
        return new LogClock(clocks, telemetry.alarms(), last);
    }

    @Test
    void arrivalsFollowTheWall() {
        LogClock clock = after(null);
        clocks.pass(5 * SECOND);

        assertThat(clock.next().arrivalNanos()).isEqualTo(clocks.wallNanos());
        assertThat(clock.lastAgeNanos()).isEqualTo(5 * SECOND);
    }

    @Test
    void arrivalsNeverStandStillNorGoBack() {
        LogClock clock = after(null);
        long last = clock.next().arrivalNanos();
        clocks.jump(-60 * SECOND);
        for (int i = 0; i < 5; i++) {
            long next = clock.next().arrivalNanos();
            assertThat(next).isGreaterThan(last);
            last = next;
        }
        clocks.pass(SECOND);
        assertThat(clock.next().arrivalNanos()).isGreaterThan(last + SECOND / 2);
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void aJumpOfTheWallIsNotFollowed() {
        for (long jump : new long[] {3_600 * SECOND, -3_600 * SECOND, 10L * 365 * 86_400 * SECOND}) {
            LogClock clock = after(null);
            long before = clock.next().arrivalNanos();
            clocks.jump(jump);
            clocks.pass(SECOND);

            assertThat(clock.next().arrivalNanos()).isBetween(before + 1, before + 2 * SECOND);
            assertThat(telemetry.alarms().standing()).containsKey("clock-jumped");

            clocks.jump(-jump);
            clock.next();
            assertThat(telemetry.alarms().standing()).isEmpty();
        }
    }

    @Test
    void theAgeGoesOnFromWhatIsStored() {
        clocks.passSeconds(1_000);
        LogClock clock = after(new LogClock.Stamp(clocks.wallNanos() - 900 * SECOND, 50 * SECOND));
        clocks.pass(2 * SECOND);

        assertThat(clock.next().logAgeNanos()).isEqualTo(52 * SECOND);
    }

    @Test
    void aWallFarFromTheLastArrivalIsSuspectForTenMinutes() {
        LogClock clock = after(new LogClock.Stamp(clocks.wallNanos() - 2 * LogClock.DAY_NANOS, 0));
        assertThat(clock.suspect()).isTrue();
        assertThat(telemetry.alarms().standing()).containsKey("clock-suspect");

        for (int i = 0; i < 9; i++) {
            clocks.passSeconds(60);
            clock.next();
        }
        assertThat(clock.suspect()).isTrue();
        clocks.passSeconds(61);
        clock.next();
        assertThat(clock.suspect()).isFalse();
    }
}
