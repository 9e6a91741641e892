package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static io.openwit.storage.StorageNodeTest.metadata;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.model.Signal;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a start makes of a directory that a killed process left.
class StorageCrashTest {
    private static final String COUNTS = "select batch_id, count(*) as n from logs group by 1 order by 1";
    private static final String BOTH_ONCE = "[\n{\"batch_id\":\"n1-5e0f93aa-3-1\",\"n\":4},\n"
            + "{\"batch_id\":\"n1-5e0f93aa-3-2\",\"n\":3}\n]\n";

    @TempDir
    Path dir;

    /// Lands batch 1 of one tenant and batch 2 of another in one file, and leaves it there.
    private Path landTwo(Path home) throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(home));
                RawPut put = storage.put().schema(Signal.LOGS)) {
            put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
            put.batch(metadata("other", id(2), 3), SealedLogs.of("other", 3, "b"));
            assertThat(put.finish().isOk()).isTrue();
        }
        return files(home, ".land").getFirst();
    }

    private static List<Path> files(Path home, String suffix) throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(each)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) throws IOException {
                Files.copy(each, to.resolve(from.relativize(each)), StandardCopyOption.REPLACE_EXISTING);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// Both batches count once, before and after all has become Parquet, and are known when they come again.
    private static void assertBothOnce(Path home) throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(home))) {
            assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
            storage.convertAll();
            assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
                put.batch(metadata("other", id(2), 3), SealedLogs.of("other", 3, "b"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
        }
    }

    @Test
    void aCrashAtAnyStepOfTheConversionLosesNothingAndDoublesNothing() throws Exception {
        Path landed = landTwo(dir.resolve("0"));
        Path converted = dir.resolve("converted");
        copyTree(dir.resolve("0"), converted);
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(converted))) {
            storage.convertAll();
        }
        assertThat(files(converted, ".land")).isEmpty();
        List<Path> parquet = files(converted, ".parquet");
        assertThat(parquet).hasSize(2);

        // 0: before the first file; 1, 2: after one and two renames; 3: a draft in tmp/; 4: landing file gone.
        for (int step = 0; step <= 4; step++) {
            Path home = dir.resolve("step" + step);
            copyTree(step == 4 ? converted : dir.resolve("0"), home);
            for (Path file : parquet.subList(0, Math.min(step, 2))) {
                Path copy = home.resolve(converted.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
            if (step == 3) {
                Files.createDirectories(home.resolve("tmp/spill"));
                Files.writeString(home.resolve("tmp/0000000001.parquet"), "PAR1 half");
                Files.writeString(home.resolve("tmp/spill/x.tmp"), "x");
            }
            assertBothOnce(home);
        }
        assertThat(landed).exists();
    }

    @Test
    void theTornEndOfALandingFileIsCutAtEveryLength() throws Exception {
        Path home = dir.resolve("0");
        byte[] whole = Files.readAllBytes(landTwo(home));
        long first = LandingFile.scan(files(home, ".land").getFirst()).batches().get(1).offset();

        for (int cut : new int[] {1, 7, 8, 100, (int) (whole.length - first), (int) (whole.length - first - 1)}) {
            Files.write(files(home, ".land").getFirst(), Arrays.copyOf(whole, whole.length - cut));
            Path copy = dir.resolve("cut" + cut);
            copyTree(home, copy);
            try (RunningStorage storage = RunningStorage.start(RunningStorage.config(copy))) {
                long rows = storage.number("select count(*) from logs");
                // Less than eight bytes is padding: the batch itself is whole.
                assertThat(rows).isEqualTo(cut < 8 && rows == 7 ? 7 : 4);
                try (RawPut put = storage.put().schema(Signal.LOGS)) {
                    put.batch(metadata("other", id(2), 3), SealedLogs.of("other", 3, "b"));
                    assertThat(put.finish().isOk()).isTrue();
                }
                assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
                assertThat(storage.telemetry.alarms().standing()).isEmpty();
            }
            assertBothOnce(copy);
        }
    }

    @Test
    void aFileThatWasKilledWhileItWasMadeIsNothing() throws Exception {
        Path home = dir.resolve("0");
        landTwo(home);
        Files.write(home.resolve("landing/0000000002.land"), new byte[5]);
        Files.write(home.resolve("landing/0000000003.land.tmp"), new byte[50]);

        assertBothOnce(home);
        assertThat(files(home, ".tmp")).isEmpty();
    }

    @Test
    void aBatchThatStandsInTwoLandingFilesCountsOnce() throws Exception {
        Path home = dir.resolve("0");
        Path landed = landTwo(home);
        Files.copy(landed, landed.resolveSibling("0000000007.land"));

        assertBothOnce(home);
        assertBothOnce(home);
    }

    @Test
    void damageBelowAWholeBatchRaisesAnAlarmAndTheRestIsKept() throws Exception {
        Path home = dir.resolve("0");
        Path landed = landTwo(home);
        LandedBatch first = LandingFile.scan(landed).batches().getFirst();
        byte[] bytes = Files.readAllBytes(landed);
        bytes[(int) first.offset() + 200] ^= 1;
        Files.write(landed, bytes, StandardOpenOption.TRUNCATE_EXISTING);

        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(home))) {
            assertThat(storage.telemetry.alarms().standing()).containsKey("storage-landing-damaged");
            assertThat(storage.number("select count(*) from logs")).isEqualTo(3);
            // It is not known, so that it can be restored.
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
        }
    }

    @Test
    void anyFlippedByteIsNoticed() throws Exception {
        Path landed = landTwo(dir.resolve("0"));
        byte[] whole = Files.readAllBytes(landed);
        Path flipped = dir.resolve("0000000009.land");
        long seed = 11;
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = whole.clone();
            int at = LandingFile.FILE_HEAD_BYTES + random.nextInt(whole.length - LandingFile.FILE_HEAD_BYTES);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(flipped, bytes);
            LandingFile.Contents contents = LandingFile.scan(flipped);
            boolean inPadding = contents.batches().size() == 2;
            assertThat(contents.batches()).as("seed %s, byte %s", seed, at).hasSizeBetween(1, 2);
            if (inPadding) {
                assertThat(contents.batches()).isEqualTo(LandingFile.scan(landed).batches());
            }
        }
    }

    @Test
    void aParquetFileThatCannotBeReadIsAnAlarmAndTheRestIsServed() throws Exception {
        Path home = dir.resolve("0");
        landTwo(home);
        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(home))) {
            storage.convertAll();
        }
        Path acme = files(home, ".parquet").getFirst();
        assertThat(acme.toString()).contains("tenant=acme");
        Files.writeString(acme, "no Parquet");

        try (RunningStorage storage = RunningStorage.start(RunningStorage.eager(home))) {
            assertThat(storage.telemetry.alarms().standing()).hasEntrySatisfying(
                    "storage-parquet-damaged", detail -> assertThat(detail).contains(acme.toString()));
            assertThat(storage.number("select count(*) from logs")).isEqualTo(3);
            try (RawPut put = storage.put().schema(Signal.LOGS)) {
                put.batch(metadata("acme", id(1), 4), SealedLogs.of("acme", 4, "a"));
                assertThat(put.finish().isOk()).isTrue();
            }
            assertThat(storage.json(COUNTS)).isEqualTo(BOTH_ONCE);
        }
    }

    @Test
    void aDirectoryServesOneProcess() throws Exception {
        try (RunningStorage storage = RunningStorage.start(RunningStorage.config(dir))) {
            assertThat(storage.node.poisoned()).isFalse();
            assertThatThrownBy(() -> RunningStorage.start(RunningStorage.config(dir)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(dir.toString())
                    .hasMessageContaining("in use");
        }
        RunningStorage.start(RunningStorage.config(dir)).close();
    }
}
