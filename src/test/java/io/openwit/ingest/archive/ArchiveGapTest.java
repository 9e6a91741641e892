package io.openwit.ingest.archive;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.openwit.ingest.archive.ArchiveConfig.OnLag;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.archive.CatalogueEntry.LeftOut;
import io.openwit.ingest.handoff.TestBatches;
import io.openwit.ingest.handoff.TestClocks;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.FaultDisk;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.Log;
import io.openwit.ingest.wal.LogConfig;
import io.openwit.ingest.wal.WalFullException;
import io.openwit.model.Batch;
import io.openwit.model.NodeId;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An archive that cannot follow: with `gap` the log goes on and what is left out is known, with `backpressure` nothing is.
class ArchiveGapTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final long MAX_LAG = 1 << 20;
    private static final long MAX_LOG = 4 << 20;
    private static final int BATCHES = 300;
    private static final int STEPS = 50;

    @TempDir
    Path data;

    private final TestClocks clocks =
            new TestClocks(Instant.parse("2026-11-24T10:00:00Z").getEpochSecond() * 1_000_000_000L);
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private final FaultDisk disk = new FaultDisk();
    private final Random random = new Random(3);

    /// Positions of the batches in the log.
    private final List<Long> appended = new ArrayList<>();

    private Path dir;
    private Log log;
    private Follower observer;
    private Follower follower;
    private Archive archive;

    @BeforeEach
    void open() throws Exception {
        dir = data.resolve("archive");
        start(OnLag.GAP);
    }

    @AfterEach
    void close() throws Exception {
        archive.close();
        log.close();
    }

    @Test
    void aDiskThatFailsLeavesAGapAndTheLogGoesOn() throws Exception {
        append(2);
        run();
        disk.failWrites(name -> name.endsWith(".arrows"));

        append(BATCHES); // five times what the log can hold

        List<ArchiveGap> gaps = ArchiveGap.list(disk, dir);
        assertThat(gaps).isNotEmpty();
        assertThat(gaps.getFirst().file().getParent()).isEqualTo(dir.resolve("gaps"));
        assertThat(gaps).allSatisfy(gap -> assertThat(gap.bytes()).isGreaterThan(MAX_LAG / 2));
        assertThat(Files.readString(gaps.getLast().file()))
                .contains("\"first\":" + gaps.getLast().first() + ",\"end\":" + gaps.getLast().end())
                .contains("\"left_at\":\"2026-11-24T");
        long left = gaps.stream().mapToLong(ArchiveGap::bytes).sum();
        assertThat(telemetry.metrics().archiveGapBytes.get()).isEqualTo(left);
        assertThat(telemetry.alarms().standing().get("archive-gap")).contains(gaps.getLast().file().toString());
        assertThat(telemetry.alarms().standing()).containsKey("archive-failing");

        disk.failWrites(name -> false);
        append(2);
        run();

        assertThat(telemetry.alarms().standing()).doesNotContainKey("archive-failing").containsKey("archive-gap");
        assertEveryBatchIsArchivedOrInAGap();
        assertThat(archivedPositions()).contains(appended.getFirst(), appended.getLast());
        assertThat(entries().stream().filter(LeftOut.class::isInstance).map(LeftOut.class::cast).map(LeftOut::first))
                .containsExactlyElementsOf(gaps.stream().map(ArchiveGap::first).toList());
    }

    @Test
    void withBackpressureTheLogFillsUpAndNothingIsLeftOut() throws Exception {
        archive.close();
        log.close();
        start(OnLag.BACKPRESSURE);
        disk.failWrites(name -> name.endsWith(".arrows"));

        boolean full = false;
        for (int i = 0; i < BATCHES && !full; i++) {
            try {
                append(1);
            } catch (WalFullException _) {
                full = true;
            }
        }

        assertThat(full).isTrue();
        assertThat(ArchiveGap.list(disk, dir)).isEmpty();
        disk.failWrites(name -> false);
        run();
        assertThat(archivedPositions()).containsExactlyElementsOf(appended);
    }

    @Test
    void withoutItsFileThereIsNoGapAndThePositionStays() throws Exception {
        append(1);
        run();
        disk.failWrites(name -> name.endsWith(".arrows") || name.contains(".json"));
        long before = follower.durable().bytes();

        appendUntilBehind();
        run();

        assertThat(follower.lagBytes()).isGreaterThan(MAX_LAG);
        assertThat(follower.durable().bytes()).isEqualTo(before);
        assertThat(ArchiveGap.list(disk, dir)).isEmpty();
        assertThat(telemetry.metrics().archiveGapBytes.get()).isZero();
        disk.failWrites(name -> false);
        clocks.advanceMillis(10_000);
        archive.step();
        run();
        assertEveryBatchIsArchivedOrInAGap();
    }

    @Test
    void whereTheArchiveTakesNothingTheGapIsNotedBesideIt() throws Exception {
        Path dead = dir.resolve("gaps");
        Files.createDirectories(dir);
        Files.writeString(dead, "a file, and no folder");
        disk.failWrites(name -> name.endsWith(".arrows"));

        appendUntilBehind();
        run();

        assertThat(follower.lagBytes()).isLessThanOrEqualTo(MAX_LAG);
        Files.delete(dead);
        assertThat(ArchiveGap.list(disk, dir)).extracting(gap -> gap.file().getParent())
                .containsOnly(data.resolve("archive-gaps"));
    }

    @Test
    void aCrashBetweenTheFileAndThePositionLeavesOutNothing() throws Exception {
        append(1);
        run();
        disk.failWrites(name -> name.endsWith(".arrows") || name.contains("archive.position"));
        long before = follower.durable().bytes();

        appendUntilBehind();
        run();
        assertThat(ArchiveGap.list(disk, dir)).as("its file is forced first").isNotEmpty();
        assertThat(follower.durable().bytes()).as("and the position is not").isEqualTo(before);

        disk.crash();
        disk.failWrites(name -> false);
        start(OnLag.BACKPRESSURE);
        run();

        assertThat(ArchiveGap.list(disk, dir)).isEmpty();
        assertThat(archivedPositions()).containsExactlyElementsOf(appended);
        assertThat(telemetry.alarms().standing()).doesNotContainKey("archive-gap");
    }

    @Test
    void aGapStandsInTheCatalogueAlsoIfTheNodeStopsBeforeTheNextBatch() throws Exception {
        disk.failWrites(name -> name.endsWith(".arrows"));
        appendUntilBehind();
        run();
        List<ArchiveGap> gaps = ArchiveGap.list(disk, dir);
        assertThat(gaps).hasSize(1);

        disk.crash();
        disk.failWrites(name -> false);
        start(OnLag.GAP);
        append(1);
        run();

        assertThat(entries().stream().filter(LeftOut.class::isInstance)).containsExactly(new LeftOut(gaps.getFirst()));
        assertThat(telemetry.alarms().standing()).containsKey("archive-gap");
        assertEveryBatchIsArchivedOrInAGap();
    }

    private void start(OnLag onLag) throws IOException {
        LogConfig config = new LogConfig(
                data.resolve("wal"), new NodeId("n1"), 256 << 10, MAX_LOG, 0, true, Duration.ofHours(1));
        log = Log.open(config, disk, clocks, random, telemetry, () -> 0);
        observer = log.follower("observer", false);
        follower = log.follower("archive", true);
        archive = new Archive(
                ArchiveConfig.at(dir, 1 << 30).withLag(MAX_LAG, onLag), follower, disk, clocks, random, telemetry);
    }

    /// The log's keeper and the archive go on beside it.
    private void append(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            appendOne();
            step();
        }
    }

    private void appendUntilBehind() throws IOException {
        for (int i = 0; i < BATCHES && follower.lagBytes() <= MAX_LAG; i++) {
            appendOne();
        }
    }

    private void appendOne() throws IOException {
        byte[] text = new byte[24 << 10];
        random.nextBytes(text);
        Batch batch = TestBatches.logs(ACME, HexFormat.of().formatHex(text));
        log.append(log.stamp(), List.of(new Log.Entry(batch.header(), new long[0], 0, batch.rows())));
        log.force();
        Frame frame = requireNonNull(observer.next());
        appended.add(frame.position().bytes());
        observer.advance(frame.end());
        observer.commit();
    }

    private void step() {
        clocks.advanceMillis(200);
        archive.step();
        for (int steps = 0; log.keeper().step(); steps++) {
            assertThat(steps).as("steps of the keeper").isLessThan(100);
        }
    }

    private void run() {
        for (int i = 0; i < STEPS; i++) {
            step();
        }
    }

    /// A batch is archived, or begins in a gap, and never both.
    private void assertEveryBatchIsArchivedOrInAGap() throws IOException {
        List<Long> archived = archivedPositions();
        assertThat(archived).doesNotHaveDuplicates().isSorted().isSubsetOf(appended);
        List<ArchiveGap> gaps = ArchiveGap.list(disk, dir);
        assertThat(appended).allSatisfy(position -> assertThat(gaps.stream()
                        .anyMatch(gap -> position >= gap.first() && position < gap.end()))
                .as("batch at " + position + " lies in a gap")
                .isEqualTo(!archived.contains(position)));
    }

    /// Positions of the batches that the catalogue names.
    private List<Long> archivedPositions() throws IOException {
        List<Long> positions = new ArrayList<>();
        for (CatalogueEntry entry : entries()) {
            if (entry instanceof Archived batch) {
                positions.add(batch.position());
            }
        }
        return positions;
    }

    private List<CatalogueEntry> entries() throws IOException {
        List<CatalogueEntry> entries = new ArrayList<>();
        Path path = dir.resolve("day=2026-11-24").resolve(CatalogueFormat.NAME);
        try (DiskFile catalogue = new FileDisk().openForReading(path)) {
            CatalogueReader.read(catalogue, Long.MAX_VALUE, entry -> entries.add(requireNonNull(entry)));
        }
        return entries;
    }
}
