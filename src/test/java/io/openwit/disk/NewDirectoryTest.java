package io.openwit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.pipeline.NodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A file is as durable as the names on the way to it.
class NewDirectoryTest {
    @Test
    @Timeout(90)
    void theParentOfEachDirectoryThatANodeMakesIsForced(@TempDir Path directory) throws Exception {
        Needs.strace();
        Path data = directory.toRealPath().resolve("made").resolve("data");
        try (Surroundings outside = new Surroundings(directory, new Random(1))) {
            Map<String, String> settings = outside.settings(data);
            Path report = outside.newReport();
            // A delay of a microsecond is no fault; the report is what is wanted.
            List<String> tracer = Strace.from("fdatasync:delay_enter=1", "fdatasync", List.of(), report);
            try (NodeProcess node = outside.launch(tracer, settings)) {
                node.awaitReady();
                assertThat(node.terminate()).isZero();
            }

            List<String> forces = Files.readAllLines(report);
            for (Path made : List.of(data.getParent(), data, data.resolve("wal"))) {
                assertThat(forces).as("a force of the parent of " + made)
                        .anyMatch(line -> line.contains("<" + made.getParent() + ">"));
            }
        }
    }
}
