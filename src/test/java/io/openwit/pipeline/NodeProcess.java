package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A real node: its own JVM, started by its command line, known by its `ready` line, ended by a signal.
public final class NodeProcess implements AutoCloseable {
    static final List<String> JVM_FLAGS = List.of(
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Darrow.enable_unsafe_memory_access=true",
            "-Darrow.enable_null_check_for_get=false",
            "-XX:+ExitOnOutOfMemoryError",
            // Short lives: what starts fast and shares two cores well.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx512m");

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    /// How the JVM of a node is run.
    ///
    /// @param wrapper the command that runs it, such as a tracer whose own process becomes the node; or nothing
    /// @param flags besides [#JVM_FLAGS]
    public record How(List<String> wrapper, List<String> flags, String classPath) {
        /// With the class path of the tests.
        public static final How PLAIN = new How(List.of(), List.of(), System.getProperty("java.class.path"));

        public How in(List<String> otherWrapper) {
            return new How(otherWrapper, flags, classPath);
        }
    }

    private final Process process;
    private final Path log;
    private final Map<String, String> doors = new HashMap<>();

    private NodeProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /// Starts `openwit run` with `--set` for each of `settings` and waits for its `ready` line.
    public static NodeProcess start(Path logDirectory, String role, Map<String, String> settings) throws IOException {
        NodeProcess node = launch(How.PLAIN, logDirectory, role, settings);
        try {
            node.awaitReady();
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
        return node;
    }

    /// Starts `openwit run` and does not wait: [#awaitReady] does.
    public static NodeProcess launch(How how, Path logDirectory, String role, Map<String, String> settings)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("run", "--role", role));
        settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
        Path log = Files.createTempFile(logDirectory, role + "-", ".log");
        return new NodeProcess(launch(how, arguments, log), log);
    }

    /// The program with these arguments; standard error goes to `log`.
    static Process launch(List<String> arguments, Path log) throws IOException {
        return launch(How.PLAIN, arguments, log);
    }

    private static Process launch(How how, List<String> arguments, Path log) throws IOException {
        List<String> command = new ArrayList<>(how.wrapper);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_FLAGS);
        command.addAll(how.flags);
        command.addAll(List.of("-cp", how.classPath, "io.openwit.server.Main"));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /// Waits for the `ready` line, which names the doors. Called once.
    ///
    /// @throws IOException the node ended before it, or the time was up
    public void awaitReady() throws IOException {
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread.ofVirtual().start(() -> {
            try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add("stdout closed: " + e);
            }
            lines.add("end of stdout");
        });
        String line;
        do {
            line = next(lines);
            if (line == null || line.equals("end of stdout")) {
                throw new IOException("no ready line; the node said:\n" + errors());
            }
        } while (!line.startsWith("ready "));
        for (String door : line.substring("ready ".length()).split(" ")) {
            String[] parts = door.split("=", 2);
            doors.put(parts[0], parts[1]);
        }
    }

    private static String next(BlockingQueue<String> lines) {
        try {
            return lines.poll(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /// HOST:PORT of a door as the `ready` line named it.
    String door(String name) {
        String address = doors.get(name);
        if (address == null) {
            throw new IllegalStateException("the ready line names no " + name + ": " + doors);
        }
        return address;
    }

    int port(String name) {
        String address = door(name);
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    public URI url(String name, String path) {
        return URI.create("http://" + door(name) + path);
    }

    Map<String, String> doors() {
        return Map.copyOf(doors);
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /// `kill -9`: returns when the process is gone.
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// Waits whether it ends by itself.
    public boolean ends(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Waits until it has ended by itself; returns the exit code.
    public int awaitEnd(Duration limit) throws InterruptedException {
        if (!ends(limit)) {
            throw new IllegalStateException("did not end within " + limit + ":\n" + errors());
        }
        return process.exitValue();
    }

    /// SIGTERM; returns the exit code.
    public int terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("did not end within 60 s of SIGTERM:\n" + errors());
        }
        return process.exitValue();
    }

    public String errors() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
