package io.openwit.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A program of the system that does one thing and ends.
record Command(List<String> words) {
    private static final int MAX_SECONDS = 30;

    static Command of(String... words) {
        return new Command(List.of(words));
    }

    /// Whether a program of this name is found where programs are.
    static boolean exists(String name) {
        return Stream.of(("/usr/sbin:/sbin:" + System.getenv("PATH")).split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
    }

    /// What it wrote.
    ///
    /// @throws IOException it ended with another code than 0; the message has what it wrote
    String run() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (path, more) -> path + ":" + more);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(words + " did not end within " + MAX_SECONDS + " s: " + said);
        }
        if (process.exitValue() != 0) {
            throw new IOException(words + " ended with " + process.exitValue() + ": " + said);
        }
        return said;
    }
}
