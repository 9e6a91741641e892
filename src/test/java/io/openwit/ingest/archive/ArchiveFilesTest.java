package io.openwit.ingest.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.OpenTelemetry;
import io.openwit.ingest.handoff.FakeStorage;
import io.openwit.ingest.handoff.FlightEndpoint;
import io.openwit.ingest.handoff.FollowedLog;
import io.openwit.ingest.handoff.HandoffConfig;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.ingest.handoff.Redelivery;
import io.openwit.ingest.handoff.TestBatches;
import io.openwit.ingest.handoff.TestClocks;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.model.BatchId;
import io.openwit.model.Clocks;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.arrow.flight.CallStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `archive ls`, `archive verify` and `archive restore` find in the files of a node.
class ArchiveFilesTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId BETA = new TenantId("beta");
    private static final long FIRST_DAY = Instant.parse("2026-11-24T23:59:00Z").getEpochSecond() * 1_000_000_000L;
    private static final int FLIPS = 400;

    @TempDir
    Path data;

    private final TestClocks clocks = new TestClocks(FIRST_DAY);
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private final List<ArchiveDamage> damages = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private int resumed;
    private FollowedLog log;
    private Archive archive;

    @BeforeEach
    void open() throws Exception {
        log = new FollowedLog(data, clocks);
        archive = new Archive(
                ArchiveConfig.at(data.resolve("archive"), 1 << 30), log.follower("archive", true), new FileDisk(), clocks,
                new Random(1), telemetry);
    }

    @AfterEach
    void close() throws Exception {
        archive.close();
        log.close();
    }

    @Test
    void filesAreListedWithWhatTheyHold() throws Exception {
        BatchId first = log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.logs(ACME, "b", "c"));
        log.append(TestBatches.of(Signal.METRICS, BETA, "m"));
        drain();
        clocks.advanceMillis(120_000);
        log.append(TestBatches.logs(ACME, "after midnight"));
        drain();

        List<ArchivedFile> all = list(ArchiveSelection.ALL);

        assertThat(all).hasSize(3);
        ArchivedFile logs = all.getFirst();
        assertThat(logs.path().getFileName()).hasToString(first + ".arrows");
        assertThat(logs.rows()).isEqualTo(3);
        assertThat(logs.length()).isEqualTo(Files.size(logs.path()));
        assertThat(logs.ended()).isTrue();
        assertThat(logs.batches()).extracting(CatalogueEntry.Archived::id).containsExactlyElementsOf(log.ids().subList(0, 2));
        assertThat(logs.batches().getFirst().arrivalNanos()).isGreaterThanOrEqualTo(FIRST_DAY);
        assertThat(list(part("2026-11-25", ACME, Signal.LOGS))).extracting(ArchivedFile::rows).containsExactly(1L);
        assertThat(list(part("2026-11-24", BETA, Signal.METRICS))).hasSize(1);
        assertThat(list(part("2026-11-24", BETA, Signal.LOGS))).isEmpty();
        assertThat(damages).isEmpty();
    }

    @Test
    void whatIsWrittenAndNotYetForcedIsNobodysAndNoDamage() throws Exception {
        log.append(TestBatches.logs(ACME, "sure"));
        drain();
        log.append(TestBatches.logs(ACME, "on its way"));
        log.append(TestBatches.logs(BETA, "in a file of its own"));
        archive.step();

        List<ArchivedFile> verified = verify();

        assertThat(verified).extracting(ArchivedFile::rows).containsExactly(1L);
        assertThat(Files.size(verified.getFirst().path())).isGreaterThan(verified.getFirst().length());
        assertThat(damages).isEmpty();
    }

    @Test
    void anyFlippedByteIsFoundWithItsFileAndRows() throws Exception {
        log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.logs(ACME, "c"));
        drain();
        clocks.advanceMillis(120_000);
        log.append(TestBatches.logs(ACME, "after midnight"));
        drain();
        Path stream = streams().getFirst();
        byte[] whole = Files.readAllBytes(stream);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long first = list(ArchiveSelection.ALL).getFirst().batches().getFirst().offset();

        for (int i = 0; i < FLIPS; i++) {
            int at = random.nextInt(whole.length);
            byte[] flipped = whole.clone();
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(stream, flipped);
            verify();

            assertThat(damages).as("byte %d of %d flipped, seed %d", at, whole.length, seed).hasSize(1);
            assertThat(damages.getFirst().file()).isEqualTo(stream);
            boolean inABatch = at >= first && at < whole.length - ArchiveDay.END_MARK.length;
            assertThat(damages.getFirst().rows() > 0).as("rows lost, byte %d, seed %d", at, seed).isEqualTo(inABatch);
        }
    }

    @Test
    void aFileThatIsCutNamesTheRowsThatAreLost() throws Exception {
        log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.logs(ACME, "c"));
        drain();
        Path stream = streams().getFirst();
        byte[] whole = Files.readAllBytes(stream);
        Files.write(stream, Arrays.copyOf(whole, whole.length - 1));
        verify();
        assertThat(damages).extracting(ArchiveDamage::rows).containsExactly(1L);
        assertThat(damages.getFirst().offset()).isEqualTo(whole.length - 1);

        Files.delete(stream);
        verify();

        assertThat(damages).extracting(ArchiveDamage::rows).containsExactly(3L);
        assertThat(damages.getFirst().what()).contains("missing");
    }

    @Test
    void aStreamThatNoCatalogueKnowsIsNamed() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        drain();
        clocks.advanceMillis(120_000);
        log.append(TestBatches.logs(ACME, "b"));
        drain();
        Path stranger = streams().getFirst().resolveSibling("stranger.arrows");
        Files.copy(streams().getFirst(), stranger);

        verify();

        assertThat(damages).extracting(ArchiveDamage::file).containsExactly(stranger);
    }

    @Test
    @Timeout(60)
    void aRestoreSendsEveryBatchUnderItsOwnIdAndFencesNobody() throws Exception {
        log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.of(Signal.METRICS, BETA, "m"));
        log.append(TestBatches.logs(ACME, "b", "c"));
        drain();

        try (FakeStorage storage = new FakeStorage(0)) {
            ArchiveRestore.Counts counts = restore(storage, ArchiveSelection.ALL, PER_BATCH);

            assertThat(counts.complete()).isTrue();
            assertThat(counts.answered()).isEqualTo(3);
            assertThat(counts.rows()).isEqualTo(4);
            assertThat(storage.received().stream().flatMap(batch -> batch.texts().stream()))
                    .containsExactlyInAnyOrder("a", "b", "c", "m");
            assertThat(storage.timesReceived().keySet())
                    .containsExactlyInAnyOrderElementsOf(log.ids().stream().map(BatchId::toString).toList());
            assertThat(storage.received()).allSatisfy(batch -> assertThat(batch.metadata())
                    .contains("\"rows\":", "\"tenant\":", "\"signal\":\"" + batch.path() + "\"")
                    .doesNotContain("sender_epoch")
                    .doesNotContain("settled"));
        }
        assertThat(state()).doesNotExist();
    }

    @Test
    @Timeout(60)
    void aRestoreIsOfTheChosenDayTenantSignalAndTimeOfArrival() throws Exception {
        log.append(TestBatches.logs(ACME, "early"));
        log.append(TestBatches.logs(BETA, "other tenant"));
        log.append(TestBatches.of(Signal.TRACES, ACME, "other signal"));
        clocks.advanceMillis(10_000);
        log.append(TestBatches.logs(ACME, "late"));
        drain();
        ArchiveSelection part = part("2026-11-24", ACME, Signal.LOGS);
        ArchiveSelection late = new ArchiveSelection(
                part.day(), part.tenant(), part.signal(), FIRST_DAY + 10_000_000_000L, Long.MAX_VALUE);

        try (FakeStorage storage = new FakeStorage(0)) {
            restore(storage, part, PER_BATCH);
            assertThat(storage.received().stream().flatMap(batch -> batch.texts().stream()))
                    .containsExactly("early", "late");
        }
        try (FakeStorage storage = new FakeStorage(0)) {
            restore(storage, late, PER_BATCH);
            assertThat(storage.received().stream().flatMap(batch -> batch.texts().stream())).containsExactly("late");
        }
    }

    @Test
    @Timeout(60)
    void aRestoreThatWasBrokenOffGoesOnWhereItWas() throws Exception {
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            log.append(TestBatches.logs(ACME, "row " + i));
            sent.add("row " + i);
        }
        drain();

        try (FakeStorage storage = new FakeStorage(0)) {
            storage.react((id, answers) -> {
                if (answers.before() == 7) {
                    throw CallStatus.UNAVAILABLE.withDescription("gone for lunch").toRuntimeException();
                }
                answers.answer(id);
            });
            assertThatThrownBy(() -> restore(storage, ArchiveSelection.ALL, PER_BATCH))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("gone for lunch");
            long answeredBefore = Files.readAllLines(state()).size() - 1;
            assertThat(answeredBefore).isPositive().isLessThan(20);

            storage.react((id, answers) -> answers.answer(id));
            ArchiveRestore.Counts counts = restore(storage, ArchiveSelection.ALL, PER_BATCH);

            assertThat(resumed).isEqualTo((int) answeredBefore);
            assertThat(counts.complete()).isTrue();
            assertThat(counts.answeredBefore()).isEqualTo(answeredBefore);
            assertThat(counts.answered()).isEqualTo(20 - answeredBefore);
            assertThat(storage.received().stream().flatMap(batch -> batch.texts().stream()).distinct())
                    .containsExactlyInAnyOrderElementsOf(sent);
        }
        assertThat(state()).doesNotExist();
    }

    @Test
    @Timeout(60)
    void aBatchThatIsRefusedIsNamedAndTheOthersGoOn() throws Exception {
        BatchId bad = null;
        for (int i = 0; i < 6; i++) {
            BatchId id = log.append(TestBatches.logs(ACME, "row " + i));
            bad = i == 3 ? id : bad;
        }
        drain();
        String badText = String.valueOf(bad);

        try (FakeStorage storage = new FakeStorage(0)) {
            storage.react((id, answers) -> {
                if (id.equals(badText)) {
                    throw CallStatus.INVALID_ARGUMENT.withDescription("not for me").toRuntimeException();
                }
                answers.answer(id);
            });
            ArchiveRestore.Counts counts = restore(storage, ArchiveSelection.ALL, PER_BATCH);

            assertThat(counts.answered()).isEqualTo(5);
            assertThat(counts.refused()).isEqualTo(1);
            assertThat(counts.complete()).isFalse();
        }
        assertThat(refusals).hasSize(1);
        assertThat(refusals.getFirst()).contains(badText).contains("not for me");
    }

    @Test
    @Timeout(60)
    void anEndpointThatIsSilentEndsTheRestoreByItsDeadline() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        drain();

        try (FakeStorage storage = new FakeStorage(0)) {
            CountDownLatch hold = new CountDownLatch(1);
            storage.react((id, answers) -> hold.await());
            assertThatThrownBy(() -> restore(storage, ArchiveSelection.ALL, PER_BATCH))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has been silent for")
                    .hasMessageContaining("1 batches unanswered");
            hold.countDown();
        }
    }

    @Test
    @Timeout(60)
    void anEndpointWithoutAnswersIsBelievedByTheEndOfTheStream() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        log.append(TestBatches.logs(ACME, "b"));
        log.append(TestBatches.logs(ACME, "c"));
        drain();

        try (FakeStorage storage = new FakeStorage(0)) {
            storage.react((id, answers) -> {});
            assertThat(restore(storage, ArchiveSelection.ALL, Acknowledge.PER_STREAM).answered()).isEqualTo(3);
            assertThat(storage.streams()).isEqualTo(2);
        }
    }

    @Test
    @Timeout(60)
    void aDamagedBatchIsNotSentAndTheOthersAre() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        log.append(TestBatches.logs(ACME, "b"));
        drain();
        Path stream = streams().getFirst();
        byte[] bytes = Files.readAllBytes(stream);
        bytes[bytes.length - 20] ^= 4;
        Files.write(stream, bytes);

        try (FakeStorage storage = new FakeStorage(0)) {
            ArchiveRestore.Counts counts = restore(storage, ArchiveSelection.ALL, PER_BATCH);

            assertThat(storage.received().stream().flatMap(batch -> batch.texts().stream())).containsExactly("a");
            assertThat(counts.damaged()).isEqualTo(1);
            assertThat(counts.complete()).isFalse();
        }
        assertThat(damages).extracting(ArchiveDamage::rows).containsExactly(1L);
    }

    private static final Acknowledge PER_BATCH = Acknowledge.PER_BATCH;

    private void drain() {
        for (int steps = 0; archive.step(); steps++) {
            assertThat(steps).as("steps until there is nothing left").isLessThan(100);
        }
        clocks.advanceMillis(1_000);
        archive.step();
    }

    private ArchiveReader reader() {
        return new ArchiveReader(new FileDisk(), data);
    }

    private static ArchiveSelection part(String day, TenantId tenant, Signal signal) {
        return new ArchiveSelection(
                Optional.of(LocalDate.parse(day)), Optional.of(tenant), Optional.of(signal), Long.MIN_VALUE,
                Long.MAX_VALUE);
    }

    private List<ArchivedFile> list(ArchiveSelection selection) throws IOException {
        List<ArchivedFile> files = new ArrayList<>();
        reader().list(selection, files::add, damages::add);
        return files;
    }

    private List<ArchivedFile> verify() throws IOException {
        damages.clear();
        List<ArchivedFile> files = new ArrayList<>();
        new ArchiveVerifier(reader(), ArchiveSelection.ALL, damages::add).verify(files::add);
        return files;
    }

    private Path state() {
        return data.resolve("restore.state");
    }

    private ArchiveRestore.Counts restore(FakeStorage storage, ArchiveSelection selection, Acknowledge acknowledge)
            throws Exception {
        HandoffConfig config = new HandoffConfig(
                new FlightEndpoint("127.0.0.1", storage.port()), Optional.empty(), acknowledge, 2, 1 << 20,
                Duration.ofSeconds(3));
        try (Redelivery endpoint = new Redelivery(config, new RealClocks())) {
            return new ArchiveRestore(reader(), selection, damages::add, counts -> {})
                    .run(endpoint, new FileDisk(), state(), before -> resumed = before, refusals::add);
        }
    }

    private List<Path> streams() throws IOException {
        try (Stream<Path> files = Files.walk(data.resolve("archive"))) {
            return files.filter(path -> path.toString().endsWith(".arrows")).sorted().toList();
        }
    }

    private static final class RealClocks implements Clocks {
        @Override
        public long wallNanos() {
            return System.currentTimeMillis() * 1_000_000L;
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    }
}
