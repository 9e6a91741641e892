package io.openwit.ingest.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.opentelemetry.api.OpenTelemetry;
import io.openwit.columnar.Schemas;
import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.ingest.handoff.FollowedLog;
import io.openwit.ingest.handoff.TestBatches;
import io.openwit.ingest.handoff.TestClocks;
import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.FaultDisk;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Days that are over: few files are made of many, and a catalogue that is lost is made anew.
class ArchiveCompactionTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId BETA = new TenantId("beta");
    private static final LocalDate DAY = LocalDate.parse("2026-11-24");
    private static final long A_FILE_A_BATCH = Schemas.schemaMessage(Signal.LOGS).length + 1;
    private static final Set<String> CHANGES = Set.of(
            "create", "open", "rename", "delete", "syncDirectory", "createDirectories", "write", "force", "truncate");

    @TempDir
    Path data;

    private final TestClocks clocks =
            new TestClocks(Instant.parse("2026-11-24T23:00:00Z").getEpochSecond() * 1_000_000_000L);
    private final Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private final List<ArchiveDamage> damages = new ArrayList<>();
    private Path dir;
    private FollowedLog log;
    private Archive archive;

    @BeforeEach
    void open() throws Exception {
        dir = data.resolve("archive");
        log = new FollowedLog(data, clocks);
        archive = archive(smallFiles());
    }

    @AfterEach
    void close() throws Exception {
        archive.close();
        log.close();
    }

    @Test
    void manySmallFilesOfADayThatIsOverBecomeFew() throws Exception {
        List<String> acme = fill(ACME, 10);
        List<String> beta = fill(BETA, 3);
        List<Archived> before = batches(dir);
        assertThat(streams(dir)).hasSize(13);

        archive.close();
        archive = archive(largeFiles());
        nextDay();

        Path day = dir.resolve("day=" + DAY);
        List<Path> merged = streams(day);
        assertThat(merged).hasSize(2);
        assertThat(merged).allSatisfy(path -> assertThat(path.toString()).contains(".merged-"));
        assertThat(read(merged.get(0))).containsExactlyElementsOf(acme);
        assertThat(read(merged.get(1))).containsExactlyElementsOf(beta);
        assertThat(batches(dir).subList(0, 13)).usingRecursiveFieldByFieldElementComparatorIgnoringFields("file", "offset")
                .containsExactlyElementsOf(before);
        assertWhole(dir);
        assertThat(telemetry.metrics().archiveBytesCompacted.get())
                .isEqualTo(Files.size(merged.get(0)) + Files.size(merged.get(1)));
        assertThat(telemetry.alarms().standing()).isEmpty();
    }

    @Test
    void moreFilesThanOneEntryCanNameAreMergedInRounds() throws Exception {
        List<String> sent = fill(ACME, CatalogueEntry.Merged.MAX_SOURCES * 2 + 5);

        compact(dir, new FileDisk());

        assertThat(streams(dir)).hasSize(1);
        assertThat(read(streams(dir).getFirst())).containsExactlyElementsOf(sent);
        assertWhole(dir);
    }

    @Test
    void filesThatAreLargeEnoughStayAsTheyAre() throws Exception {
        fill(ACME, 4);
        long half = 2 * Files.size(streams(dir).getFirst()) - 2;

        compact(dir, new FileDisk(), largeFiles().withFiles(half, 8, 8));

        assertThat(streams(dir)).hasSize(4);
        assertThat(telemetry.metrics().archiveBytesCompacted.get()).isZero();
    }

    @Test
    void aCrashAtAnyChangeLeavesEveryBatchOnce() throws Exception {
        List<String> sent = fill(ACME, 5);
        sent.addAll(fill(BETA, 2));
        List<BatchId> ids = batches(dir).stream().map(Archived::id).toList();
        endDay();
        int crashes = 0;
        for (int change = 1; ; change++) {
            Path copy = data.resolve("copy-" + change).resolve("archive");
            copy(dir, copy);
            DyingDisk dying = new DyingDisk(change);
            Throwable died = catchThrowable(() -> compact(copy, dying.disk()));

            assertThat(batches(copy)).extracting(Archived::id).as("change %d", change).containsExactlyInAnyOrderElementsOf(ids);
            verify(copy, change);
            compact(copy, new FileDisk());
            assertThat(batches(copy)).extracting(Archived::id).as("change %d", change).containsExactlyInAnyOrderElementsOf(ids);
            assertThat(streams(copy)).as("change %d", change).hasSize(2);
            assertThat(texts(copy)).as("change %d", change).containsExactlyInAnyOrderElementsOf(sent);
            assertWhole(copy);
            if (died == null) {
                break;
            }
            crashes++;
        }
        assertThat(crashes).as("changes that a compaction makes").isGreaterThan(15);
    }

    @Test
    void aCompactionThatFailsHoldsUpNothingAndIsTriedAgain() throws Exception {
        List<String> sent = fill(ACME, 4);
        archive.close();
        FaultDisk disk = new FaultDisk();
        disk.failWrites(name -> name.contains(".merged-"));
        archive = new Archive(largeFiles(), log.follower("archive", true), disk, clocks, new Random(1), telemetry);
        nextDay();
        sent.add("next day");

        assertThat(telemetry.alarms().standing()).containsOnlyKeys("archive-compaction-failing");
        assertThat(texts(dir)).containsExactlyElementsOf(sent);
        assertThat(archive.archivedBytes()).isGreaterThanOrEqualTo(log.endBytes());

        disk.failWrites(name -> false);
        clocks.advanceMillis(60_000);
        drain();
        assertThat(telemetry.alarms().standing()).isEmpty();
        assertThat(streams(dir)).hasSize(2);
        assertThat(texts(dir)).containsExactlyElementsOf(sent);
        assertWhole(dir);
    }

    @Test
    void aDayThatIsDroppedWhileItIsMergedIsLetGo() throws Exception {
        fill(ACME, 4);
        endDay();
        ArchiveCompaction compaction = new ArchiveCompaction(largeFiles(), new FileDisk(), telemetry, what -> {});
        compaction.dayOver(DAY);
        for (int i = 0; i < 4; i++) {
            assertThat(compaction.step()).isTrue(); // looks, begins, copies
        }
        new ArchiveRetention(largeFiles().withRetention(1, 1), new FileDisk()).enforce(DAY.plusDays(1));
        compaction.abandon();

        for (int steps = 0; compaction.step(); steps++) {
            assertThat(steps).isLessThan(10);
        }

        assertThat(dir.resolve("day=" + DAY)).doesNotExist();
    }

    @Test
    void aLostCatalogueIsMadeAnewFromTheFiles() throws Exception {
        List<String> sent = fill(ACME, 4);
        sent.addAll(fill(BETA, 2));
        endDay();
        log.append(TestBatches.logs(ACME, "today"));
        sent.add("today");
        drain();
        archive.close();
        List<Archived> before = batches(dir);
        Files.delete(dir.resolve("day=" + DAY).resolve(CatalogueFormat.NAME));
        Files.delete(dir.resolve("day=2026-11-25").resolve(CatalogueFormat.NAME));
        assertThat(batches(dir)).as("as the files say").hasSameSizeAs(before);
        assertThat(damages).hasSize(2);

        archive = archive(smallFiles());
        log.append(TestBatches.logs(ACME, "after"));
        sent.add("after");
        drain();

        damages.clear();
        assertThat(batches(dir)).usingRecursiveFieldByFieldElementComparatorIgnoringFields("file").containsAll(before).hasSize(
                before.size() + 1);
        assertThat(texts(dir)).containsExactlyInAnyOrderElementsOf(sent);
        assertWhole(dir);
        assertThat(telemetry.alarms().standing().getOrDefault("archive-damaged", "")).contains("made anew");
    }

    @Test
    void whatComesAgainFromTheLogIsNoPartOfANewCatalogue() throws Exception {
        archive.close();
        archive = archive(largeFiles());
        log.append(TestBatches.logs(ACME, "sure"));
        drain();
        log.append(TestBatches.logs(ACME, "written and not forced"));
        log.append(TestBatches.logs(BETA, "in a new file"));
        archive.step();
        Files.delete(dir.resolve("day=" + DAY).resolve(CatalogueFormat.NAME));

        archive = archive(largeFiles()); // the one before is as good as killed
        drain();

        assertThat(texts(dir)).containsExactlyInAnyOrder("sure", "written and not forced", "in a new file");
        assertThat(batches(dir)).extracting(Archived::id).doesNotHaveDuplicates().hasSize(3);
        assertWhole(dir);
    }

    @Test
    void filesThatACompactionLeftAreNotCountedTwiceInANewCatalogue() throws Exception {
        List<String> sent = fill(ACME, 5);
        endDay();
        Path day = dir.resolve("day=" + DAY);
        Path before = data.resolve("before");
        copy(day, before);
        compact(dir, new FileDisk());
        Path merged = streams(dir).getFirst();
        for (Path source : streams(before)) {
            Files.copy(source, merged.resolveSibling(source.getFileName()));
        }
        Files.delete(day.resolve(CatalogueFormat.NAME));
        assertThat(batches(dir)).extracting(Archived::id).doesNotHaveDuplicates().hasSize(5);

        compact(dir, new FileDisk());

        assertThat(streams(dir)).containsExactly(merged);
        assertThat(batches(dir)).extracting(Archived::id).doesNotHaveDuplicates().hasSize(5);
        assertThat(texts(dir)).containsExactlyElementsOf(sent);
    }

    @Test
    void aNewCatalogueNamesAlsoTheBatchThatIsDamaged() throws Exception {
        archive.close();
        archive = archive(largeFiles());
        fill(ACME, 3);
        endDay();
        Path stream = streams(dir).getFirst();
        Archived second = batches(dir).get(1);
        byte[] bytes = Files.readAllBytes(stream);
        bytes[(int) (second.offset() + second.length() - 9)] ^= 1;
        Files.write(stream, bytes);
        Files.delete(dir.resolve("day=" + DAY).resolve(CatalogueFormat.NAME));

        compact(dir, new FileDisk());

        assertThat(batches(dir)).hasSize(3);
        damages.clear();
        new ArchiveVerifier(reader(dir), ArchiveSelection.ALL, damages::add).verify(file -> {});
        assertThat(damages).hasSize(1);
        assertThat(damages.getFirst().offset()).isEqualTo(second.offset());
        assertThat(damages.getFirst().rows()).isEqualTo(1);
    }

    private ArchiveConfig smallFiles() {
        return largeFiles().withFiles(A_FILE_A_BATCH, 8, 8);
    }

    private ArchiveConfig largeFiles() {
        return ArchiveConfig.at(dir, 1 << 30);
    }

    private Archive archive(ArchiveConfig config) throws IOException {
        return new Archive(config, log.follower("archive", true), new FileDisk(), clocks, new Random(1), telemetry);
    }

    /// Appends batches of one row each.
    private List<String> fill(TenantId tenant, int count) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(tenant + " row " + i);
            log.append(TestBatches.logs(tenant, texts.getLast()));
        }
        drain();
        return texts;
    }

    private void nextDay() throws IOException {
        clocks.advanceMillis(3_600_000);
        log.append(TestBatches.logs(ACME, "next day"));
        drain();
    }

    /// Ends the day as a node does, whose compaction has not come to it.
    private void endDay() throws IOException {
        archive.close();
        clocks.advanceMillis(3_600_000);
        ArchiveDay day = ArchiveDay.open(
                largeFiles(), new FileDisk(), DAY, Files.size(dir.resolve("day=" + DAY).resolve(CatalogueFormat.NAME)),
                null, what -> {});
        day.end();
        day.force();
        day.close();
        archive = archive(smallFiles());
    }

    private void drain() {
        for (int steps = 0; archive.step(); steps++) {
            assertThat(steps).as("steps until there is nothing left").isLessThan(2_000);
        }
        clocks.advanceMillis(1_000);
        for (int steps = 0; archive.step(); steps++) {
            assertThat(steps).as("steps until there is nothing left").isLessThan(2_000);
        }
    }

    private void compact(Path where, Disk disk) throws IOException {
        compact(where, disk, ArchiveConfig.at(where, 1 << 30));
    }

    private void compact(Path where, Disk disk, ArchiveConfig config) throws IOException {
        ArchiveCompaction compaction = new ArchiveCompaction(config, disk, telemetry, what -> {});
        compaction.dayOver(DAY);
        try {
            for (int steps = 0; compaction.step(); steps++) {
                assertThat(steps).as("steps until " + where + " is compacted").isLessThan(2_000);
            }
        } finally {
            compaction.abandon();
        }
    }

    private static ArchiveReader reader(Path where) {
        return new ArchiveReader(new FileDisk(), where);
    }

    private List<Archived> batches(Path where) throws IOException {
        List<Archived> batches = new ArrayList<>();
        reader(where).list(ArchiveSelection.ALL, file -> batches.addAll(file.batches()), damages::add);
        return batches;
    }

    private void assertWhole(Path where) throws IOException {
        damages.clear();
        new ArchiveVerifier(reader(where), ArchiveSelection.ALL, damages::add).verify(file -> {});
        assertThat(damages).isEmpty();
    }

    /// After a crash files may lie about that the catalogue does not know; what it knows is whole.
    private void verify(Path where, int change) throws IOException {
        damages.clear();
        new ArchiveVerifier(reader(where), ArchiveSelection.ALL, damages::add).verify(file -> {});
        assertThat(damages).as("change %d", change).allSatisfy(
                damage -> assertThat(damage.what()).contains("does not know this file"));
    }

    private static List<Path> streams(Path where) throws IOException {
        try (Stream<Path> files = Files.walk(where)) {
            return files.filter(path -> path.toString().endsWith(".arrows")).sorted().toList();
        }
    }

    private static List<String> texts(Path where) throws IOException {
        List<String> texts = new ArrayList<>();
        for (Path stream : streams(where)) {
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

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : new TreeSet<>(all.toList())) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }

    /// The real disk until its n-th change, of which half is done, and nothing from then on.
    private static final class DyingDisk {
        private int left;

        private DyingDisk(int change) {
            left = change;
        }

        private Disk disk() {
            return dying(Disk.class, new FileDisk());
        }

        private <T> T dying(Class<T> type, T target) {
            InvocationHandler handler = (proxy, method, arguments) -> {
                if (CHANGES.contains(method.getName()) && --left <= 0) {
                    if (left == 0 && method.getName().equals("write")) {
                        ByteBuffer first = ((ByteBuffer[]) arguments[0])[0];
                        first.limit(first.position() + first.remaining() / 2);
                        method.invoke(target, arguments);
                    }
                    throw new IOException("the disk is gone");
                }
                try {
                    Object result = method.invoke(target, arguments);
                    return result instanceof DiskFile file ? dying(DiskFile.class, file) : result;
                } catch (InvocationTargetException e) {
                    throw e.getCause();
                }
            };
            return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
        }
    }
}
