package io.openwit.guards;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.server.ConfigKeys;
import io.openwit.server.Main;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Keeps the tree tidy: documents name only what exists, and no file lies about.
class TidyTest {
    private static final Path ROOT = Path.of("").toAbsolutePath();
    private static final Path MAIN = ROOT.resolve("src/main/java");

    /// Words in code marks of the documents: `Batcher`, `processing.wal.sync_on_write`, `openwit_rows_received_total`.
    private static final Pattern CODE_MARK = Pattern.compile("`([^`\n]+)`");

    private static final Pattern CLASS_NAME = Pattern.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*");
    private static final Pattern METRIC_NAME = Pattern.compile("(openwit_[a-z_]+|wal_write_latency_ms)(\\{.*})?");
    private static final Pattern KEY_NAME = Pattern.compile("[a-z_]+(\\.[a-z_]+)+");
    private static final Pattern COMMAND = Pattern.compile("\\./openwit ([a-z]+)( [a-z]+)?");

    private static final Pattern TEST_METHOD = Pattern.compile("([A-Z]\\w*Test)\\.([a-z]\\w*)");

    /// A line of the table in `docs/bad-input.md`, with its number.
    private static final Pattern BAD_INPUT = Pattern.compile("(?m)^\\| (\\d+) \\|.*$");

    private static final int BAD_INPUTS = 49;

    /// A line of the table in `docs/durability.md`: a sentence, and what shows it.
    private static final Pattern PROMISE = Pattern.compile("(?m)^\\| (?!sentence \\|)([^|]+) \\|(.*)\\|$");

    private static final Pattern WORD = Pattern.compile("\\w+");

    private static final Pattern BANNED_NAME =
            Pattern.compile(".*(Util|Utils|Helper|Helpers|Manager|Impl|V[0-9])\\.java");

    private final List<Path> sources = javaFiles(MAIN);

    @Test
    void classesNamedInDocumentsExist() {
        Set<String> known = new TreeSet<>();
        sources.forEach(path -> known.add(simpleName(path)));
        sources.forEach(path -> nestedTypes(path).forEach(known::add));
        javaFiles(ROOT.resolve("src/test/java")).forEach(path -> known.add(simpleName(path)));
        // Names that belong to others: Arrow, gRPC, OTLP, and answers of the seam are nested types and so known.
        known.addAll(Set.of(
                "RecordBatch", "DoPut", "PutResult", "FlightData", "Retry-After", "RetryInfo", "Status", "ArrowStreamReader",
                "String", "Content-Type", "ExportLogsServiceRequest", "FlightServer"));

        List<String> unknown = new ArrayList<>();
        for (Path document : documents()) {
            for (String mark : codeMarks(document)) {
                if (CLASS_NAME.matcher(mark).matches() && !known.contains(mark)) {
                    unknown.add(ROOT.relativize(document) + ": " + mark);
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void testsNamedInDocumentsExist() {
        Map<String, String> tests = new HashMap<>();
        javaFiles(ROOT.resolve("src/test/java")).forEach(path -> tests.put(simpleName(path), read(path)));

        List<String> unknown = new ArrayList<>();
        for (Path document : documents()) {
            for (String mark : codeMarks(document)) {
                Matcher test = TEST_METHOD.matcher(mark);
                if (test.matches() && !tests.getOrDefault(test.group(1), "").contains("void " + test.group(2) + "(")) {
                    unknown.add(ROOT.relativize(document) + ": " + mark);
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void everyBadInputHasATest() {
        List<Integer> lines = new ArrayList<>();
        List<String> untested = new ArrayList<>();
        for (MatchResult line : BAD_INPUT.matcher(read(ROOT.resolve("docs/bad-input.md"))).results().toList()) {
            lines.add(Integer.valueOf(line.group(1)));
            boolean tested = CODE_MARK.matcher(line.group()).results().anyMatch(
                    mark -> TEST_METHOD.matcher(mark.group(1)).matches());
            if (!tested && !line.group().endsWith("| comes with Kafka |")) {
                untested.add(line.group());
            }
        }

        assertThat(lines).isEqualTo(IntStream.rangeClosed(1, BAD_INPUTS).boxed().toList());
        assertThat(untested).isEmpty();
    }

    @Test
    void everySentenceOnDurabilityHasATest() {
        List<MatchResult> promises =
                PROMISE.matcher(read(ROOT.resolve("docs/durability.md"))).results().toList();

        assertThat(promises).isNotEmpty();
        assertThat(promises).allSatisfy(promise -> assertThat(CODE_MARK.matcher(promise.group(2)).results())
                .as(promise.group(1))
                .isNotEmpty()
                .allMatch(mark -> TEST_METHOD.matcher(mark.group(1)).matches()));
    }

    @Test
    void metricsNamedInDocumentsExist() {
        Set<String> known = metricNames();

        List<String> unknown = new ArrayList<>();
        for (Path document : documents()) {
            for (String mark : codeMarks(document)) {
                Matcher metric = METRIC_NAME.matcher(mark);
                if (metric.matches() && !known.contains(metric.group(1).replaceAll("_total$", ""))) {
                    unknown.add(ROOT.relativize(document) + ": " + mark);
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void keysNamedInDocumentsExist() {
        List<String> unknown = new ArrayList<>();
        Set<String> roots =
                ConfigKeys.names().stream().map(name -> name.split("\\.")[0]).collect(Collectors.toSet());
        for (Path document : documents()) {
            for (String mark : codeMarks(document)) {
                if (KEY_NAME.matcher(mark).matches()
                        && roots.contains(mark.split("\\.")[0])
                        && !ConfigKeys.names().contains(mark)
                        && !Files.exists(MAIN.resolve("io/openwit/" + mark.replace('.', '/')))
                        && ConfigKeys.names().stream().noneMatch(name -> name.startsWith(mark + "."))) {
                    unknown.add(ROOT.relativize(document) + ": " + mark);
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void commandsNamedInDocumentsExist() {
        Set<String> commands = Main.commandLine().getSubcommands().keySet();

        List<String> unknown = new ArrayList<>();
        for (Path document : documents()) {
            Matcher command = COMMAND.matcher(read(document));
            while (command.find()) {
                if (!commands.contains(command.group(1))) {
                    unknown.add(ROOT.relativize(document) + ": " + command.group());
                }
            }
        }

        assertThat(unknown).isEmpty();
    }

    @Test
    void theSampleConfigurationNamesEveryKey() throws IOException {
        String sample = Files.readString(ROOT.resolve("docs/openwit.example.yaml"));

        for (String key : ConfigKeys.names()) {
            String last = key.substring(key.lastIndexOf('.') + 1);
            if (!last.startsWith("<")) {
                assertThat(sample).as(key).containsPattern("(?m)\\b" + Pattern.quote(last) + ":");
            }
        }
    }

    @Test
    void everySourceFileIsUsed() {
        Map<String, Set<Path>> users = new HashMap<>();
        Stream.of(sources, javaResources(), List.of(ROOT.resolve("pom.xml"), ROOT.resolve("openwit")))
                .flatMap(List::stream)
                .forEach(path -> WORD.matcher(read(path)).results().forEach(word -> users.computeIfAbsent(
                                word.group(), name -> new HashSet<>())
                        .add(path)));

        List<String> unused = new ArrayList<>();
        for (Path source : sources) {
            String name = simpleName(source);
            if (!name.equals("package-info") && users.getOrDefault(name, Set.of()).equals(Set.of(source))) {
                unused.add(name);
            }
        }

        assertThat(unused).isEmpty();
    }

    @Test
    void namesSayWhatAThingDoes() {
        assertThat(sources).noneMatch(path -> BANNED_NAME.matcher(path.getFileName().toString()).matches());
    }

    @Test
    void everyRoomSaysWhatItIs() {
        for (Path source : sources) {
            Path info = source.resolveSibling("package-info.java");
            assertThat(info).exists();
            assertThat(read(info)).startsWith("///").contains("@NullMarked");
        }
    }

    @Test
    void noSourceLeavesWorkForLater() {
        for (Path source : sources) {
            assertThat(read(source)).as(source.toString()).doesNotContainPattern("\\b(TODO|FIXME|XXX|HACK)\\b");
        }
    }

    private static Set<String> metricNames() {
        return new io.openwit.telemetry.Metrics()
                .registry.scrape().stream()
                        .map(MetricSnapshot::getMetadata)
                        .map(metadata -> metadata.getPrometheusName())
                        .collect(Collectors.toSet());
    }

    private static List<Path> documents() {
        List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("ARCHITECTURE.md")));
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(path -> path.toString().endsWith(".md")).sorted().forEach(documents::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return documents;
    }

    private static List<String> codeMarks(Path document) {
        return CODE_MARK.matcher(read(document)).results().map(mark -> mark.group(1)).toList();
    }

    private static Set<String> nestedTypes(Path source) {
        return Pattern.compile("\\b(?:class|record|enum|interface) ([A-Z][A-Za-z0-9]*)")
                .matcher(read(source))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
    }

    private static List<Path> javaFiles(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(path -> path.toString().endsWith(".java")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> javaResources() {
        try (Stream<Path> files = Files.walk(ROOT.resolve("src/main/resources"))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String simpleName(Path source) {
        return source.getFileName().toString().replace(".java", "");
    }

    private static String read(Path path) {
        try {
            return new String(Files.readAllBytes(path), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
