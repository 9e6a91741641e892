package io.openwit.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.ingest.wal.DiskFile;
import io.openwit.simulation.SimulatedDisk.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SimulatedDiskTest {
    private static final Path DIRECTORY = Path.of("/simulated");
    private static final Path FILE = DIRECTORY.resolve("a");

    private SimulatedDisk disk = new SimulatedDisk(1);

    @BeforeEach
    void makeDirectory() {
        disk.createDirectories(DIRECTORY);
    }

    private static void write(DiskFile file, int sectors, int value) throws IOException {
        byte[] bytes = new byte[sectors * SimulatedDisk.SECTOR_BYTES];
        Arrays.fill(bytes, (byte) value);
        file.write(new ByteBuffer[] {ByteBuffer.wrap(bytes)}, 1, 0);
    }

    private static int valueIn(SimulatedDisk image, int sector) {
        return image.content(FILE)[sector * SimulatedDisk.SECTOR_BYTES];
    }

    @Test
    void aPowerCutKeepsWhatWasForcedUnderANameThatWasSynced() throws IOException {
        DiskFile file = disk.create(FILE);
        write(file, 2, 1);
        file.force();
        assertThat(disk.afterPowerCut(_ -> false).exists(FILE)).as("bytes alone").isFalse();

        disk.syncDirectory(DIRECTORY);

        assertThat(disk.unforced()).isZero();
        assertThat(valueIn(disk.afterPowerCut(_ -> false), 1)).isEqualTo(1);
    }

    @Test
    void eachSectorThatWasNotForcedIsKeptOrLostByItself() throws IOException {
        DiskFile file = disk.create(FILE);
        write(file, 3, 1);
        file.force();
        disk.syncDirectory(DIRECTORY);
        write(file, 3, 2);

        assertThat(disk.unforced()).isEqualTo(3);
        SimulatedDisk image = disk.afterPowerCut(index -> index == 1);

        assertThat(valueIn(image, 0)).isEqualTo(1);
        assertThat(valueIn(image, 1)).isEqualTo(2);
        assertThat(valueIn(image, 2)).isEqualTo(1);
        assertThat(valueIn(disk.afterKill(), 0)).as("a kill keeps the cache").isEqualTo(2);
    }

    @Test
    void aRenameThatWasNotSyncedMayBeLost() throws IOException {
        disk.create(FILE).force();
        disk.syncDirectory(DIRECTORY);
        disk.rename(FILE, DIRECTORY.resolve("b"));

        assertThat(disk.afterPowerCut(_ -> false).names(DIRECTORY)).containsExactly("a");
        assertThat(disk.afterPowerCut(_ -> true).names(DIRECTORY)).containsExactly("b");
    }

    @Test
    void afterAForceThatFailedTheNextOneSucceedsAndThePowerCutLosesThePages() throws IOException {
        DiskFile file = disk.create(FILE);
        write(file, 64, 1);
        file.force();
        disk.syncDirectory(DIRECTORY);
        write(file, 64, 2);
        disk.failAt(disk.operations(), Failure.EIO, false);

        assertThatThrownBy(file::force).hasMessage("Input/output error");
        file.force();

        assertThat(valueIn(disk.afterKill(), 0)).isEqualTo(2);
        byte[] image = disk.afterPowerCut(_ -> true).content(FILE);
        assertThat(image).as("some sectors reached the disk, some did not").contains(1).contains(2);
    }

    @Test
    void aFullDiskTakesWhatFitsAndStillTakesWhatOverwrites() throws IOException {
        DiskFile file = disk.create(FILE);
        write(file, 2, 1);
        disk.capacity(3L * SimulatedDisk.SECTOR_BYTES);

        assertThatThrownBy(() -> write(file, 4, 2)).hasMessage("No space left on device");
        write(file, 3, 3);

        assertThat(disk.usableBytes(DIRECTORY)).isZero();
        assertThat(valueIn(disk, 2)).isEqualTo(3);
    }

    @Test
    void theDiskOfAProcessThatEndedRefusesEverything() throws IOException {
        DiskFile file = disk.create(FILE);
        disk.die();

        assertThatThrownBy(() -> write(file, 1, 1)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> disk.delete(FILE)).isInstanceOf(IOException.class);
    }
}
