package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// How a command of `openwit`, run as a process of its own, has ended.
record Ended(int code, String out, String errors) {
    /// Runs a command to its end; what it writes to standard error is kept below `directory` meanwhile.
    static Ended openwit(Path directory, String... arguments) throws IOException, InterruptedException {
        Path errors = Files.createTempFile(directory, "openwit", ".err");
        return of(NodeProcess.launch(List.of(arguments), errors), errors);
    }

    static Ended of(Process process, Path errors) throws IOException, InterruptedException {
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(50, TimeUnit.SECONDS)).as("ended").isTrue();
        return new Ended(process.exitValue(), out, Files.readString(errors));
    }

    List<String> errorLines() {
        return errors.lines().filter(line -> !line.isBlank()).toList();
    }
}
