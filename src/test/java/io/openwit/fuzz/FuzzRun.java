package io.openwit.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One run of Jazzer, in a JVM of its own, and what it said.
///
/// Design note: not `@FuzzTest`. That one only replays its seeds unless an environment variable is set for the whole JVM,
/// and then fuzzes one test a JVM. Jazzer's own command does it from any test.
///
/// @param exitCode 0, or a finding was made; Jazzer has codes of its own for them
/// @param runs executions of the target
/// @param edges of our code that the inputs at hand reached at first
/// @param featuresBefore what the inputs at hand reached at first, in Jazzer's measure: edges and how often they are passed
/// @param featuresAfter what the inputs reached that were at hand and that were found
/// @param log all that Jazzer said
record FuzzRun(int exitCode, long runs, long edges, long featuresBefore, long featuresAfter, String log) {
    /// Beyond the time of the fuzzing: what the JVM needs to start, and the last input to time out.
    private static final int EXTRA_SECONDS = 120;

    private static final int INPUT_TIMEOUT_SECONDS = 5;
    private static final int RSS_LIMIT_MB = 3000;

    private static final Pattern BEFORE = Pattern.compile("#\\d+\\s+INITED cov: (\\d+) ft: (\\d+)");
    private static final Pattern AFTER = Pattern.compile("#\\d+\\s+DONE\\s+cov: \\d+ ft: (\\d+)");
    private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs in");

    /// Fuzzes `target` for some seconds.
    ///
    /// @param seeds inputs to begin with; not written to
    /// @param directory gets the inputs that were found worth keeping in `corpus`, and the findings
    static FuzzRun of(Class<?> target, Path seeds, Path directory, int seconds)
            throws IOException, InterruptedException {
        Path corpus = Files.createDirectories(directory.resolve("corpus"));
        Path log = directory.resolve("log.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+EnableDynamicAgentLoading",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.getName(),
                "--instrumentation_includes=io.openwit.**",
                "--custom_hook_includes=io.openwit.**",
                "--reproducer_path=" + directory,
                "-artifact_prefix=" + directory + "/",
                "-max_total_time=" + seconds,
                "-timeout=" + INPUT_TIMEOUT_SECONDS,
                "-rss_limit_mb=" + RSS_LIMIT_MB,
                corpus.toString(),
                seeds.toString()));
        Process jazzer = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!jazzer.waitFor(seconds + EXTRA_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("Jazzer does not end:\n" + read(log));
            }
        } finally {
            jazzer.destroyForcibly().waitFor();
        }
        return parse(jazzer.exitValue(), read(log));
    }

    private static FuzzRun parse(int exitCode, String log) {
        return new FuzzRun(
                exitCode, number(RUNS, 1, log), number(BEFORE, 1, log), number(BEFORE, 2, log), number(AFTER, 1, log), log);
    }

    private static long number(Pattern pattern, int group, String log) {
        Matcher matcher = pattern.matcher(log);
        return matcher.find() ? Long.parseLong(matcher.group(group)) : 0;
    }

    /// Jazzer repeats bytes of inputs, which are no text.
    private static String read(Path log) throws IOException {
        return new String(Files.readAllBytes(log), UTF_8);
    }

    /// Makes the directory empty: a run that begins with all that an earlier one found may find nothing more.
    static void clear(Path directory) throws IOException {
        Path corpus = Files.createDirectories(directory.resolve("corpus"));
        for (Path file : inputs(corpus)) {
            Files.delete(file);
        }
    }

    /// The inputs of a directory, by name.
    static List<Path> inputs(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
