package io.openwit.bulk;

import static io.openwit.model.Outcome.Refusal.MALFORMED;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.openwit.bulk.AppendResponse.Answer;
import io.openwit.bulk.AppendResponse.Hello;
import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.BatchHeader;
import io.openwit.model.Clocks;
import io.openwit.model.FingerprintKey;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Both ends over real gRPC on loopback.
class BulkTest {
    private static final NodeId NODE = new NodeId("n1");
    private static final FingerprintKey KEY = new FingerprintKey(0x0123456789ABCDEFL, -2);
    private static final String TOKEN = "node-secret";

    private static final Clocks CLOCKS = new Clocks() {
        @Override
        public long wallNanos() {
            return System.currentTimeMillis() * 1_000_000L;
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    };

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Telemetry telemetry = new Telemetry(CLOCKS, OpenTelemetry.noop());
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        threads.shutdownNow();
    }

    @Test
    void aBatchArrivesAsItWasSentAndItsOutcomeComesBack() throws Exception {
        List<Batch> arrived = new ArrayList<>();
        Outcome[] outcomes = {
            new Accepted(2, 1, 0, ""),
            new Accepted(1, 0, 2, "a reason"),
            new Rejected(MALFORMED, "no good"),
            new Throttled(true, Duration.ofMillis(1234), "full"),
            new Unavailable("stopping")
        };
        BulkServer server = serve(batch -> {
            arrived.add(batch);
            return outcomes[arrived.size() - 1];
        });
        BulkClient client = connect(server.port(), TOKEN);

        for (Outcome expected : outcomes) {
            assertThat(client.consume(batch(3, 5000))).isEqualTo(expected);
        }

        Batch sent = batch(3, 5000);
        assertThat(arrived).hasSize(outcomes.length).allSatisfy(batch -> {
            assertThat(batch.header().encoded()).isEqualTo(sent.header().encoded());
            assertThat(batch.rows()).isEqualTo(sent.rows());
        });
    }

    @Test
    void theHandshakeTellsNameAndKeyBeforeAnyBatchIsSent() throws Exception {
        BulkServer server = serve(batch -> new Accepted(0, 0, 0, ""));
        BulkClient client = client(server.port(), TOKEN);

        assertThat(client.awaitHello(Duration.ofSeconds(5))).isTrue();

        assertThat(client.nodeId()).isEqualTo(NODE);
        assertThat(client.fingerprintKey()).isEqualTo(KEY);
        assertThat(client.connected()).isTrue();
    }

    @Test
    void batchesAreConsumedTogetherAndAnsweredInOrder() throws Exception {
        CountDownLatch allThere = new CountDownLatch(20);
        BulkServer server = serve(batch -> {
            allThere.countDown();
            // Nobody is answered before all have come: a server that took one at a time would hang here.
            awaitLatch(allThere);
            return new Accepted(batch.header().rows(), 0, 0, "");
        });
        BulkClient client = connect(server.port(), TOKEN);

        List<Future<Outcome>> answers = new ArrayList<>();
        for (int rows = 1; rows <= 20; rows++) {
            Batch batch = batch(rows, 100);
            answers.add(threads.submit(() -> client.consume(batch)));
        }

        for (int rows = 1; rows <= 20; rows++) {
            assertThat(answers.get(rows - 1).get(10, SECONDS)).isEqualTo(new Accepted(rows, 0, 0, ""));
        }
    }

    @Test
    void bytesInFlightStayBelowTheLimit() throws Exception {
        AtomicLong under = new AtomicLong();
        AtomicLong most = new AtomicLong();
        BulkServer server = serve(batch -> {
            most.accumulateAndGet(under.addAndGet(batch.bytes()), Math::max);
            Thread.yield();
            under.addAndGet(-batch.bytes());
            return new Accepted(batch.header().rows(), 0, 0, "");
        });
        long limit = 100_000;
        BulkClient client = started(new BulkClientConfig(
                "127.0.0.1",
                server.port(),
                TOKEN,
                limit,
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                Duration.ofMillis(10),
                Duration.ofMillis(50)));

        List<Future<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(threads.submit(() -> client.consume(batch(1, 30_000))));
        }
        for (Future<Outcome> answer : answers) {
            assertThat(answer.get(10, SECONDS)).isEqualTo(new Accepted(1, 0, 0, ""));
        }

        assertThat(most.get()).isBetween(30_000L, limit);
        assertThat(client.consume(batch(1, 300_000)))
                .as("a batch beyond the limit travels alone")
                .isEqualTo(new Accepted(1, 0, 0, ""));
        assertThat(telemetry.metrics().bulkBytesInFlight.labelValues("127.0.0.1:" + server.port()).get())
                .isZero();
    }

    @Test
    void whoWaitsForRoomTooLongIsThrottled() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        BulkServer server = serve(batch -> {
            awaitLatch(never);
            return new Accepted(1, 0, 0, "");
        });
        BulkClientConfig config = new BulkClientConfig(
                "127.0.0.1",
                server.port(),
                TOKEN,
                1000,
                Duration.ofMillis(300),
                Duration.ofSeconds(5),
                Duration.ofMillis(10),
                Duration.ofMillis(50));
        BulkClient client = started(config);
        ClientStream stream = streamOf(client);
        Future<Outcome> first = threads.submit(() -> stream.send(batch(1, 900), Duration.ofSeconds(30)));
        await().until(() -> telemetry.metrics().bulkBytesInFlight.labelValues(config.address()).get() > 0);

        assertThat(client.consume(batch(1, 900))).isInstanceOf(Throttled.class);

        never.countDown();
        assertThat(first.get(10, SECONDS)).isEqualTo(new Accepted(1, 0, 0, ""));
    }

    @Test
    void anAnswerThatDoesNotComeEndsTheStreamForAllThatWait() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        BulkServer server = serve(batch -> {
            awaitLatch(never);
            return new Accepted(1, 0, 0, "");
        });
        BulkClient client = started(new BulkClientConfig(
                "127.0.0.1",
                server.port(),
                TOKEN,
                1 << 20,
                Duration.ofMillis(300),
                Duration.ofSeconds(5),
                Duration.ofMillis(10),
                Duration.ofMillis(50)));

        List<Future<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            answers.add(threads.submit(() -> client.consume(batch(1, 100))));
        }

        for (Future<Outcome> answer : answers) {
            assertThat(answer.get(10, SECONDS)).isInstanceOf(Unavailable.class);
        }
        never.countDown();
    }

    @Test
    void aServerKilledInMidFlightLeavesNobodyWaitingAndIsFoundAgain() throws Exception {
        CountDownLatch arrived = new CountDownLatch(10);
        CountDownLatch never = new CountDownLatch(1);
        BulkServer first = serve(batch -> {
            arrived.countDown();
            awaitLatch(never);
            return new Accepted(1, 0, 0, "");
        });
        int port = first.port();
        BulkClient client = connect(port, TOKEN);
        List<Future<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(threads.submit(() -> client.consume(batch(1, 10_000))));
        }
        arrived.await();

        first.close();

        for (Future<Outcome> answer : answers) {
            assertThat(answer.get(10, SECONDS)).isInstanceOf(Unavailable.class);
        }
        await().untilAsserted(
                () -> assertThat(client.consume(batch(1, 100))).isInstanceOf(Unavailable.class));
        await().untilAsserted(() -> assertThat(telemetry.alarms().standing())
                .containsKey("ingest-node-unreachable:127.0.0.1:" + port));

        serve(port, TOKEN::equals, batch -> new Accepted(1, 0, 0, ""));
        await().untilAsserted(() -> {
            client.step();
            assertThat(client.connected()).isTrue();
        });
        assertThat(client.consume(batch(1, 100))).isEqualTo(new Accepted(1, 0, 0, ""));
        assertThat(telemetry.alarms().standing()).isEmpty();
        never.countDown();
    }

    @Test
    void aServerThatDrainsAnswersWhatHasComeAndThenEndsTheStream() throws Exception {
        CountDownLatch arrived = new CountDownLatch(3);
        CountDownLatch release = new CountDownLatch(1);
        BulkServer server = serve(batch -> {
            arrived.countDown();
            awaitLatch(release);
            return new Accepted(1, 0, 0, "");
        });
        BulkClient client = connect(server.port(), TOKEN);
        List<Future<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            answers.add(threads.submit(() -> client.consume(batch(1, 1000))));
        }
        arrived.await();

        Future<?> closing = threads.submit(() -> server.close(Duration.ofSeconds(10)));
        release.countDown();

        for (Future<Outcome> answer : answers) {
            assertThat(answer.get(10, SECONDS)).isEqualTo(new Accepted(1, 0, 0, ""));
        }
        closing.get(5, SECONDS);
        assertThat(client.connected()).isFalse();
    }

    @Test
    void aStrangerIsRefusedBeforeAnyMessageIsRead() throws Exception {
        List<Batch> arrived = new ArrayList<>();
        BulkServer server = serve(batch -> {
            arrived.add(batch);
            return new Accepted(1, 0, 0, "");
        });

        for (String token : List.of("", "wrong")) {
            BulkClient client = client(server.port(), token);
            assertThat(client.consume(batch(1, 100))).isInstanceOf(Unavailable.class);
            assertThat(client.connected()).isFalse();
            assertThat(telemetry.alarms().standing().values())
                    .anySatisfy(detail -> assertThat(detail).contains("UNAUTHENTICATED").doesNotContain("wrong"));
        }
        // A stranger who does not wait for a hello.
        RawClient raw = new RawClient(server.port(), "guess");
        raw.send(AppendRequest.encode(batch(1, 100)).readAllBytes());
        assertThat(raw.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);

        assertThat(arrived).isEmpty();
    }

    @Test
    void aMessageThatIsNoBatchIsRejectedInItsPlaceAndTheStreamGoesOn() throws Exception {
        BulkServer server = serve(batch -> new Accepted(batch.header().rows(), 0, 0, ""));
        byte[] good = AppendRequest.encode(batch(7, 100)).readAllBytes();
        byte[] cut = java.util.Arrays.copyOf(good, good.length / 2);
        byte[] otherVersion = good.clone();
        otherVersion[good.length - 100 - 2 - batch(7, 100).header().encodedBytes()] = 9;
        RawClient raw = new RawClient(server.port(), TOKEN);

        assertThat(raw.next()).isEqualTo(new Hello(NODE, KEY));
        raw.send(good);
        raw.send(new byte[0]);
        raw.send(cut);
        raw.send(new byte[] {(byte) 0xFF, (byte) 0xFF, 1});
        raw.send(otherVersion);
        raw.send(good);

        assertThat(raw.next()).isEqualTo(new Answer(new Accepted(7, 0, 0, "")));
        for (int i = 0; i < 4; i++) {
            assertThat(raw.next()).isInstanceOfSatisfying(Answer.class, answer -> assertThat(answer.outcome())
                    .isInstanceOfSatisfying(
                            Rejected.class, rejected -> assertThat(rejected.refusal()).isEqualTo(MALFORMED)));
        }
        assertThat(raw.next()).isEqualTo(new Answer(new Accepted(7, 0, 0, "")));
    }

    @Test
    void aConsumerThatThrowsIsAnsweredAsUnavailable() throws Exception {
        BulkServer server = serve(batch -> {
            throw new IllegalStateException("a mistake");
        });
        BulkClient client = connect(server.port(), TOKEN);

        assertThat(client.consume(batch(1, 100))).isInstanceOf(Unavailable.class);
        assertThat(client.connected()).isTrue();
    }

    @Test
    void theServerReadsNoFurtherWhileItsBudgetIsSpent() throws Exception {
        ConcurrentLinkedQueue<Batch> arrived = new ConcurrentLinkedQueue<>();
        CountDownLatch release = new CountDownLatch(1);
        BulkServer server = new BulkServer(
                new BulkServerConfig("127.0.0.1", 0, 1 << 20, 100_000),
                NODE,
                KEY,
                batch -> {
                    arrived.add(batch);
                    awaitLatch(release);
                    return new Accepted(1, 0, 0, "");
                },
                TOKEN::equals,
                telemetry,
                threads);
        server.start();
        open.add(server);
        BulkClient client = connect(server.port(), TOKEN);
        BulkClient other = connect(server.port(), TOKEN);

        List<Future<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            BulkClient sender = i % 2 == 0 ? client : other;
            answers.add(threads.submit(() -> sender.consume(batch(1, 40_000))));
        }
        await().until(() -> telemetry.metrics().bulkQueuedBytes.get() >= 100_000);
        await().during(Duration.ofMillis(200)).until(() -> arrived.size() <= 4);
        release.countDown();

        for (Future<Outcome> answer : answers) {
            assertThat(answer.get(10, SECONDS)).isEqualTo(new Accepted(1, 0, 0, ""));
        }
        await().until(() -> telemetry.metrics().bulkQueuedBytes.get() == 0);
    }

    @Test
    void nobodyListensAndTheBatchIsUnavailableAtOnceUntilThePauseIsOver() throws Exception {
        BulkServer gone = serve(batch -> new Accepted(1, 0, 0, ""));
        int port = gone.port();
        gone.close();
        BulkClient client = client(port, TOKEN);

        for (int i = 0; i < 100; i++) {
            assertThat(client.consume(batch(1, 100))).isInstanceOf(Unavailable.class);
        }

        assertThat(telemetry.metrics().bulkConnects.labelValues("127.0.0.1:" + port, "failed").get())
                .isBetween(1.0, 50.0);
    }

    private BulkServer serve(BatchConsumer consumer) throws Exception {
        return serve(0, TOKEN::equals, consumer);
    }

    private BulkServer serve(int port, java.util.function.Predicate<String> token, BatchConsumer consumer)
            throws Exception {
        BulkServer server = new BulkServer(
                BulkServerConfig.of("127.0.0.1", port), NODE, KEY, consumer, token, telemetry, threads);
        open.add(server);
        return server.start();
    }

    private BulkClient connect(int port, String token) throws InterruptedException {
        BulkClient client = client(port, token);
        assertThat(client.awaitHello(Duration.ofSeconds(5))).isTrue();
        return client;
    }

    private BulkClient client(int port, String token) {
        return open(new BulkClientConfig(
                "127.0.0.1",
                port,
                token,
                BulkClientConfig.DEFAULT_MAX_BYTES_IN_FLIGHT,
                BulkClientConfig.DEFAULT_ANSWER_TIMEOUT,
                BulkClientConfig.DEFAULT_CONNECT_TIMEOUT,
                Duration.ofMillis(20),
                Duration.ofMillis(100)));
    }

    private BulkClient started(BulkClientConfig config) throws InterruptedException {
        BulkClient client = open(config);
        assertThat(client.awaitHello(Duration.ofSeconds(5))).isTrue();
        return client;
    }

    private BulkClient open(BulkClientConfig config) {
        BulkClient client = new BulkClient(config, CLOCKS, telemetry, threads, new Random(1));
        open.add(client);
        return client;
    }

    private static ClientStream streamOf(BulkClient client) {
        return java.util.Objects.requireNonNull(client.liveStream());
    }

    private static Batch batch(int rows, int bytes) {
        BatchHeader.Writer header = new BatchHeader.Writer(Signal.LOGS, new TenantId("acme"), rows, 1, List.of());
        for (int row = 0; row < rows; row++) {
            header.row(row, ~row, true);
        }
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        return new Batch(header.part(1, 2, rows, true).finish(), ByteBuffer.wrap(content));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await(20, SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A client that sends what it likes.
    private final class RawClient extends ClientCall.Listener<AppendResponse> {
        private final BlockingQueue<AppendResponse> responses = new LinkedBlockingQueue<>();
        private final BlockingQueue<Status> ends = new LinkedBlockingQueue<>();
        private final ClientCall<byte[], AppendResponse> call;

        RawClient(int port, String token) {
            ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .executor(threads)
                    .build();
            open.add(channel::shutdownNow);
            call = channel.newCall(BulkMethod.SERVER, CallOptions.DEFAULT);
            Metadata headers = new Metadata();
            headers.put(BulkMethod.AUTHORIZATION, BulkMethod.BEARER + token);
            call.start(this, headers);
            call.request(100);
        }

        void send(byte[] message) {
            call.sendMessage(message);
        }

        AppendResponse next() throws InterruptedException {
            return responses.poll(5, SECONDS);
        }

        Status end() throws InterruptedException {
            return ends.poll(5, SECONDS);
        }

        @Override
        public void onMessage(AppendResponse response) {
            responses.add(response);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            ends.add(status);
        }
    }
}
