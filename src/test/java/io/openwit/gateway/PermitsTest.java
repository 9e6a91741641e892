package io.openwit.gateway;

import static io.openwit.gateway.GatewayFixture.ACME;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.gateway.GatewayFixture.Call;
import io.openwit.gateway.GatewayFixture.Limits;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Room for requests: what is taken, what comes back, and what is heard where there is none.
class PermitsTest {
    private static final int MAX_REQUEST = 100_000;
    private static final int MAX_BUFFER = 300_000;

    private GatewayFixture at;

    @BeforeEach
    void make() {
        Limits limits = new Limits();
        limits.maxRequestBytes = MAX_REQUEST;
        limits.maxBufferBytes = MAX_BUFFER;
        limits.maxBufferRequests = 10;
        at = new GatewayFixture(limits);
    }

    @AfterEach
    void close() {
        assertThat(used()).isZero();
        assertThat(at.gateway.idle()).isTrue();
        at.close();
    }

    @Test
    void aBodyKeepsItsBytesAndHasSlackBehindThem() throws Exception {
        byte[] bytes = new byte[MAX_REQUEST];
        new Random(3).nextBytes(bytes);
        try (RequestBody body = at.gateway.newBody("grpc")) {
            for (int i = 0; i < bytes.length; i += 1000) {
                if (i % 2000 == 0) {
                    body.write(bytes, i, 1000);
                } else {
                    body.write(ByteBuffer.wrap(bytes, i, 1000));
                }
            }

            assertThat(body.length()).isEqualTo(bytes.length);
            assertThat(body.array())
                    .hasSizeGreaterThanOrEqualTo(bytes.length + RequestBody.SLACK_BYTES)
                    .startsWith(bytes);
            assertThat(used()).isEqualTo(MAX_REQUEST);
        }
    }

    @Test
    void aBodyBeyondTheLimitOfARequestIsTooLarge() throws Exception {
        try (RequestBody body = at.gateway.newBody("grpc")) {
            body.write(new byte[MAX_REQUEST], 0, MAX_REQUEST);

            assertThat(refusal(() -> body.write(new byte[1], 0, 1)))
                    .isInstanceOfSatisfying(
                            Rejected.class,
                            rejected -> assertThat(rejected.refusal()).isEqualTo(Refusal.TOO_LARGE));
            assertThat(refusal(() -> body.expect(1L << 40))).isInstanceOf(Rejected.class);
        }
        assertThat(at.telemetry.metrics().requestsRefused.labelValues("grpc", "too_large").get())
                .isEqualTo(2);
    }

    @Test
    void bodiesTogetherNeverHoldMoreThanTheBuffer() throws Exception {
        List<RequestBody> bodies = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            RequestBody body = at.gateway.newBody("http");
            body.write(new byte[MAX_REQUEST], 0, MAX_REQUEST);
            bodies.add(body);
        }
        RequestBody late = at.gateway.newBody("http");

        assertThat(refusal(() -> late.write(new byte[1], 0, 1)))
                .isInstanceOfSatisfying(
                        Throttled.class,
                        throttled -> assertThat(throttled.retryAfter())
                                .isBetween(Permits.MIN_DELAY, Permits.MAX_DELAY));
        assertThat(used()).isEqualTo(MAX_BUFFER);

        bodies.removeFirst().close();
        late.write(new byte[1], 0, 1);
        late.close();
        late.close();
        bodies.forEach(RequestBody::close);
    }

    @Test
    void requestsAreBoundedInNumberToo() throws Exception {
        List<RequestBody> bodies = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            bodies.add(at.gateway.newBody("grpc"));
        }

        assertThat(refusal(() -> at.gateway.newBody("grpc"))).isInstanceOf(Throttled.class);
        assertThat(at.telemetry.metrics().requestsRefused.labelValues("grpc", "overload").get())
                .isEqualTo(1);

        bodies.removeFirst().close();
        bodies.add(at.gateway.newBody("grpc"));
        bodies.forEach(RequestBody::close);
    }

    @Test
    void aRequestKeepsItsPermitsUntilItIsAnswered() {
        byte[] request = LogsRequest.of(50);
        Call call = at.send(request);
        at.run();

        // The array has gone back, and what it had beyond the request; the rows are in a batch.
        assertThat(used()).isEqualTo(request.length);
        assertThat(at.gateway.idle()).isFalse();

        at.node().next().accept();
        call.outcome();
    }

    private static byte[] jsonOf(int bodyBytes) {
        return ("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"" + "a".repeat(bodyBytes)
                        + "\"}}]}]}]}")
                .getBytes(UTF_8);
    }

    @Test
    void whatJsonBecomesTakesPermitsWhileItIsRead() throws Exception {
        byte[] json = jsonOf(50_000);
        RequestBody other = at.gateway.newBody("grpc");
        other.write(new byte[MAX_REQUEST], 0, MAX_REQUEST);
        RequestBody another = at.gateway.newBody("grpc");
        another.write(new byte[MAX_REQUEST], 0, MAX_REQUEST);

        Call late = at.send(json, ACME, "http", Encoding.JSON);
        at.run();

        // Its body found room, and then the same once more did not.
        assertThat(late.outcome()).isInstanceOf(Throttled.class);
        assertThat(at.telemetry.metrics().requestsRefused.labelValues("http", "overload").get())
                .isEqualTo(1);
        assertThat(used()).isEqualTo(2 * MAX_REQUEST);

        another.close();
        Call again = at.send(json, ACME, "http", Encoding.JSON);
        at.run();
        assertThat(used()).isEqualTo(MAX_REQUEST + json.length);
        at.node().next().accept();
        assertThat(again.outcome()).isInstanceOf(Accepted.class);
        other.close();
    }

    @Test
    void jsonThatBecomesMoreThanARequestMayHaveIsTooLarge() {
        byte[] json = ("{\"resourceLogs\":[" + "{},".repeat(30_000) + "{}]}").getBytes(UTF_8);

        Call call = at.send(json, ACME, "http", Encoding.JSON);
        at.run();

        assertTooLarge(call);
    }

    @Test
    void jsonThatCouldNeverStandBesideItsProtobufIsTooLarge() {
        Limits limits = new Limits();
        limits.maxRequestBytes = MAX_REQUEST;
        limits.maxBufferBytes = MAX_REQUEST;
        try (GatewayFixture small = new GatewayFixture(limits)) {
            Call call = small.send(jsonOf(50_000), ACME, "http", Encoding.JSON);
            small.run();

            assertTooLarge(call);
        }
    }

    private static void assertTooLarge(Call call) {
        assertThat(call.outcome())
                .isInstanceOfSatisfying(
                        Rejected.class, rejected -> assertThat(rejected.refusal()).isEqualTo(Refusal.TOO_LARGE));
    }

    @Test
    void anIdempotencyKeyBeyondItsLimitIsMalformed() {
        assertThat(at.export(LogsRequest.of(1), ACME, "http", Encoding.PROTOBUF, "k".repeat(129)))
                .isInstanceOfSatisfying(
                        Rejected.class, rejected -> assertThat(rejected.refusal()).isEqualTo(Refusal.MALFORMED));
    }

    @Test
    void theDelayFollowsTheMeasuredDrainRate() {
        FakeClocks clocks = new FakeClocks();
        Permits permits = new Permits(
                1_000_000,
                10,
                clocks,
                new Telemetry(clocks, OpenTelemetry.noop()).metrics(),
                new Jitter(new Random(5)));
        permits.takeBytes(1_000_000);
        assertThat(permits.throttled("full").retryAfter())
                .as("nothing ever came back")
                .isBetween(Permits.MAX_DELAY.dividedBy(2), Permits.MAX_DELAY);

        // A steady 100,000 bytes a second: half of the million drains in five seconds.
        for (int i = 0; i < 100; i++) {
            clocks.advance(Duration.ofSeconds(1));
            permits.giveBytes(100_000);
            permits.takeBytes(100_000);
        }
        assertThat(permits.throttled("full").retryAfter())
                .isBetween(Duration.ofMillis(2400), Duration.ofMillis(7600));

        clocks.advance(Duration.ofMinutes(1));
        assertThat(permits.throttled("full").retryAfter())
                .as("nothing came back for a minute")
                .isBetween(Permits.MAX_DELAY.dividedBy(2), Permits.MAX_DELAY);
    }

    private double used() {
        return at.telemetry.metrics().memoryPermitsBytes.labelValues("used").get();
    }

    private interface Action {
        void run() throws BodyRefusedException;
    }

    private static Outcome refusal(Action action) {
        Outcome[] outcome = new Outcome[1];
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(BodyRefusedException.class, refused -> outcome[0] = refused.outcome());
        return outcome[0];
    }
}
