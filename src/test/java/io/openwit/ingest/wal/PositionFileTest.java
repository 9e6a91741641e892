package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PositionFileTest {
    @TempDir
    Path dir;

    private final FaultDisk disk = new FaultDisk();
    private Path path;

    @BeforeEach
    void name() {
        path = dir.resolve("x.position");
    }

    private PositionFile open() throws IOException {
        return PositionFile.open(disk, path);
    }

    @Test
    void whatWasWrittenIsReadBack() throws IOException {
        try (PositionFile file = open()) {
            assertThat(file.read()).isEmpty();
            assertThat(file.damaged()).isFalse();
            for (long position = 1; position <= 5; position++) {
                file.write(position, ("note " + position).getBytes(UTF_8));
            }
        }

        try (PositionFile file = open()) {
            PositionFile.Value value = file.read().orElseThrow();
            assertThat(value.position()).isEqualTo(5);
            assertThat(value.note()).asString(UTF_8).isEqualTo("note 5");
        }
    }

    @Test
    void aTornWriteLeavesTheValueBeforeIt() throws IOException {
        try (PositionFile file = open()) {
            for (long position = 1; position <= 4; position++) {
                file.write(position, new byte[] {1, 2, 3});
            }
        }
        byte[] whole = Files.readAllBytes(path);
        for (int slot = 0; slot < 2; slot++) {
            for (int at = 0; at < 35; at++) {
                byte[] torn = whole.clone();
                torn[slot * 4096 + at] ^= 0x40;
                Files.write(path, torn);
                try (PositionFile file = open()) {
                    assertThat(file.read().orElseThrow().position()).isIn(3L, 4L);
                }
            }
        }
    }

    @Test
    void afterAFailureItIsWrittenAnew() throws IOException {
        try (PositionFile file = open()) {
            file.write(1, new byte[0]);
            disk.failForces(name -> name.equals("x.position"));
            assertThatThrownBy(() -> file.write(2, new byte[0])).isInstanceOf(IOException.class);
            disk.failForces(name -> false);

            file.write(3, new byte[0]);
        }

        try (PositionFile file = open()) {
            assertThat(file.read().orElseThrow().position()).isEqualTo(3);
        }
    }

    @Test
    void aFileOfNothingButDamageSaysSo() throws IOException {
        Files.write(path, new byte[100]);

        try (PositionFile file = open()) {
            assertThat(file.damaged()).isTrue();
            assertThat(file.read()).isEmpty();
            file.write(9, new byte[0]);
        }
        try (PositionFile file = open()) {
            assertThat(file.read().orElseThrow().position()).isEqualTo(9);
        }
    }

    @Test
    void aLongNoteIsRefused() throws IOException {
        try (PositionFile file = open()) {
            file.write(1, new byte[PositionFile.MAX_NOTE_BYTES]);
            assertThatThrownBy(() -> file.write(1, new byte[PositionFile.MAX_NOTE_BYTES + 1]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
