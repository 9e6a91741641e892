package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.Batch;
import io.openwit.model.NodeId;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTest {
    private static final long SEGMENT_BYTES = 256 << 10;
    private static final NodeId NODE = new NodeId("n1");

    @TempDir
    Path dir;

    private final ManualClocks clocks = new ManualClocks();
    private final FaultDisk disk = new FaultDisk();
    private final Random random = new Random(42);
    private Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
    private Log log;

    @AfterEach
    void letGo() throws IOException {
        disk.crash();
    }

    private LogConfig config() {
        return new LogConfig(dir, NODE, SEGMENT_BYTES, 8 * SEGMENT_BYTES, 0, true, Duration.ofSeconds(300));
    }

    private Log open() throws IOException {
        return open(config());
    }

    private Log open(LogConfig config) throws IOException {
        telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        log = Log.open(config, disk, clocks, random, telemetry, () -> 0);
        return log;
    }

    private void append(Batch... batches) throws IOException {
        append(Stream.of(batches).map(TestBatches::entry).toList());
    }

    private void append(List<Log.Entry> entries) throws IOException {
        clocks.pass(1_000_000);
        log.append(log.stamp(), entries);
        log.force();
    }

    private void crash() throws IOException {
        disk.crash();
    }

    private static List<Frame> all(Follower follower) throws IOException {
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = follower.next(); frame != null; frame = follower.next()) {
            frames.add(frame);
        }
        return frames;
    }

    private static String text(Frame frame) throws IOException {
        return UTF_8.decode(frame.rows()).toString().trim();
    }

    private static List<String> texts(Follower follower) throws IOException {
        List<String> texts = new ArrayList<>();
        for (Frame frame : all(follower)) {
            texts.add(text(frame));
        }
        return texts;
    }

    private void keepHouse() {
        while (log.keeper().step()) {
            // until nothing is left to do
        }
    }

    private Path file(long number) {
        return dir.resolve(Segment.fileName(number));
    }

    private void damage(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) (one.get(0) ^ 0x10));
            channel.write(one.rewind(), offset);
        }
    }

    // --- what is written is read

    @Test
    void aFollowerReadsWhatWasAppended() throws IOException {
        open();
        Batch first = TestBatches.of("a", "b", "c");
        append(List.of(
                new Log.Entry(first.header(), new long[] {0b010}, 1, first.rows()),
                TestBatches.entry(TestBatches.of("d"))));

        List<Frame> frames = all(log.follower("handoff", true));

        assertThat(frames).hasSize(2);
        Frame frame = frames.getFirst();
        assertThat(frame.id()).hasToString("n1-" + String.format("%08x", log.incarnation()) + "-1-1");
        assertThat(frame.header().encoded()).isEqualTo(first.header().encoded());
        assertThat(frame.rows()).isEqualTo(first.rows());
        assertThat(frame.duplicates()).isEqualTo(1);
        assertThat(IntStream.range(0, 3).filter(frame::duplicate)).containsExactly(1);
        assertThat(frame.keep().stream()).containsExactly(0, 2);
        assertThat(frame.arrivalNanos()).isEqualTo(clocks.wallNanos());
        assertThat(frame.segment()).isEqualTo(1);
        assertThat(frame.offset()).isEqualTo(4096 + GroupHeader.BYTES);
        assertThat(frames.get(1).hasDuplicates()).isFalse();
        assertThat(text(frames.get(1))).isEqualTo("d");
    }

    @Test
    void aFrameOfDuplicatesAloneHoldsNoRows() throws IOException {
        open();
        Batch batch = TestBatches.of("a", "b");
        append(List.of(new Log.Entry(batch.header(), new long[] {0b11}, 2, batch.rows())));

        Frame frame = log.follower("handoff", true).next();

        assertThat(frame.headerOnly()).isTrue();
        assertThat(frame.rows().remaining()).isZero();
        assertThat(frame.keep().isEmpty()).isTrue();
        assertThat(frame.end().bytes() - frame.position().bytes())
                .isEqualTo(FrameHead.FIXED_BYTES + 8 + batch.header().encodedBytes());
    }

    @Test
    void nothingIsReadBeforeItIsForced() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        log.append(log.stamp(), List.of(TestBatches.entry(TestBatches.of("a"))));

        assertThat(follower.next()).isNull();

        log.force();
        assertThat(text(follower.next())).isEqualTo("a");
    }

    @Test
    void aFollowerGoesOverSegmentsAndFindsRowsOfAnyOfThem() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        for (int i = 0; i < 12; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }

        List<Frame> frames = all(follower);

        assertThat(frames).hasSize(12);
        assertThat(frames.getLast().segment()).isGreaterThan(2);
        for (int i = 0; i < 12; i++) {
            assertThat(frames.get(i).rows()).isEqualTo(TestBatches.ofBytes("row " + i, 60_000).rows());
        }
    }

    @Test
    void aFollowerCanBeRewoundToAnyFrame() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        for (int i = 0; i < 30; i++) {
            append(TestBatches.ofBytes("a" + i, 20_000), TestBatches.of("b" + i));
        }
        List<Frame> frames = all(follower);

        for (int i = frames.size() - 1; i >= 0; i--) {
            follower.rewind(frames.get(i).position());
            Frame again = follower.next();
            assertThat(again.id()).isEqualTo(frames.get(i).id());
            assertThat(again.rows()).isEqualTo(frames.get(i).rows());
        }
        follower.rewind(frames.getLast().end());
        assertThat(follower.next()).isNull();
    }

    @Test
    void aBatchAsLargeAsASegmentAllowsFits() throws IOException {
        open();
        int header = TestBatches.of("x").header().encodedBytes();
        int bytes = (int) log.maxFrameBytes() - FrameHead.FIXED_BYTES - 8 - header;
        append(TestBatches.ofBytes("x", bytes));
        append(TestBatches.ofBytes("y", bytes));

        assertThat(all(log.follower("handoff", true))).hasSize(2);
        assertThat(Files.size(file(2))).isEqualTo(SEGMENT_BYTES);
    }

    // --- starts

    @Test
    void aRestartReplaysFromTheFollowersPosition() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        append(TestBatches.of("a"));
        append(TestBatches.of("b"), TestBatches.of("c"));
        follower.next();
        follower.advance(follower.next().end());
        follower.commit();
        follower.next();
        log.close();

        open();

        assertThat(texts(log.follower("handoff", true))).containsExactly("c");
        assertThat(texts(log.follower("archive", true))).containsExactly("a", "b", "c");
    }

    @Test
    void whatWasAdvancedButNotCommittedComesAgain() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        append(TestBatches.of("a"));
        follower.advance(follower.next().end());
        crash();

        open();

        assertThat(texts(log.follower("handoff", true))).containsExactly("a");
    }

    @Test
    void theEpochRisesWithEveryStartAndAboveTheFloor() throws IOException {
        open().close();
        assertThat(open().epoch()).isEqualTo(2);
        log.close();

        log = Log.open(config(), disk, clocks, random, telemetry, () -> 40);
        assertThat(log.epoch()).isEqualTo(41);
        log.close();

        assertThat(Log.lastEpoch(disk, dir)).hasValue(41);
        assertThat(open().epoch()).isEqualTo(42);
    }

    @Test
    void aDirectoryWithoutALogHasNoEpoch() throws IOException {
        assertThat(Log.lastEpoch(disk, dir.resolve("none"))).isEmpty();
    }

    @Test
    void theLastGroupIsCopiedAndGivenOnce() throws IOException {
        open();
        append(TestBatches.of("a"));
        append(TestBatches.of("b"));
        String id = all(log.follower("archive", true)).get(1).id().toString();
        crash();

        open();

        Follower follower = log.follower("handoff", true);
        assertThat(texts(follower)).containsExactly("a", "b");
        assertThat(new LogVerifier(disk, dir).verify().segments().getLast().copies()).isEqualTo(1);

        // The original is lost: the copy is given in its place, under its id.
        crash();
        damage(file(1), lastGroupOf(file(1)) + GroupHeader.BYTES + 20);
        open();
        List<Frame> frames = all(log.follower("handoff", true));
        assertThat(frames).hasSize(2);
        assertThat(frames.get(1).id()).hasToString(id);
        assertThat(text(frames.get(1))).isEqualTo("b");
    }

    private long lastGroupOf(Path file) throws IOException {
        try (GroupReader in = GroupReader.open(disk, file, 4096)) {
            long last = -1;
            for (long at = 4096; ; ) {
                GroupHeader group = in.groupAt(at, in.size());
                if (group == null) {
                    return last;
                }
                if (group.count() > 0) {
                    last = at;
                }
                at = GroupHeader.aligned(at + GroupHeader.BYTES + group.length());
            }
        }
    }

    @Test
    void whoHasPassedTheOriginalIsNotGivenTheCopy() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        append(TestBatches.of("a"));
        follower.advance(follower.next().end());
        follower.commit();
        crash();

        open();

        assertThat(all(log.follower("handoff", true))).isEmpty();
    }

    @Test
    void aCopyOfACopyStillNamesItsBatch() throws IOException {
        open();
        append(TestBatches.of("a"));
        for (int i = 0; i < 3; i++) {
            crash();
            open();
        }

        assertThat(texts(log.follower("handoff", true))).containsExactly("a");
        assertThat(log.epoch()).isEqualTo(4);
    }

    @Test
    void aSealedLogCopiesNothing() throws IOException {
        open();
        append(TestBatches.of("a"));
        log.close();

        open();

        assertThat(new LogVerifier(disk, dir).verify().segments().getLast().batches()).isZero();
        assertThat(texts(log.follower("handoff", true))).containsExactly("a");
    }

    @Test
    void theClockGoesOnWhereItStopped() throws IOException {
        open();
        append(TestBatches.of("a"));
        clocks.passSeconds(10);
        append(TestBatches.of("b"));
        List<Frame> before = all(log.follower("x", true));
        log.close();
        clocks.jump(-3_600_000_000_000L);
        clocks.passSeconds(600);

        open();
        append(TestBatches.of("c"));

        Frame last = all(log.follower("y", true)).getLast();
        assertThat(last.arrivalNanos()).isGreaterThan(before.getLast().arrivalNanos());
        assertThat(last.logAgeNanos() - before.getLast().logAgeNanos()).isBetween(0L, 1_000_000_000L);
    }

    // --- torn and corrupt

    @Test
    void aTornLastGroupIsDiscardedWhereverItIsCut(@TempDir Path saved) throws IOException {
        open();
        append(TestBatches.of("a"));
        append(TestBatches.of("b"));
        Batch last = TestBatches.ofBytes("last", 9_000);
        append(last, TestBatches.of("c"));
        long from = lastGroupOf(file(1));
        long length = 2 * 9_000;
        crash();
        Files.copy(file(1), saved.resolve("wal"));
        long end;
        try (GroupReader in = GroupReader.open(disk, file(1), 4096)) {
            end = from + GroupHeader.BYTES + in.groupAt(from, in.size()).length();
        }
        assertThat(end).isLessThan(from + length);

        for (long cut = from; cut < end; cut += cut < from + 600 ? 13 : 509) {
            for (Path file : files()) {
                Files.delete(file);
            }
            byte[] bytes = Files.readAllBytes(saved.resolve("wal"));
            Arrays.fill(bytes, (int) cut, bytes.length, (byte) 0);
            Files.write(file(1), bytes);

            open();

            Follower follower = log.follower("handoff", true);
            assertThat(texts(follower)).as("cut at %d", cut).containsExactly("a", "b");
            if (cut > from + 8) {
                assertThat(telemetry.metrics().walTailBytesDiscarded.get()).as("cut at %d", cut).isPositive();
            }
            assertThat(telemetry.metrics().walCorruptGroups.get()).isZero();
            append(TestBatches.of("d"));
            assertThat(texts(follower)).containsExactly("d");
            crash();
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.toList();
        }
    }

    @Test
    void aDamagedGroupIsQuarantinedAndTheOthersAreDelivered() throws IOException {
        for (int place : new int[] {3, 40, GroupHeader.BYTES + 5, GroupHeader.BYTES + 100, GroupHeader.BYTES + 2_000}) {
            for (Path file : files()) {
                Files.delete(file);
            }
            open();
            append(TestBatches.of("a"));
            append(TestBatches.ofBytes("b", 9_000));
            append(TestBatches.of("c"));
            log.close();
            long second = 4096 + 4096;
            damage(file(1), second + place);

            open();

            assertThat(texts(log.follower("handoff", true))).as("flipped at %d", place).containsExactly("a", "c");
            assertThat(telemetry.metrics().walCorruptGroups.get()).isEqualTo(1);
            assertThat(telemetry.alarms().standing()).containsKey("wal-damaged");
            assertThat(files()).anyMatch(file -> file.getFileName().toString().matches("damage-\\d+-\\d+\\.txt"));
            assertThat(texts(log.follower("archive", true))).containsExactly("a", "c");
            assertThat(telemetry.metrics().walCorruptGroups.get()).isEqualTo(1);
            crash();
        }
    }

    @Test
    void aDamagedGroupInTheLastSegmentIsToldFromATornTail() throws IOException {
        open();
        append(TestBatches.of("a"));
        append(TestBatches.of("b"));
        append(TestBatches.of("c"));
        crash();
        damage(file(1), 8192 + GroupHeader.BYTES + 90);

        open();

        assertThat(telemetry.metrics().walCorruptGroups.get()).isEqualTo(1);
        assertThat(telemetry.metrics().walTailBytesDiscarded.get()).isZero();
        assertThat(texts(log.follower("handoff", true))).containsExactly("a", "c");
    }

    @Test
    void aMissingSegmentIsAlarmedAndTheOthersAreDelivered() throws IOException {
        open();
        for (int i = 0; i < 12; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        log.close();
        Files.delete(file(2));

        open();
        List<Frame> frames = all(log.follower("handoff", true));

        assertThat(frames).hasSize(12 - 4);
        assertThat(telemetry.alarms().standing()).containsKey("wal-damaged");
        assertThat(new LogVerifier(disk, dir).verify().damages())
                .anyMatch(damage -> damage.file().equals("000002.wal") && damage.what().contains("missing"));
    }

    @Test
    void aSegmentDeletedUnderARunningNodeIsAlarmed() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        for (int i = 0; i < 12; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        follower.next();
        Files.delete(file(2));

        log.keeper().step();

        assertThat(telemetry.alarms().standing()).containsKey("wal-segment-missing");
        assertThat(all(follower)).hasSize(11 - 4);
        assertThat(telemetry.metrics().walCorruptGroups.get()).isEqualTo(1);
    }

    @Test
    void aDamagedHeaderOfTheLastSegmentIsAlarmedAndTheLogGoesOn() throws IOException {
        open();
        for (int i = 0; i < 6; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        long end = log.durable().bytes();
        log.close();
        damage(file(2), 50);

        open();
        append(TestBatches.of("new"));

        List<Frame> frames = all(log.follower("handoff", true));
        assertThat(frames).hasSize(5);
        assertThat(frames.getLast().position().bytes()).isGreaterThan(end);
        assertThat(log.epoch()).isEqualTo(3);
        assertThat(telemetry.alarms().standing()).containsKey("wal-damaged");
    }

    @Test
    void damagedHeadsAreReadFromTheirSegmentAndWrittenAgain() throws IOException {
        open();
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        log.follower("handoff", true);
        keepHouse();
        log.close();
        Path heads = dir.resolve("000001.heads");
        damage(heads, 4096 + 200);

        open();
        List<Frame> frames = all(log.follower("metastore", false));

        assertThat(frames).hasSize(8);
        assertThat(telemetry.metrics().walCorruptGroups.get()).isZero();
        keepHouse();
        assertThat(new LogVerifier(disk, dir).verify().whole()).isTrue();
    }

    @Test
    void headsThatAreLostWithTheirSegmentAreAlarmed() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        handoff.advance(all(handoff).getLast().end());
        handoff.commit();
        keepHouse();
        Follower metastore = log.follower("metastore", false);
        damage(dir.resolve("000001.heads"), 20);

        assertThat(all(metastore)).hasSize(8 - 4);
        assertThat(telemetry.alarms().standing()).containsKey("wal-damaged");
    }

    @Test
    void aDamagedPositionFileBeginsAtTheOldestSegment() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        append(TestBatches.of("a"));
        follower.advance(follower.next().end());
        follower.commit();
        log.close();
        Files.write(dir.resolve("handoff.position"), new byte[8192]);

        open();

        assertThat(texts(log.follower("handoff", true))).containsExactly("a");
        assertThat(telemetry.alarms().standing()).containsKey("follower-position-damaged");
    }

    @Test
    void aLogThatIsShorterThanAFollowerGivesNoPositionTwice() throws IOException {
        open();
        Follower follower = log.follower("handoff", true);
        for (int i = 0; i < 6; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        follower.advance(all(follower).getLast().end());
        follower.commit();
        log.close();
        Files.delete(file(2));

        open();
        append(TestBatches.of("new"));

        assertThat(texts(log.follower("handoff", true))).containsExactly("new");
        assertThat(telemetry.alarms().standing()).containsKey("wal-end-missing");
    }

    // --- recycling

    @Test
    void aSegmentIsRecycledOnlyBehindTheFollowersThatNeedItsRows() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        Follower archive = log.follower("archive", true);
        log.follower("metastore", false);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        keepHouse();
        assertThat(file(1)).exists();

        handoff.advance(all(handoff).getLast().end());
        handoff.commit();
        keepHouse();
        assertThat(file(1)).as("the archive still needs it").exists();

        archive.advance(all(archive).getLast().end());
        keepHouse();
        assertThat(file(1)).as("the archive has not committed").exists();

        archive.commit();
        keepHouse();
        assertThat(file(1)).doesNotExist();
        assertThat(dir.resolve("000001.heads")).exists();
    }

    @Test
    void nothingIsRecycledWhileThereIsNoFollower() throws IOException {
        open();
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }

        keepHouse();

        assertThat(file(1)).exists();
    }

    @Test
    void headersOutliveTheirSegment() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        List<Frame> frames = all(handoff);
        handoff.advance(frames.getLast().end());
        handoff.commit();
        keepHouse();
        assertThat(file(1)).doesNotExist();

        List<Frame> headers = all(log.follower("metastore", false));

        assertThat(headers).extracting(Frame::id).isEqualTo(frames.stream().map(Frame::id).toList());
        assertThat(headers).extracting(Frame::position).isEqualTo(frames.stream().map(Frame::position).toList());
        assertThat(headers).extracting(Frame::end).isEqualTo(frames.stream().map(Frame::end).toList());
        assertThat(headers.getFirst().header().encoded()).isEqualTo(frames.getFirst().header().encoded());
        assertThatThrownBy(() -> headers.getFirst().rows()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aFollowerWithoutRowsGoesOnWhenItsSegmentIsRecycledUnderIt() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        Follower metastore = log.follower("metastore", false);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        Frame first = metastore.next();
        handoff.advance(all(handoff).getLast().end());
        handoff.commit();
        for (int i = 8; i < 24; i++) {
            keepHouse();
            append(TestBatches.ofBytes("row " + i, 60_000));
            handoff.advance(all(handoff).getLast().end());
            handoff.commit();
        }

        List<Frame> rest = all(metastore);

        assertThat(first.id().sequence()).isEqualTo(1);
        assertThat(rest).extracting(frame -> frame.id().sequence()).isEqualTo(
                IntStream.rangeClosed(2, 24).mapToObj(i -> (long) i).toList());
        assertThat(telemetry.metrics().walCorruptGroups.get()).isZero();
    }

    @Test
    void headsAreDroppedBehindTheWindowAndTheMetastore() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        Follower metastore = log.follower("metastore", false);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 60_000));
        }
        handoff.advance(all(handoff).getLast().end());
        handoff.commit();
        clocks.passSeconds(301);
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("more " + i, 60_000));
        }
        keepHouse();
        assertThat(dir.resolve("000001.heads")).as("the metastore needs it").exists();

        metastore.advance(all(metastore).getLast().end());
        metastore.commit();
        keepHouse();

        assertThat(dir.resolve("000001.heads")).doesNotExist();
    }

    @Test
    void aRecycledFileShowsNothingOfItsFormerLife() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        int appended = 0;
        for (int round = 0; round < 20; round++) {
            append(TestBatches.ofBytes("row " + appended++, 60_000));
            append(TestBatches.of("small " + appended++));
            handoff.advance(all(handoff).getLast().end());
            handoff.commit();
            keepHouse();
        }
        double prewritten = telemetry.metrics().walBytesPrewritten.get();
        assertThat(prewritten).as("files are recycled").isLessThan(6.0 * SEGMENT_BYTES);
        append(TestBatches.of("last"));
        crash();

        open();

        assertThat(telemetry.metrics().walTailBytesDiscarded.get()).isZero();
        assertThat(telemetry.metrics().walCorruptGroups.get()).isZero();
        assertThat(texts(log.follower("handoff", true))).containsExactly("last");
        assertThat(new LogVerifier(disk, dir).verify().damages()).isEmpty();
    }

    @Test
    void restartsOfAnIdleNodeDoNotPileUpSegments() throws IOException {
        open();
        Follower handoff = log.follower("handoff", true);
        append(TestBatches.of("a"));
        handoff.advance(handoff.next().end());
        handoff.commit();
        for (int i = 0; i < 20; i++) {
            log.close();
            open();
            handoff = log.follower("handoff", true);
            log.follower("metastore", false);
            assertThat(handoff.next()).isNull();
            keepHouse();
        }

        assertThat(files().stream().filter(file -> file.toString().endsWith(".wal"))).hasSizeLessThan(6);
    }

    // --- limits and failures

    @Test
    void aFullLogRefusesAndGoesOnWhenAFollowerHasPassed() throws IOException {
        open(new LogConfig(dir, NODE, SEGMENT_BYTES, 3 * SEGMENT_BYTES, 0, true, Duration.ofSeconds(300)));
        Follower handoff = log.follower("handoff", true);
        int rows = 0;
        while (log.whyNoRoom(60_000) == null) {
            append(TestBatches.ofBytes("row " + rows++, 60_000));
        }
        assertThat(rows).isBetween(9, 12);
        assertThatThrownBy(() -> append(TestBatches.ofBytes("one more", 60_000))).isInstanceOf(WalFullException.class);
        assertThat(log.retryAfterNoRoom()).isPositive();

        List<Frame> frames = all(handoff);
        handoff.advance(frames.getLast().end());
        handoff.commit();
        keepHouse();

        assertThat(log.whyNoRoom(60_000)).isNull();
        append(TestBatches.ofBytes("one more", 60_000));
        assertThat(frames).hasSize(rows);
        assertThat(all(handoff)).hasSize(1);
    }

    @Test
    void aFullDiskLosesNothingAndTheLogGoesOnInANewSegment() throws IOException {
        open();
        append(TestBatches.of("a"));
        disk.fillUp(FaultDisk.segments());
        assertThatThrownBy(() -> append(TestBatches.of("b"))).isInstanceOf(WalFullException.class);
        assertThatThrownBy(() -> append(TestBatches.of("b"))).isInstanceOf(WalFullException.class);

        disk.fillUp(name -> false);
        append(TestBatches.of("c"));

        assertThat(texts(log.follower("handoff", true))).containsExactly("a", "c");
        crash();
        open();
        assertThat(texts(log.follower("handoff", true))).containsExactly("a", "c");
        assertThat(telemetry.metrics().walCorruptGroups.get()).isZero();
        assertThat(new LogVerifier(disk, dir).verify().damages()).isEmpty();
    }

    @Test
    void aVolumeBelowItsReserveRefuses() throws IOException {
        open(new LogConfig(dir, NODE, SEGMENT_BYTES, 8 * SEGMENT_BYTES, 1 << 20, true, Duration.ofSeconds(300)));
        assertThat(log.whyNoRoom(100)).isNull();

        disk.usableBytes((1 << 20) - 1);

        assertThat(log.whyNoRoom(100)).contains("reserve_bytes");
    }

    @Test
    void afterAFailedForceNothingIsWrittenAnyMore() throws IOException {
        open();
        append(TestBatches.of("a"));
        disk.failForces(FaultDisk.segments());
        assertThatThrownBy(() -> append(TestBatches.of("b"))).hasMessageContaining("Input/output");
        disk.failForces(name -> false);
        int forces = disk.forces();

        assertThatThrownBy(() -> append(TestBatches.of("c"))).hasMessageContaining("after a failure");
        log.close();

        assertThat(disk.forces()).as("force is never tried again").isEqualTo(forces);
        open();
        assertThat(texts(log.follower("handoff", true))).first().isEqualTo("a");
    }

    @Test
    void anInterruptedFollowerStillReads() throws IOException {
        open();
        append(TestBatches.of("a"));
        append(TestBatches.of("b"));
        Follower follower = log.follower("handoff", true);

        Thread.currentThread().interrupt();
        List<String> read = texts(follower);
        follower.advance(log.durable());
        follower.commit();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(read).containsExactly("a", "b");
    }

    @Test
    void aDirectoryInUseIsRefused() throws IOException {
        open();

        assertThatThrownBy(() -> Log.open(config(), new FaultDisk(), clocks, random, telemetry, () -> 0))
                .isInstanceOf(IOException.class)
                .hasMessage("data directory " + dir.getParent() + " is in use by another process");

        log.close();
        open();
    }

    @Test
    void aDirectoryOfAnotherNodeIsRefused() throws IOException {
        open().close();
        LogConfig other = new LogConfig(
                dir, new NodeId("n2"), SEGMENT_BYTES, 8 * SEGMENT_BYTES, 0, true, Duration.ofSeconds(300));

        assertThatThrownBy(() -> open(other))
                .isInstanceOf(ForeignLogException.class)
                .hasMessageContaining(file(1) + ": this is the log of node n1, and this is node n2");
    }

    @Test
    void aDirectoryOfAnotherVersionIsRefused() throws IOException {
        open().close();
        byte[] bytes = Files.readAllBytes(file(1));
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(8, 9);
        header.putInt(4092, new Checksum().begin(0).add(header, 0, 4092).value());
        Files.write(file(1), bytes);

        assertThatThrownBy(this::open)
                .isInstanceOf(ForeignLogException.class)
                .hasMessageContaining(file(1) + ": the log has version 9, and this program knows version 1");
    }

    // --- verifying

    @Test
    void theVerifierListsAWholeLog() throws IOException {
        open();
        Batch batch = TestBatches.of("a", "b", "c");
        append(List.of(new Log.Entry(batch.header(), new long[] {0b010}, 1, batch.rows())));
        append(TestBatches.of("d"));

        LogVerifier.Report live = new LogVerifier(disk, dir).verify();
        log.close();
        LogVerifier.Report closed = new LogVerifier(disk, dir).list();

        assertThat(live.whole()).isTrue();
        LogVerifier.SegmentReport segment = live.segments().getFirst();
        assertThat(segment.file()).isEqualTo("000001.wal");
        assertThat(segment.epoch()).isEqualTo(1);
        assertThat(segment.batches()).isEqualTo(2);
        assertThat(segment.rows()).isEqualTo(3);
        assertThat(segment.duplicates()).isEqualTo(1);
        assertThat(segment.groups()).isEqualTo(2);
        assertThat(closed.segments().getFirst().groups()).as("and the seal").isEqualTo(3);
    }

    @Test
    void theVerifierNamesFileOffsetAndRowsOfWhatIsDamaged() throws IOException {
        open();
        append(TestBatches.of("a"));
        append(TestBatches.ofBytes("b", 9_000));
        append(TestBatches.of("c"));
        log.close();
        damage(file(1), 8192 + GroupHeader.BYTES + 2_000);

        LogVerifier.Report report = new LogVerifier(disk, dir).verify();

        assertThat(report.damages()).hasSize(1);
        LogVerifier.Damage damage = report.damages().getFirst();
        assertThat(damage.file()).isEqualTo("000001.wal");
        assertThat(damage.offset()).isEqualTo(8192 + GroupHeader.BYTES);
        assertThat(damage.rows()).isEqualTo(1);
        assertThat(report.segments().getFirst().batches()).isEqualTo(2);
    }

    @Test
    void theVerifierFindsAFlippedByteAnywhereInAClosedSegment() throws IOException {
        open();
        for (int i = 0; i < 8; i++) {
            append(TestBatches.ofBytes("row " + i, 59_000));
        }
        Follower handoff = log.follower("handoff", true);
        handoff.advance(all(handoff).getLast().end());
        keepHouse();
        log.close();
        long used = lastGroupOf(file(1)) + 59_000;
        for (long at = 0; at < used; at += at < 4096 ? 333 : 7_919) {
            // Padding behind a group belongs to nobody: bytes 59,xxx of a 61,440 byte slot.
            if (at >= 4096 && (at - 4096) % 61_440 > 59_000) {
                continue;
            }
            damage(file(1), at);
            assertThat(new LogVerifier(disk, dir).verify().whole()).as("flipped at %d", at).isFalse();
            damage(file(1), at);
        }
        assertThat(new LogVerifier(disk, dir).verify().whole()).isTrue();
    }
}
