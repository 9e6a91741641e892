package io.openwit.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.openwit.ingest.wal.FaultDisk;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.LogVerifier;
import io.openwit.ingest.wal.ManualClocks;
import io.openwit.ingest.wal.TestBatches;
import io.openwit.ingest.wal.TestBatches.Part;
import io.openwit.model.Batch;
import io.openwit.model.NodeId;
import io.openwit.model.Outcome;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestNodeTest {
    private static final long SEGMENT_BYTES = 256 << 10;
    private static final NodeId NODE = new NodeId("n1");

    @TempDir
    Path dir;

    private final ManualClocks clocks = new ManualClocks();
    private final FaultDisk disk = new FaultDisk();
    private final Random random = new Random(42);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger poisonings = new AtomicInteger();
    private Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private boolean dedup = true;
    private Map<TenantId, Boolean> dedupOfTenant = Map.of();
    private int maxRows = 10_000;
    private long maxBytes = 8 * SEGMENT_BYTES;
    private long maxQueueBytes = 1 << 20;
    private IngestNode node;

    @AfterEach
    void letGo() throws IOException {
        disk.releaseForces();
        threads.shutdownNow();
        disk.crash();
    }

    private IngestNode open() throws IOException {
        telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        IngestConfig config = new IngestConfig(
                dir,
                NODE,
                SEGMENT_BYTES,
                maxBytes,
                0,
                true,
                dedup,
                dedupOfTenant,
                Duration.ofSeconds(300),
                maxRows,
                Duration.ofSeconds(3600),
                1000,
                maxQueueBytes);
        node = IngestNode.open(config, disk, clocks, random, telemetry, () -> 0, poisonings::incrementAndGet);
        return node;
    }

    /// A batch that is offered; the test steps the writer.
    private final class Call {
        private final PendingBatch pending;
        private final Outcome refused;

        private Call(Batch batch) {
            pending = new PendingBatch(batch, clocks.monotonicNanos(), Thread.currentThread());
            refused = node.offer(pending);
        }

        private Outcome outcome() {
            return refused != null ? refused : pending.outcome();
        }
    }

    private Outcome consume(Batch batch) {
        Call call = new Call(batch);
        clocks.pass(1_000_000);
        if (call.refused == null) {
            node.writeLoop().step();
        }
        return call.outcome();
    }

    private static Outcome accepted(int rows, int duplicates) {
        return new Outcome.Accepted(rows, duplicates, 0, "");
    }

    private List<Frame> frames(String follower) throws IOException {
        Follower all = node.log().follower(follower, true);
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = all.next(); frame != null; frame = all.next()) {
            frames.add(frame);
        }
        return frames;
    }

    // --- answers

    @Test
    void aBatchIsAnsweredWhenItIsForced() throws Exception {
        open();
        disk.holdForces();
        int before = disk.forces();
        Call call = new Call(TestBatches.of("a", "b"));
        CompletableFuture<Void> writer = CompletableFuture.runAsync(node.writeLoop()::step, threads);
        await().until(() -> disk.forces() > before);
        assertThat(call.outcome()).isNull();
        assertThat(node.log().follower("early", true).next()).isNull();

        disk.releaseForces();
        writer.get(5, TimeUnit.SECONDS);

        assertThat(call.outcome()).isEqualTo(accepted(2, 0));
        assertThat(frames("late")).hasSize(1);
    }

    @Test
    void allThatWaitIsOneGroupAndOneForce() throws IOException {
        open();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            calls.add(new Call(TestBatches.of("row " + i)));
        }
        int before = disk.forces();

        node.writeLoop().step();

        assertThat(disk.forces()).isEqualTo(before + 1);
        assertThat(calls).allMatch(call -> accepted(1, 0).equals(call.outcome()));
        assertThat(telemetry.metrics().batches.labelValues("acme", "logs").get()).isEqualTo(50);
        assertThat(telemetry.metrics().walWriteMillis.collect().getDataPoints().getFirst().getCount())
                .isEqualTo(50);
    }

    @Test
    void manyThreadsAreAnsweredAndEveryRowIsInTheLogOnce() throws Exception {
        open();
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                if (!node.writeLoop().step()) {
                    node.writeLoop().awaitWork(10_000_000);
                }
            }
        });
        List<CompletableFuture<Outcome>> answers = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            Batch batch = TestBatches.of("row " + i / 2, "own " + i);
            answers.add(CompletableFuture.supplyAsync(() -> node.consume(batch), threads));
        }
        long rows = 0;
        long duplicates = 0;
        for (CompletableFuture<Outcome> answer : answers) {
            Outcome.Accepted accepted = (Outcome.Accepted) answer.get(10, TimeUnit.SECONDS);
            rows += accepted.rows();
            duplicates += accepted.duplicates();
        }
        stop.set(true);
        writer.join();

        assertThat(rows).isEqualTo(3_000);
        assertThat(duplicates).isEqualTo(1_000);
        assertThat(frames("all").stream().mapToInt(frame -> frame.keep().cardinality()).sum()).isEqualTo(3_000);
    }

    @Test
    void aBatchOfNoRowsIsAcceptedAndLeavesNoFrame() throws IOException {
        open();
        assertThat(consume(TestBatches.parts(List.of()))).isEqualTo(accepted(0, 0));
        assertThat(frames("all")).isEmpty();
    }

    // --- duplicates

    @Test
    void aRowThatRepeatsOneInTheLogIsADuplicate() throws IOException {
        open();
        assertThat(consume(TestBatches.of("a", "b"))).isEqualTo(accepted(2, 0));
        assertThat(consume(TestBatches.of("b", "c"))).isEqualTo(accepted(1, 1));

        Frame second = frames("all").get(1);
        assertThat(second.duplicate(0)).isTrue();
        assertThat(second.duplicate(1)).isFalse();
    }

    @Test
    void aRepeatInTheSameGroupIsADuplicate() throws IOException {
        open();
        Call original = new Call(TestBatches.of("a", "b"));
        Call repeat = new Call(TestBatches.of("a", "b"));
        Call rowsOfBoth = new Call(TestBatches.of("b", "c", "a"));

        node.writeLoop().step();

        assertThat(original.outcome()).isEqualTo(accepted(2, 0));
        assertThat(repeat.outcome()).isEqualTo(accepted(0, 2));
        assertThat(rowsOfBoth.outcome()).isEqualTo(accepted(1, 2));
    }

    @Test
    void aDuplicateIsAcknowledgedOnlyAfterItsOriginalIsDurable() throws Exception {
        open();
        disk.holdForces();
        int before = disk.forces();
        Call original = new Call(TestBatches.of("a"));
        CompletableFuture<Void> writer = CompletableFuture.runAsync(node.writeLoop()::step, threads);
        await().until(() -> disk.forces() > before);
        Call duplicate = new Call(TestBatches.of("a"));
        assertThat(original.outcome()).isNull();
        assertThat(duplicate.outcome()).isNull();

        disk.releaseForces();
        writer.get(5, TimeUnit.SECONDS);
        assertThat(original.outcome()).isEqualTo(accepted(1, 0));
        node.writeLoop().step();
        assertThat(duplicate.outcome()).isEqualTo(accepted(0, 1));
    }

    @Test
    void aPartThatComesAgainIsADuplicateWithItsUndatableRows() throws IOException {
        open();
        Part mixed = new Part(false, true, "x", "y");
        assertThat(consume(TestBatches.parts(List.of(mixed)))).isEqualTo(accepted(2, 0));

        assertThat(consume(TestBatches.parts(List.of(new Part(true, true, "z"), mixed)))).isEqualTo(accepted(1, 2));
    }

    @Test
    void undatableRowsDoNotMatchByThemselves() throws IOException {
        open();
        consume(TestBatches.parts(List.of(new Part(false, true, "x", "y"))));

        assertThat(consume(TestBatches.parts(List.of(new Part(false, true, "y", "x"))))).isEqualTo(accepted(2, 0));
    }

    @Test
    void aPartWithoutDatableRowsMatchesOnlyWhereTheClientNamedIt() throws IOException {
        open();
        Part unnamed = new Part(false, false, "x");
        Part named = new Part(false, true, "named x");

        assertThat(consume(TestBatches.parts(List.of(unnamed, named)))).isEqualTo(accepted(2, 0));
        assertThat(consume(TestBatches.parts(List.of(unnamed)))).isEqualTo(accepted(1, 0));
        assertThat(consume(TestBatches.parts(List.of(named)))).isEqualTo(accepted(0, 1));
    }

    @Test
    void aBatchOfDuplicatesAloneIsAHeader() throws IOException {
        open();
        consume(TestBatches.of("a", "b"));
        consume(TestBatches.of("a", "b"));

        Frame frame = frames("all").get(1);
        assertThat(frame.headerOnly()).isTrue();
        assertThat(frame.duplicates()).isEqualTo(2);
        assertThat(frame.rows().remaining()).isZero();
        assertThat(new LogVerifier(disk, dir).verify().whole()).isTrue();
    }

    @Test
    void windowsAgeByTheLogAndNotWhileTheNodeIsDown() throws IOException {
        open();
        consume(TestBatches.parts(List.of(new Part(true, false, "a"))));
        clocks.passSeconds(200);
        assertThat(consume(TestBatches.parts(List.of(new Part(true, false, "a"))))).isEqualTo(accepted(0, 1));
        node.close();
        clocks.passSeconds(10_000);

        open();
        assertThat(consume(TestBatches.parts(List.of(new Part(true, false, "a"))))).isEqualTo(accepted(0, 1));
        clocks.passSeconds(101);
        assertThat(consume(TestBatches.parts(List.of(new Part(true, false, "a"))))).isEqualTo(accepted(1, 0));
    }

    @Test
    void duplicatesAreRecognisedAfterACrash() throws IOException {
        open();
        consume(TestBatches.of("a", "b"));
        consume(TestBatches.parts(List.of(new Part(false, true, "x"))));
        disk.crash();

        open();

        assertThat(consume(TestBatches.of("b", "c"))).isEqualTo(accepted(1, 1));
        assertThat(consume(TestBatches.parts(List.of(new Part(false, true, "x"))))).isEqualTo(accepted(0, 1));
    }

    @Test
    void headsKeepDuplicatesKnownAfterTheirSegmentIsRecycled() throws IOException {
        open();
        Follower handoff = node.log().follower("handoff", true);
        for (int i = 0; i < 12; i++) {
            consume(TestBatches.ofBytes("row " + i, 60_000));
        }
        Frame last = null;
        for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
            last = frame;
        }
        handoff.advance(last.end());
        handoff.commit();
        while (node.keeper().step()) {
            // until nothing is left to do
        }
        assertThat(dir.resolve("wal/000001.wal")).doesNotExist();
        node.close();

        open();

        assertThat(consume(TestBatches.of("row 0"))).isEqualTo(accepted(0, 1));
        assertThat(consume(TestBatches.of("row 11", "row 12"))).isEqualTo(accepted(1, 1));
    }

    @Test
    void aFullWindowLetsTheOldestGoAndSaysSo() throws IOException {
        maxRows = 10;
        open();
        for (int i = 0; i < 11; i++) {
            consume(TestBatches.parts(List.of(new Part(true, false, "row " + i))));
        }

        assertThat(telemetry.metrics().dedupEvictedEarly.labelValues("rows").get()).isEqualTo(1);
        assertThat(telemetry.alarms().standing()).containsKey("dedup-window-full");
        assertThat(telemetry.metrics().dedupEntries.labelValues("rows").get()).isEqualTo(10);
        assertThat(consume(TestBatches.parts(List.of(new Part(true, false, "row 0"))))).isEqualTo(accepted(1, 0));
    }

    @Test
    void dedupCanBeSwitchedOffForATenant() throws IOException {
        dedupOfTenant = Map.of(TestBatches.TENANT, false);
        open();
        consume(TestBatches.of("a"));

        assertThat(consume(TestBatches.of("a"))).isEqualTo(accepted(1, 0));
    }

    // --- failures and limits

    @Test
    void aFailedForceFailsBothCopiesAndPoisonsTheNode() throws IOException {
        open();
        Call original = new Call(TestBatches.of("a"));
        Call duplicate = new Call(TestBatches.of("a"));
        disk.failForces(FaultDisk.segments());

        node.writeLoop().step();

        assertThat(original.outcome()).isInstanceOf(Outcome.Unavailable.class);
        assertThat(duplicate.outcome()).isInstanceOf(Outcome.Unavailable.class);
        assertThat(node.poisoned()).isTrue();
        assertThat(poisonings).hasValue(1);
        disk.failForces(name -> false);
        assertThat(consume(TestBatches.of("b"))).isInstanceOf(Outcome.Unavailable.class);
        node.writeLoop().step();
        assertThat(poisonings).hasValue(1);
    }

    @Test
    void aFailedWritePoisonsTheNode() throws IOException {
        open();
        disk.failWrites(FaultDisk.segments());

        assertThat(consume(TestBatches.of("a"))).isInstanceOf(Outcome.Unavailable.class);

        assertThat(node.poisoned()).isTrue();
        assertThat(telemetry.alarms().standing()).containsKey("wal-poisoned");
    }

    @Test
    void whatWaitsBehindAFailedForceIsRefusedToo() throws Exception {
        open();
        disk.holdForces();
        int before = disk.forces();
        Call first = new Call(TestBatches.of("a"));
        CompletableFuture<Void> writer = CompletableFuture.runAsync(node.writeLoop()::step, threads);
        await().until(() -> disk.forces() > before);
        Call second = new Call(TestBatches.of("b"));
        disk.failForces(FaultDisk.segments());
        disk.releaseForces();
        writer.get(5, TimeUnit.SECONDS);

        assertThat(first.outcome()).isInstanceOf(Outcome.Unavailable.class);
        assertThat(second.outcome()).isInstanceOf(Outcome.Unavailable.class);
    }

    @Test
    void aFullDiskIsThrottledAndWhatWasRefusedIsNewWhenItComesAgain() throws IOException {
        open();
        consume(TestBatches.of("a"));
        disk.fillUp(FaultDisk.segments());
        assertThat(consume(TestBatches.of("b"))).isInstanceOf(Outcome.Throttled.class);
        assertThat(node.poisoned()).isFalse();

        disk.fillUp(name -> false);

        assertThat(consume(TestBatches.of("b"))).isEqualTo(accepted(1, 0));
        assertThat(consume(TestBatches.of("a", "b"))).isEqualTo(accepted(0, 2));
    }

    @Test
    void aFullLogIsThrottledWithADelay() throws IOException {
        maxBytes = 2 * SEGMENT_BYTES;
        open();
        Outcome outcome = accepted(1, 0);
        for (int i = 0; outcome instanceof Outcome.Accepted; i++) {
            outcome = consume(TestBatches.ofBytes("row " + i, 60_000));
        }

        assertThat(outcome).isInstanceOfSatisfying(Outcome.Throttled.class, throttled -> {
            assertThat(throttled.retryAfter()).isPositive();
            assertThat(throttled.overQuota()).isFalse();
        });
    }

    @Test
    void aFullQueueIsThrottledAndNeverGrowsBeyondItsBound() throws IOException {
        maxQueueBytes = 100_000;
        open();
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            calls.add(new Call(TestBatches.ofBytes("row " + i, 30_000)));
        }

        assertThat(calls.stream().filter(call -> call.refused == null)).hasSize(3);
        assertThat(calls.getLast().outcome()).isInstanceOf(Outcome.Throttled.class);
        node.writeLoop().step();
        assertThat(new Call(TestBatches.of("now")).refused).isNull();
    }

    @Test
    void aBatchThatFitsNoSegmentIsRejected() throws IOException {
        maxQueueBytes = 10 << 20;
        open();

        assertThat(consume(TestBatches.ofBytes("huge", (int) SEGMENT_BYTES)))
                .isInstanceOfSatisfying(
                        Outcome.Rejected.class,
                        rejected -> assertThat(rejected.refusal()).isEqualTo(Outcome.Refusal.TOO_LARGE));
        assertThat(consume(TestBatches.of("next"))).isEqualTo(accepted(1, 0));
    }

    @Test
    void aBatchThatTheWriterNeverTakesIsThrottledAfterAWhile() throws Exception {
        open();
        CompletableFuture<Outcome> waiting =
                CompletableFuture.supplyAsync(() -> node.consume(TestBatches.of("a")), threads);
        await().pollInterval(Duration.ofMillis(20)).until(() -> {
            clocks.passSeconds(11);
            return waiting.isDone();
        });

        assertThat(waiting.get()).isInstanceOf(Outcome.Throttled.class);
        node.writeLoop().step();
        assertThat(frames("all")).as("its buffers are not touched any more").isEmpty();
    }

    @Test
    void anIdleLogIsSealedOnce() throws IOException {
        open();
        consume(TestBatches.of("a"));
        assertThat(node.log().sealed()).isFalse();
        clocks.passSeconds(2);

        assertThat(node.writeLoop().step()).isTrue();
        assertThat(node.log().sealed()).isTrue();
        assertThat(node.writeLoop().step()).isFalse();
    }

    // --- starts and ends

    @Test
    void whatWaitsAtTheEndIsStillWritten() throws IOException {
        open();
        Call call = new Call(TestBatches.of("a"));
        node.stopAdmission();
        assertThat(new Call(TestBatches.of("b")).outcome()).isInstanceOf(Outcome.Unavailable.class);

        node.close();

        assertThat(call.outcome()).isEqualTo(accepted(1, 0));
        open();
        assertThat(frames("all")).hasSize(1);
    }

    @Test
    void idsCountWithinTheEpochAndNameTheIncarnation() throws IOException {
        open();
        consume(TestBatches.of("a"));
        consume(TestBatches.of("b"));
        int first = node.incarnation();
        node.close();
        open();
        consume(TestBatches.of("c"));

        assertThat(frames("all")).extracting(frame -> frame.id().toString())
                .containsExactly(
                        String.format("n1-%08x-1-1", first),
                        String.format("n1-%08x-1-2", first),
                        String.format("n1-%08x-2-1", node.incarnation()));
        assertThat(node.epoch()).isEqualTo(2);
    }

    @Test
    void theFingerprintKeyStaysAndADamagedOneIsReplacedWithAnAlarm() throws IOException {
        var key = open().fingerprintKey();
        node.close();
        assertThat(open().fingerprintKey()).isEqualTo(key);
        node.close();
        Files.write(dir.resolve("wal/dedup.key"), "not a key".getBytes(UTF_8));

        assertThat(open().fingerprintKey()).isNotEqualTo(key);
        assertThat(telemetry.alarms().standing()).containsKey("dedup-key-damaged");
    }

    @Test
    void aDirectoryInUseIsRefused() throws IOException {
        open();
        IngestNode first = node;

        assertThatThrownBy(this::open).hasMessageContaining("is in use by another process").hasMessageContaining(dir.toString());
        node = first;
        assertThat(consume(TestBatches.of("a"))).isEqualTo(accepted(1, 0));
    }
}
