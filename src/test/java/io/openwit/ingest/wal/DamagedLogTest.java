package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.openwit.ingest.wal.LogVerifier.Damage;
import io.openwit.ingest.wal.LogVerifier.Report;
import io.openwit.model.Batch;
import io.openwit.model.NodeId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole log of three segments, damaged in one way at a time, and started twice after it: each start delivers everything that
/// the damage has not hit, and says what it has hit.
class DamagedLogTest {
    private static final long SEGMENT_BYTES = 64 << 10;
    private static final int BATCHES = 22;
    private static final int BLOCK = 4096;

    @TempDir
    Path root;

    private final ManualClocks clocks = new ManualClocks();
    private final FaultDisk disk = new FaultDisk();
    private final List<String> sent = new ArrayList<>();
    private Path whole;
    private Path dir;
    private Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private Log log;

    /// What a start gives.
    private record Started(List<String> rows, int batchesByHeads) {}

    /// One way to damage a folder.
    @FunctionalInterface
    private interface Harm {
        void to(Path folder) throws IOException;
    }

    /// Two batches a group of different lengths, a follower in the middle of the second segment, a log that was killed.
    @BeforeEach
    void write() throws IOException {
        whole = root.resolve("whole");
        dir = whole;
        open(1);
        for (int i = 0; i < BATCHES; i += 2) {
            Batch first = TestBatches.ofBytes("batch " + i, 1_000 + 150 * i);
            Batch second = TestBatches.ofBytes("batch " + (i + 1), 7_000);
            clocks.pass(1_000_000);
            log.append(log.stamp(), List.of(TestBatches.entry(first), TestBatches.entry(second)));
            log.force();
            sent.add(name(first));
            sent.add(name(second));
        }
        Follower handoff = log.follower("handoff", true);
        for (int i = 0; i < 4; i++) {
            handoff.advance(requireNonNull(handoff.next()).end());
        }
        handoff.commit();
        log.append(log.stamp(), List.of(TestBatches.entry(TestBatches.of("last"))));
        log.force();
        sent.add(name(TestBatches.of("last")));
        disk.crash();
        assertThat(file(3)).exists();
        assertThat(file(4)).doesNotExist();
    }

    @AfterEach
    void letGo() throws IOException {
        disk.crash();
    }

    private void open(long seed) throws IOException {
        telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        LogConfig config = new LogConfig(
                dir, new NodeId("n1"), SEGMENT_BYTES, 64 * SEGMENT_BYTES, 0, true, Duration.ofSeconds(300));
        log = Log.open(config, disk, clocks, new Random(seed), telemetry, () -> 0);
    }

    private Path file(long number) {
        return dir.resolve(Segment.fileName(number));
    }

    /// A batch by its first fingerprint and its rows.
    private static String name(Batch batch) {
        byte[] rows = new byte[batch.rows().remaining()];
        batch.rows().duplicate().get(rows);
        return batch.header().fingerprintHigh(0) + ":" + Arrays.hashCode(rows);
    }

    private static String name(Frame frame) throws IOException {
        return name(new Batch(frame.header(), frame.rows()));
    }

    private void harmed(Harm harm) throws IOException {
        dir = root.resolve("harmed-" + System.identityHashCode(harm) + "-" + Files.list(root).count());
        Files.createDirectory(dir);
        try (Stream<Path> files = Files.list(whole)) {
            for (Path file : files.toList()) {
                Files.copy(file, dir.resolve(file.getFileName()));
            }
        }
        harm.to(dir);
    }

    private Started start(int seed) throws IOException {
        open(seed);
        List<String> rows = new ArrayList<>();
        Follower fresh = log.follower("fresh-" + seed, true);
        for (Frame frame = fresh.next(); frame != null; frame = fresh.next()) {
            rows.add(name(frame));
        }
        int[] heads = new int[1];
        log.replayHeads(Long.MAX_VALUE, frame -> heads[0]++);
        while (log.keeper().step()) {
            // until nothing is left to do
        }
        return new Started(rows, heads[0]);
    }

    /// What a reader gets that does not open the log.
    private List<String> readOffline() throws IOException {
        List<String> rows = new ArrayList<>();
        new LogVerifier(disk, dir).read(WalPosition.BEGINNING, new WalPosition(Long.MAX_VALUE), new LogVerifier.BatchReader() {
            @Override
            public boolean wants(LogVerifier.StoredBatch batch) {
                return true;
            }

            @Override
            public void batch(LogVerifier.StoredBatch batch, ByteBuffer bytes) {
                rows.add(name(new Batch(batch.header(), bytes)));
            }

            @Override
            public boolean enough() {
                return false;
            }

            @Override
            public void damaged(Damage damage) {
                // What is damaged is another question.
            }
        });
        return rows;
    }

    private Report verify() throws IOException {
        return new LogVerifier(disk, dir).verify();
    }

    /// Starts twice, each time as after a kill.
    ///
    /// @param lost batches that the harm has hit, in words; null where it may be any of one segment
    private void startsTwiceWithout(String what, List<String> lost) throws IOException {
        List<String> rest = new ArrayList<>(sent);
        rest.removeAll(lost);
        assertThat(readOffline()).as("%s, before a start", what).isEqualTo(rest);
        for (int start = 1; start <= 2; start++) {
            Started started = start(start);
            assertThat(started.rows()).as("%s, start %d", what, start).isEqualTo(rest);
            assertThat(readOffline()).as("%s, start %d", what, start).isEqualTo(rest);
            if (!lost.isEmpty()) {
                assertThat(telemetry.alarms().standing()).as("%s, start %d", what, start).containsKey("wal-damaged");
                assertThat(Files.list(dir)).as("%s, start %d", what, start)
                        .anyMatch(file -> file.getFileName().toString().startsWith("damage-"));
            }
            disk.crash();
        }
    }

    private static void flip(Path file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at] ^= 0x20;
        Files.write(file, bytes);
    }

    /// Where each group of a segment begins, and what is in it.
    private record Placed(long at, long end, List<Long> frames, List<String> names) {}

    private List<Placed> groups(long number) throws IOException {
        List<Placed> groups = new ArrayList<>();
        try (GroupReader in = GroupReader.open(disk, whole.resolve(Segment.fileName(number)), 4096)) {
            for (long at = BLOCK; at < in.size(); ) {
                GroupHeader group = in.groupAt(at, in.size());
                if (group == null) {
                    break;
                }
                List<Long> frames = new ArrayList<>();
                List<String> names = new ArrayList<>();
                long frameAt = at + GroupHeader.BYTES;
                long end = frameAt + group.length();
                for (int i = 0; i < group.count(); i++) {
                    FrameHead head = requireNonNull(in.headAt(frameAt, end, in.size()));
                    frames.add(frameAt);
                    names.add(name(new Batch(
                            head.header(), requireNonNull(in.rowsOf(head, in.size())))));
                    frameAt += head.length();
                }
                groups.add(new Placed(at, end, frames, names));
                at = GroupHeader.aligned(end);
            }
        }
        return groups;
    }

    // --- flipped bytes

    @Test
    void flippedBytesOfAClosedSegmentCostTheirGroupAtMostAndAreLocated() throws IOException {
        Placed group = groups(2).get(1);
        long second = group.frames().get(1);
        TreeSet<Long> places = new TreeSet<>();
        for (long at = group.at(); at < group.end(); at += at < group.at() + 200 ? 7 : 977) {
            places.add(at);
        }
        for (long at = second; at < second + 200; at += 9) {
            places.add(at);
        }
        for (long place : places) {
            harmed(folder -> flip(folder.resolve("000002.wal"), place));
            long inFrame = place < second ? place - group.frames().getFirst() : place - second;
            boolean groupHeader = place < group.frames().getFirst();
            boolean head = inFrame < headBytes(group, place < second ? 0 : 1);
            List<String> lost = groupHeader || place < second && head
                    ? group.names()
                    : List.of(group.names().get(place < second ? 0 : 1));

            Report report = verify();

            assertThat(report.damages()).as("flipped at %d", place).hasSize(1);
            Damage damage = report.damages().getFirst();
            assertThat(damage.file()).isEqualTo("000002.wal");
            assertThat(damage.offset()).as("flipped at %d", place).isBetween(group.at(), place);
            if (damage.exact()) {
                assertThat(damage.rows()).as("flipped at %d", place).isEqualTo(lost.size());
            } else {
                assertThat(head).as("%s, flipped at %d", damage, place).isTrue();
            }
            startsTwiceWithout("flipped at " + place, lost);
        }
    }

    private static int headBytes(Placed group, int frame) {
        return FrameHead.FIXED_BYTES + TestBatches.of(group.names().get(frame)).header().encodedBytes();
    }

    @Test
    void aFlippedByteInAFrameCountsTheRowsOfAllThatAreLostWithIt() throws IOException {
        Placed group = groups(2).get(1);
        harmed(folder -> flip(folder.resolve("000002.wal"), group.frames().getFirst() + FrameHead.FIXED_BYTES + 60));

        assertThat(verify().damages()).singleElement().satisfies(damage -> {
            assertThat(damage.rows()).isEqualTo(2);
            assertThat(damage.exact()).isTrue();
        });
    }

    @Test
    void aDamagedSegmentHeaderCostsItsSegmentAndTheHeadsFileKnowsHowManyRows() throws IOException {
        dir = whole;
        List<String> lost = groups(2).stream().flatMap(group -> group.names().stream()).toList();
        for (long at : new long[] {0, 8, 12, 17, 40, 49, 130, 2_000, 4_093}) {
            harmed(folder -> flip(folder.resolve("000002.wal"), at));

            assertThat(verify().damages()).as("flipped at %d", at).singleElement().satisfies(damage -> {
                assertThat(damage.file()).isEqualTo("000002.wal");
                assertThat(damage.what()).contains("header of the segment is damaged");
            });
            startsTwiceWithout("header flipped at " + at, lost);
        }
        start(3);
        disk.crash();

        harmed(folder -> {
            dir = folder;
            start(1);
            disk.crash();
            flip(folder.resolve("000002.wal"), 40);
        });
        assertThat(verify().damages()).singleElement().satisfies(damage -> {
            assertThat(damage.rows()).isEqualTo(lost.size());
            assertThat(damage.exact()).isTrue();
        });
    }

    // --- cut and missing

    @Test
    void aCutSegmentCostsWhatIsBehindTheCut() throws IOException {
        List<Placed> groups = groups(2);
        TreeSet<Long> lengths = new TreeSet<>(List.of(0L, 1L, 4_095L, 4_096L));
        for (Placed group : groups) {
            lengths.addAll(List.of(
                    group.at() + 1, group.at() + 71, group.at() + 200, group.frames().get(1), group.frames().get(1) + 300,
                    group.end() - 9));
        }
        for (long length : lengths) {
            harmed(folder -> Files.write(
                    folder.resolve("000002.wal"),
                    Arrays.copyOf(Files.readAllBytes(folder.resolve("000002.wal")), (int) length)));
            List<String> lost = new ArrayList<>();
            for (Placed group : groups) {
                for (int i = 0; i < group.names().size(); i++) {
                    boolean last = i + 1 == group.names().size();
                    if ((last ? group.end() - 8 : group.frames().get(i + 1)) > length) {
                        lost.add(group.names().get(i));
                    }
                }
            }

            assertThat(verify().damages()).as("cut to %d", length).isNotEmpty().allMatch(
                    damage -> damage.file().equals("000002.wal") && damage.offset() <= Math.max(length, 4_096));
            startsTwiceWithout("cut to " + length, lost);
        }
    }

    @Test
    void aMissingSegmentInTheMiddleCostsItsRows() throws IOException {
        List<String> lost = groups(2).stream().flatMap(group -> group.names().stream()).toList();
        harmed(folder -> Files.delete(folder.resolve("000002.wal")));

        assertThat(verify().damages()).singleElement().satisfies(damage -> {
            assertThat(damage.file()).isEqualTo("000002.wal");
            assertThat(damage.what()).isEqualTo("the segment is missing");
        });
        startsTwiceWithout("missing", lost);
    }

    @Test
    void aMissingFirstSegmentIsAlarmedWhereAFollowerStillNeedsIt() throws IOException {
        List<String> there = new ArrayList<>();
        for (int number = 2; number <= 3; number++) {
            groups(number).forEach(group -> there.addAll(group.names()));
        }
        harmed(folder -> Files.delete(folder.resolve("000001.wal")));
        for (int start = 1; start <= 2; start++) {
            open(start);
            Follower handoff = log.follower("handoff", true);
            List<String> rows = new ArrayList<>();
            for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
                rows.add(name(frame));
            }
            assertThat(rows).isEqualTo(there);
            assertThat(telemetry.alarms().standing()).containsKey("wal-damaged");
            disk.crash();
        }
    }

    @Test
    void aDamagedHeaderOfTheFirstSegmentIsAlarmed() throws IOException {
        List<String> lost = groups(1).stream().flatMap(group -> group.names().stream()).toList();
        harmed(folder -> flip(folder.resolve("000001.wal"), 40));

        startsTwiceWithout("header of the first segment", lost);
    }

    @Test
    void aSegmentThatWasRecycledIsNotMissed() throws IOException {
        dir = whole;
        open(3);
        Follower handoff = log.follower("handoff", true);
        for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
            handoff.advance(frame.end());
        }
        handoff.commit();
        log.close();
        disk.crash();
        // Idle starts: the segments go, and the position still names the end of the last batch, before them.
        for (int start = 4; start < 9; start++) {
            open(start);
            log.follower("handoff", true).next();
            while (log.keeper().step()) {
                // until nothing is left to do
            }
            assertThat(telemetry.alarms().standing()).as("start %d", start).doesNotContainKey("wal-damaged");
            log.close();
            disk.crash();
        }
        assertThat(file(3)).doesNotExist();
    }

    @Test
    void aMissingLastSegmentIsAlarmedWhereAFollowerHasBeenFarther() throws IOException {
        harmed(folder -> {
            dir = folder;
            open(9);
            Follower handoff = log.follower("handoff", true);
            for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
                handoff.advance(frame.end());
            }
            handoff.commit();
            disk.crash();
            Files.delete(folder.resolve("000003.wal"));
            Files.delete(folder.resolve("000004.wal"));
        });
        for (int start = 1; start <= 2; start++) {
            open(start);
            Follower handoff = log.follower("handoff", true);
            assertThat(handoff.next()).isNull();
            if (start == 1) {
                assertThat(telemetry.alarms().standing()).containsKey("wal-end-missing");
            }
            log.append(log.stamp(), List.of(TestBatches.entry(TestBatches.of("new " + start))));
            log.force();
            Frame frame = requireNonNull(handoff.next());
            assertThat(name(frame)).isEqualTo(name(TestBatches.of("new " + start)));
            handoff.advance(frame.end());
            handoff.commit();
            disk.crash();
        }
    }

    @Test
    void heapsOfDamageAndStrangeFilesNeverStopAStart() throws IOException {
        Random random = new Random(20261128);
        for (int run = 0; run < 40; run++) {
            int seed = random.nextInt();
            harmed(folder -> harmAnyhow(folder, new Random(seed)));
            verify();
            TreeSet<String> known = new TreeSet<>(sent);
            for (int start = 1; start <= 2; start++) {
                Started started = start(start);
                assertThat(known).as("no wrong byte, seed %d", seed).containsAll(started.rows());
                assertThat(started.rows()).as("nothing twice, seed %d", seed).doesNotHaveDuplicates();
                log.append(log.stamp(), List.of(TestBatches.entry(TestBatches.of("new"))));
                log.force();
                known.add(name(TestBatches.of("new")));
                disk.crash();
            }
        }
    }

    private static void harmAnyhow(Path folder, Random random) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.sorted().toList();
        }
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            switch (random.nextInt(5)) {
                case 0 -> {
                    for (int i = 0; i < 8 && bytes.length > 0; i++) {
                        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                    }
                    Files.write(file, bytes);
                }
                case 1 -> Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
                case 2 -> {
                    random.nextBytes(bytes);
                    Files.write(file, bytes);
                }
                default -> {
                    // This one stays.
                }
            }
        }
        byte[] noise = new byte[9_000];
        random.nextBytes(noise);
        for (String name : List.of(
                "damage-7-99999999999999999999.txt", "damage-x-y.txt", "spare-x.wal", "spare-99999999999999999999.wal",
                "spare.tmp", "heads.tmp", "damage.tmp", "stray.wal", "000000.heads", "handoff.position.tmp")) {
            Files.write(folder.resolve(name), noise);
        }
        Files.write(folder.resolve("spare-abcdef.wal"), new byte[(int) SEGMENT_BYTES]);
    }

    @Test
    void whoReadsOfflineAndWhoStartsAgreeOnWhereATornLogEnds() throws IOException {
        List<Placed> groups = groups(3);
        Placed last = groups.getLast();
        Placed before = groups.get(groups.size() - 2);
        List<String> lost = new ArrayList<>(before.names());
        lost.addAll(last.names());
        harmed(folder -> {
            flip(folder.resolve("000003.wal"), before.end() - 100);
            flip(folder.resolve("000003.wal"), last.end() - 4);
        });
        List<String> rest = new ArrayList<>(sent);
        rest.removeAll(lost);

        assertThat(readOffline()).isEqualTo(rest);
        assertThat(verify().whole()).isTrue();
        assertThat(start(1).rows()).isEqualTo(rest);
    }

    // --- positions

    @Test
    void aDamagedPositionFileRepeatsRowsAndLosesNone() throws IOException {
        byte[] good = Files.readAllBytes(whole.resolve("handoff.position"));
        List<byte[]> bad = new ArrayList<>(List.of(
                new byte[0], new byte[100], new byte[8192], Arrays.copyOf(good, 20), "garbage".getBytes(UTF_8)));
        byte[] flipped = good.clone();
        flipped[16] ^= 1;
        flipped[4096 + 16] ^= 1;
        bad.add(flipped);
        for (byte[] content : bad) {
            harmed(folder -> Files.write(folder.resolve("handoff.position"), content));
            for (int start = 1; start <= 2; start++) {
                open(start);
                Follower handoff = log.follower("handoff", true);
                List<String> rows = new ArrayList<>();
                for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
                    rows.add(name(frame));
                    handoff.advance(frame.end());
                }
                if (start == 1) {
                    assertThat(rows).as("%d bytes", content.length).isEqualTo(sent);
                    assertThat(telemetry.alarms().standing()).containsKey("follower-position-damaged");
                    handoff.commit();
                } else {
                    assertThat(rows).as("%d bytes, and then a position again", content.length).isEmpty();
                    assertThat(telemetry.alarms().standing()).doesNotContainKey("follower-position-damaged");
                }
                disk.crash();
            }
        }
    }

    @Test
    void oneDamagedSlotOfAPositionFileRepeatsRowsAndLosesNone() throws IOException {
        for (int slot = 0; slot < 2; slot++) {
            int at = slot * 4096 + 16;
            harmed(folder -> flip(folder.resolve("handoff.position"), at));
            open(slot);
            Follower handoff = log.follower("handoff", true);
            List<String> rows = new ArrayList<>();
            for (Frame frame = handoff.next(); frame != null; frame = handoff.next()) {
                rows.add(name(frame));
            }
            assertThat(rows).isNotEmpty().isEqualTo(sent.subList(sent.size() - rows.size(), sent.size()));
            assertThat(rows.size()).isGreaterThanOrEqualTo(sent.size() - 4);
            disk.crash();
        }
    }
}
