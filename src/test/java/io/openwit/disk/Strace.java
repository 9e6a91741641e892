package io.openwit.disk;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Faults that a tracer puts into the system calls of a process. Calls are counted by thread.
final class Strace {
    private static final Duration ATTACH_LIMIT = Duration.ofSeconds(20);

    private Strace() {}

    /// The command to put before a command whose process gets the fault from its beginning; the process stays the caller's child.
    ///
    /// @param fault such as `fdatasync:error=EIO:when=3`
    /// @param calls that are written to `report` and may have the fault, with commas between them
    /// @param paths the fault hits calls on these alone; on all where there is none
    static List<String> from(String fault, String calls, List<Path> paths, Path report) {
        List<String> words = new ArrayList<>(List.of("strace", "-D", "-f", "-qq", "-y", "-o", report.toString()));
        if (!fault.contains("signal=")) {
            // Only the calls that are looked at stop the process. Where it is used, strace 6.1 injects no signals.
            words.add("--seccomp-bpf");
        }
        paths.forEach(path -> words.addAll(List.of("-P", path.toString())));
        words.addAll(List.of("-e", "trace=" + calls, "-e", "inject=" + fault));
        return words;
    }

    /// Puts the fault into a process that runs.
    ///
    /// @return closing it takes the fault away, and the process goes on
    static Attached attach(long pid, String fault, String calls, Path report) throws IOException {
        Path says = Files.createTempFile(report.toAbsolutePath().getParent(), "strace", ".err");
        Process tracer = new ProcessBuilder(
                        "strace", "-f", "-o", report.toString(), "-p", Long.toString(pid), "-e", "trace=" + calls, "-e",
                        "inject=" + fault)
                .redirectError(says.toFile())
                .start();
        Attached attached = new Attached(tracer);
        try {
            await().atMost(ATTACH_LIMIT)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> Files.readString(says).contains("attached with"));
        } catch (RuntimeException e) {
            attached.close();
            throw new IOException("strace does not attach: " + Files.readString(says), e);
        }
        return attached;
    }

    /// A tracer that runs beside its process.
    record Attached(Process tracer) implements AutoCloseable {
        @Override
        public void close() {
            // By SIGTERM it lets go of the process first.
            tracer.destroy();
            try {
                if (!tracer.waitFor(ATTACH_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                    tracer.destroyForcibly();
                }
            } catch (InterruptedException e) {
                tracer.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
