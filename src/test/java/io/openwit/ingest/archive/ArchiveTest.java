package io.openwit.ingest.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.columnar.Schemas;
import io.openwit.ingest.handoff.FollowedLog;
import io.openwit.ingest.handoff.TestBatches;
import io.openwit.ingest.handoff.TestClocks;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.ingest.wal.Follower;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId BETA = new TenantId("beta");

    @TempDir
    Path data;

    private final TestClocks clocks =
            new TestClocks(Instant.parse("2026-11-24T23:59:00Z").getEpochSecond() * 1_000_000_000L);
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private Path dir;
    private FollowedLog log;
    private Archive archive;

    @BeforeEach
    void open() throws Exception {
        dir = data.resolve("archive");
        log = new FollowedLog(data, clocks);
        archive = archive(config(), new FileDisk());
    }

    @AfterEach
    void close() throws Exception {
        archive.close();
        log.close();
    }

    @Test
    void everyBatchStandsInTheStreamOfItsDayTenantAndSignal() throws Exception {
        BatchId first = log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.of(Signal.METRICS, ACME, "m"));
        BatchId third = log.append(TestBatches.logs(BETA, "c"));
        log.append(TestBatches.logs(ACME, "d"));

        drain();

        Path day = dir.resolve("day=2026-11-24");
        assertThat(streams())
                .containsExactly(
                        day.resolve("tenant=acme/signal=logs/" + first + ".arrows"),
                        day.resolve("tenant=acme/signal=metrics/" + log.ids().get(1) + ".arrows"),
                        day.resolve("tenant=beta/signal=logs/" + third + ".arrows"));
        assertThat(read(streams().get(0))).containsExactly("a", "b", "d");
        assertThat(read(streams().get(1))).containsExactly("m");
        assertThat(read(streams().get(2))).containsExactly("c");
        assertThat(archive.archivedBytes()).isGreaterThanOrEqualTo(log.endBytes());
    }

    @Test
    void duplicatesAreLeftOut() throws Exception {
        log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.logs(ACME, "a", "b"));
        log.append(TestBatches.logs(ACME, "x", "a", "y"));

        drain();

        assertThat(read(streams().getFirst())).containsExactly("a", "b", "x", "y");
        assertThat(archive.archivedBytes()).isGreaterThanOrEqualTo(log.endBytes());
    }

    @Test
    void aDayEndsWithEndMarksAndTheNextBegins() throws Exception {
        log.append(TestBatches.logs(ACME, "before midnight"));
        drain();
        clocks.advanceMillis(120_000);
        log.append(TestBatches.logs(ACME, "after midnight"));
        drain();

        assertThat(streams()).hasSize(2);
        assertThat(read(streams().get(0))).containsExactly("before midnight");
        assertThat(Files.readAllBytes(streams().get(0))).endsWith(ArchiveDay.END_MARK);
        assertThat(streams().get(1).toString()).contains("day=2026-11-25");
        assertThat(read(streams().get(1))).containsExactly("after midnight");
    }

    @Test
    void aStreamThatIsLongEnoughIsFollowedByAnother() throws Exception {
        archive.close();
        long justAboveTheSchema = Schemas.schemaMessage(Signal.LOGS).length + 1;
        archive = archive(config().withFiles(justAboveTheSchema, 8, 8), new FileDisk());
        log.append(TestBatches.logs(ACME, "a"));
        log.append(TestBatches.logs(ACME, "b"));

        drain();

        assertThat(streams()).hasSize(2);
        assertThat(allTexts()).containsExactlyInAnyOrder("a", "b");
        assertThat(Files.readAllBytes(streams().getFirst())).endsWith(ArchiveDay.END_MARK);
    }

    @Test
    void moreStreamsThanFileHandlesAreWrittenByTurns() throws Exception {
        archive.close();
        archive = archive(config().withFiles(1 << 20, 2, 4), new FileDisk());
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            log.append(TestBatches.logs(new TenantId("t" + i % 6), "row " + i));
            sent.add("row " + i);
        }

        drain();

        assertThat(allTexts()).containsExactlyInAnyOrderElementsOf(sent);
    }

    @Test
    void whatACrashLeftBehindTheSurePartIsCutAndComesAgain() throws Exception {
        log.append(TestBatches.logs(ACME, "sure"));
        drain();
        Path stream = streams().getFirst();
        log.append(TestBatches.logs(ACME, "written and not forced"));
        log.append(TestBatches.logs(BETA, "in a new file"));
        archive.step(); // writes, and the second until the next force has not passed
        Files.write(stream, "torn".getBytes(UTF_8), APPEND);
        Files.write(dir.resolve("day=2026-11-24/batches.catalogue"), "torn".getBytes(UTF_8), APPEND);
        assertThat(streams()).hasSize(2);

        archive = archive(config(), new FileDisk()); // the one before is as good as killed
        archive.step();
        assertThat(read(stream)).containsExactly("sure", "written and not forced");
        drain();

        assertThat(streams()).hasSize(2);
        assertThat(allTexts()).containsExactlyInAnyOrder("sure", "written and not forced", "in a new file");
        assertThat(archived()).hasSize(3).doesNotHaveDuplicates();
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void aLostPositionOfTheFollowerWritesNothingTwice() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        drain();
        archive.close();
        log.forgetPosition("archive");
        log.append(TestBatches.logs(ACME, "b"));

        archive = archive(config(), new FileDisk());
        drain();

        assertThat(allTexts()).containsExactly("a", "b");
    }

    @Test
    void aForceThatFailsCostsNothing() throws Exception {
        archive.close();
        FailingDisk disk = new FailingDisk();
        archive = archive(config(), disk);
        log.append(TestBatches.logs(ACME, "a"));
        drain();
        disk.failNextForce = true;
        log.append(TestBatches.logs(ACME, "b"));
        long before = archive.archivedBytes();

        archive.step();
        clocks.advanceMillis(1_000);
        archive.step();
        assertThat(telemetry.alarms().standing().getOrDefault("archive-failing", "")).contains("no luck");
        assertThat(archive.archivedBytes()).isEqualTo(before);

        clocks.advanceMillis(10_000);
        drain();
        assertThat(allTexts()).containsExactly("a", "b");
        assertThat(archived()).hasSize(2).doesNotHaveDuplicates();
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void aDamagedCatalogueIsSetAsideAndNoFileIsTouched() throws Exception {
        log.append(TestBatches.logs(ACME, "a"));
        drain();
        archive.close();
        Path catalogue = dir.resolve("day=2026-11-24/batches.catalogue");
        byte[] bytes = Files.readAllBytes(catalogue);
        bytes[20] ^= 1;
        Files.write(catalogue, bytes);
        log.append(TestBatches.logs(ACME, "b"));

        archive = archive(config(), new FileDisk());
        drain();

        assertThat(telemetry.alarms().standing().getOrDefault("archive-damaged", "")).contains(catalogue.toString());
        assertThat(catalogue.resolveSibling("batches.catalogue.damaged-1")).hasBinaryContent(bytes);
        assertThat(allTexts()).containsExactlyInAnyOrder("a", "b");
    }

    @Test
    void oldDaysAreDroppedAndThePresentOneNever() throws Exception {
        archive.close();
        archive = archive(config().withRetention(2, 1 << 30), new FileDisk());
        for (int day = 0; day < 4; day++) {
            log.append(TestBatches.logs(ACME, "day " + day));
            drain();
            clocks.advanceMillis(86_400_000);
        }
        assertThat(allTexts()).containsExactly("day 2", "day 3");

        archive.close();
        archive = archive(config().withRetention(7, 1), new FileDisk());
        log.append(TestBatches.logs(ACME, "day 4"));
        drain();
        assertThat(allTexts()).containsExactly("day 4");
    }

    private ArchiveConfig config() {
        return ArchiveConfig.at(dir, 1 << 30);
    }

    private Archive archive(ArchiveConfig config, Disk disk) throws IOException {
        Follower follower = log.follower("archive", true);
        return new Archive(config, follower, disk, clocks, new Random(1), telemetry);
    }

    /// Takes what the log has, and lets the second pass after which it is forced.
    private void drain() {
        for (int steps = 0; archive.step(); steps++) {
            assertThat(steps).as("steps until there is nothing left").isLessThan(100);
        }
        clocks.advanceMillis(1_000);
        archive.step();
    }

    private List<Path> streams() throws IOException {
        try (Stream<Path> files = Files.walk(dir)) {
            return files.filter(path -> path.toString().endsWith(".arrows")).sorted().toList();
        }
    }

    private List<String> allTexts() throws IOException {
        List<String> texts = new ArrayList<>();
        for (Path stream : streams()) {
            texts.addAll(read(stream));
        }
        return texts;
    }

    /// As a stranger would, with Arrow's own reader.
    private static List<String> read(Path stream) throws IOException {
        List<String> texts = new ArrayList<>();
        try (RootAllocator allocator = new RootAllocator();
                InputStream in = Files.newInputStream(stream);
                ArrowStreamReader reader = new ArrowStreamReader(in, allocator)) {
            while (reader.loadNextBatch()) {
                texts.addAll(TestBatches.texts(reader.getVectorSchemaRoot(), reader));
            }
        }
        return texts;
    }

    private List<BatchId> archived() throws IOException {
        List<BatchId> ids = new ArrayList<>();
        try (DiskFile catalogue = new FileDisk().openForReading(dir.resolve("day=2026-11-24/batches.catalogue"))) {
            CatalogueReader.read(catalogue, Long.MAX_VALUE, entry -> {
                if (entry instanceof CatalogueEntry.Archived batch) {
                    ids.add(batch.id());
                }
            });
        }
        return ids;
    }

    /// The real disk, but for a force that fails when it is told to.
    private static final class FailingDisk implements Disk {
        private final Disk disk = new FileDisk();
        private boolean failNextForce;

        private DiskFile failing(DiskFile file) {
            return new DiskFile() {
                @Override
                public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
                    file.write(buffers, count, offset);
                }

                @Override
                public int read(ByteBuffer buffer, long offset) throws IOException {
                    return file.read(buffer, offset);
                }

                @Override
                public long size() throws IOException {
                    return file.size();
                }

                @Override
                public void truncate(long size) throws IOException {
                    file.truncate(size);
                }

                @Override
                public void force() throws IOException {
                    if (failNextForce) {
                        failNextForce = false;
                        throw new IOException("no luck");
                    }
                    file.force();
                }

                @Override
                public void close() throws IOException {
                    file.close();
                }
            };
        }

        @Override
        public DiskFile create(Path path) throws IOException {
            return failing(disk.create(path));
        }

        @Override
        public DiskFile open(Path path) throws IOException {
            return failing(disk.open(path));
        }

        @Override
        public DiskFile openForReading(Path path) throws IOException {
            return disk.openForReading(path);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(Path path) throws IOException {
            disk.delete(path);
        }

        @Override
        public boolean exists(Path path) {
            return disk.exists(path);
        }

        @Override
        public void createDirectories(Path directory) throws IOException {
            disk.createDirectories(directory);
        }

        @Override
        public List<String> list(Path directory) throws IOException {
            return disk.list(directory);
        }

        @Override
        public void syncDirectory(Path directory) throws IOException {
            disk.syncDirectory(directory);
        }

        @Override
        public long usableBytes(Path path) {
            return disk.usableBytes(path);
        }

        @Override
        public Optional<Closeable> lock(Path path) throws IOException {
            return disk.lock(path);
        }
    }
}
