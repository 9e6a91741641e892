package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.openwit.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {
    @TempDir
    private Path directory;

    private Path file;

    @Test
    void everyKeyHasADefaultThatNobodyHasToWrite() throws ConfigException {
        Config config = read();

        assertThat(config.get(ConfigKeys.GRPC_PORT)).isEqualTo(4317);
        assertThat(config.get(ConfigKeys.BATCH_SIZE)).isEqualTo(8192);
        assertThat(config.get(ConfigKeys.BATCH_BYTES)).isEqualTo(4 << 20);
        assertThat(config.get(ConfigKeys.STORAGE_BIND)).hasToString("127.0.0.1:9401");
        assertThat(config.get(ConfigKeys.NODE_ID_KEY).value()).isNotEmpty();
        assertThat(config.warnings()).isEmpty();
    }

    @Test
    void sectionsDottedNamesListsAndMapsAreRead() throws Exception {
        Config config = read("""
                node: {id: n7, data_dir: /var/lib/openwit}
                ingestion:
                  batching:
                    batch_timeout_ms: 50
                  kafka:
                    properties:
                      fetch.min.bytes: 1
                      ssl: {ca.location: /ca.pem}
                    topics:
                      - {pattern: "otlp_{signal}_{tenant}", format: otlp_proto}
                processing.wal.segment_bytes: 16MiB
                gateway:
                  ingest_nodes: ["a:1", "[::1]:2"]
                """);

        assertThat(config.get(ConfigKeys.NODE_ID_KEY)).isEqualTo(new NodeId("n7"));
        assertThat(config.get(ConfigKeys.DATA_DIR)).isEqualTo(Path.of("/var/lib/openwit"));
        assertThat(config.get(ConfigKeys.BATCH_TIMEOUT_MS)).isEqualTo(50);
        assertThat(config.get(ConfigKeys.WAL_SEGMENT_BYTES)).isEqualTo(16 << 20);
        assertThat(config.get(ConfigKeys.INGEST_NODES)).containsExactly(new HostPort("a", 1), new HostPort("::1", 2));
        assertThat(config.get(ConfigKeys.KAFKA_TOPICS))
                .containsExactly(Map.of("pattern", "otlp_{signal}_{tenant}", "format", "otlp_proto"));
        assertThat(config.settings())
                .extracting(Config.Setting::name)
                .contains("ingestion.kafka.properties.fetch.min.bytes", "ingestion.kafka.properties.ssl.ca.location");
    }

    @Test
    void anUnknownKeyIsNamedWithItsLineAndTheNearestKnownOne() throws IOException {
        assertThat(mistakes("""
                node:
                  id: n1
                ingestion:
                  grpc:
                    prot: 4317
                """)).containsExactly(file + ":5: unknown key ingestion.grpc.prot; the nearest known one is ingestion.grpc.port");
    }

    @ParameterizedTest
    @CsvSource({
        "ingestoin: {grpc: {port: 1}}, ingestion",
        "processing: {sync_on_write: false}, processing.wal.sync_on_write",
        "grpc.port: 1, ingestion.grpc.port",
        "archive: {retention: {dayz: 3}}, archive.retention.days",
        "security: {authentification: {enabled: true}}, security.authentication",
    })
    void theNearestKeyIsWhatWasMeant(String yaml, String nearest) throws IOException {
        assertThat(mistakes(yaml)).hasSize(1).first().asString().endsWith("is " + nearest);
    }

    @Test
    void allMistakesAreFoundNotOnlyTheFirst() throws IOException {
        assertThat(mistakes("""
                nod: 1
                admin: {port: 65536}
                ingestion: 5
                archive:
                  enabled: yes
                """)).hasSize(4).allMatch(mistake -> mistake.startsWith(file + ":"));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void aValueOfAnotherTypeIsRefusedWithWhatIsExpected(String assignment, String expected) {
        assertThat(mistakesOfSets(assignment)).hasSize(1).first().asString().contains(expected);
    }

    static Stream<org.junit.jupiter.params.provider.Arguments> wrongValues() {
        return Stream.of(
                wrong("admin.port=abc", "a whole number, 0 to 65535, and not \"abc\""),
                wrong("admin.port=-1", "0 to 65535"),
                wrong("processing.wal.sync_on_write=yes", "true or false"),
                wrong("processing.wal.segment_bytes=64 MiBs", "a size such as 64MiB"),
                wrong("processing.wal.segment_bytes=1KiB", "4MiB to"),
                wrong("validation.time.max_past=7", "a time, such as"),
                wrong("archive.on_lag=drop", "gap or backpressure"),
                wrong("storage_node.flight.bind_addr=9401", "HOST:PORT"),
                wrong("node.id=a b", "A-Z a-z 0-9"),
                wrong("observability.tracing.sampling_ratio=NaN", "0.0 to 1.0"),
                wrong("gateway.ingest_nodes=[a]", "HOST:PORT"),
                wrong("no equals sign", "KEY=VALUE"));
    }

    private static org.junit.jupiter.params.provider.Arguments wrong(String assignment, String expected) {
        return org.junit.jupiter.params.provider.Arguments.of(assignment, expected);
    }

    @ParameterizedTest
    @CsvSource({"4096,4096", "64MiB,67108864", "64 MiB,67108864", "1.5KiB,1536", "2GB,2000000000",
            "1TiB,1099511627776"})
    void sizesHaveUnits(String text, long bytes) {
        assertThat(ValueType.bytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"200ms,200", "10s,10000", "5m,300000", "1h,3600000", "7d,604800000", "0.5s,500"})
    void timesHaveUnits(String text, long millis) {
        assertThat(ValueType.duration(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1MiB", "MiB", "1mib", "9999999999999TiB", "0.3B"})
    void whatIsNoSizeIsRefused(String text) {
        assertThatThrownBy(() -> ValueType.bytes(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void variablesAreExpandedInValuesAndCannotChangeTheStructure() throws Exception {
        Config config = read("""
                node: {id: "${NODE}", data_dir: "${DIR:-/tmp/a}/${NODE}"}
                security: {authentication: {token_header: "${HEADER}"}}
                metastore: {postgres: {connection_string: "$${x}"}}
                """, Map.of("NODE", "n9", "HEADER", "X-T", "DIR", ""));

        assertThat(config.get(ConfigKeys.NODE_ID_KEY).value()).isEqualTo("n9");
        assertThat(config.get(ConfigKeys.DATA_DIR)).isEqualTo(Path.of("/tmp/a/n9"));
        assertThat(config.get(ConfigKeys.POSTGRES)).contains("${x}");
        assertThat(mistakes("node:\n  id: ${NODE}\n", Map.of("NODE", "x\nadmin: {port: 1}")))
                .hasSize(1)
                .first()
                .asString()
                .startsWith(file + ":2: node.id is to be");
    }

    @Test
    void aVariableThatIsNotSetIsAMistakeWithItsLine() throws IOException {
        assertThat(mistakes("node:\n  id: ${NOBODY}\n"))
                .containsExactly(
                        file + ":2: the environment variable NOBODY is not set (${NOBODY:-default} gives it a"
                                + " default)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "node: [|:",
                "'a: 1\na: 2'|:2: a stands twice, first in line 1",
                "'node.id: a\nnode: {id: b}'|:2: node.id stands twice",
                "just text|a configuration consists of",
                "'a: &a [*a]'|:1",
            })
    void aDocumentThatIsNoConfigurationIsRefusedWithItsLine(String yaml, String expected) throws IOException {
        assertThat(mistakes(yaml)).first().asString().startsWith(file.toString()).contains(expected);
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        Path missing = directory.resolve("missing.yaml");

        assertThatThrownBy(() -> ConfigReader.read(Optional.of(missing), List.of(), Optional.empty(), _ -> null))
                .isInstanceOf(ConfigException.class)
                .hasMessage(missing + ": there is no such file");
    }

    @Test
    void theCommandLineWinsAndTheOriginOfEachValueIsKnown() throws Exception {
        write("admin: {port: 1}\nnode: {id: a}\ndeployment: {role: gateway}\n");
        Config config = ConfigReader.read(
                Optional.of(file),
                List.of("admin.port=2", "admin.port=3", "gateway.ingest_nodes=h:1,h:2"),
                Optional.of("storage"),
                _ -> null);

        assertThat(config.get(ConfigKeys.ADMIN_PORT)).isEqualTo(3);
        assertThat(config.get(ConfigKeys.DEPLOYMENT_ROLE)).isEqualTo(Role.STORAGE);
        assertThat(config.get(ConfigKeys.INGEST_NODES)).hasSize(2);
        assertThat(config.settings())
                .filteredOn(setting -> List.of("admin.port", "node.id", "deployment.role", "admin.bind")
                        .contains(setting.name()))
                .extracting(Config.Setting::origin)
                .containsExactly("--role", file + ":2", "default", "--set");
    }

    @Test
    void whatHasNoEffectYetIsAWarningAndNotAMistake() throws ConfigException {
        Config config = read("deadletter: {max_bytes: 2GiB}\nnetworking: {gossip: {seeds: [a:1]}}\n");

        assertThat(config.warnings())
                .hasSize(2)
                .allMatch(warning -> warning.contains("has no effect yet") && warning.startsWith(file + ":"));
    }

    @Test
    void secretsAreNeverShown() throws ConfigException {
        Config config = read(List.of("metastore.postgres.connection_string=postgresql://u:hush@h/db"));

        assertThat(config.settings()).noneMatch(setting -> setting.shown().contains("hush"));
        assertThat(config.settings())
                .filteredOn(setting -> setting.key() == ConfigKeys.POSTGRES)
                .extracting(Config.Setting::shown)
                .containsExactly("********");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingestion.grpc.bind=0.0.0.0", "ingestion.http.bind=::", "admin.bind=192.0.2.1",
        "ingest_node.bind=0.0.0.0", "storage_node.flight.bind_addr=0.0.0.0:9401"})
    void aDoorWithoutTokensStaysOnLoopbackUnlessThatIsAllowed(String bind) throws ConfigException {
        assertThat(mistakesOfSets(bind)).singleElement().asString().contains("security.allow_unauthenticated: true");
        assertThat(read(List.of(bind, "security.allow_unauthenticated=true"))).isNotNull();
        assertThat(read(List.of(bind, "security.authentication.enabled=true",
                "security.authentication.tokens_file=t.yaml"))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "::1", "localhost"})
    void loopbackNeedsNoPermission(String host) throws ConfigException {
        assertThat(read(List.of("ingestion.grpc.bind=" + host))).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "processing.buffer.max_size_bytes=1MiB|largest message",
                "deployment.role=gateway|gateway.ingest_nodes is required",
                "deployment.role=control|not built yet",
                "deployment.mode=distributed|say with deployment.role",
                "metastore.postgres.embedded=false|connection_string is required",
                "security.authentication.enabled=true|tokens_file",
                "handoff.flight.endpoint=http://a|grpc://",
                "processing.wal.max_bytes=128MiB|segments",
                "observability.tracing.endpoint=localhost|is to be a URL",
                "ingestion.http.bind=|is to be an address",
            })
    void keysThatContradictOneAnotherAreRefused(String assignment, String expected) {
        assertThat(mistakesOfSets(assignment)).isNotEmpty().first().asString().contains(expected);
    }

    @Test
    void anArchiveThatMayLeaveAGapHasToDoSoBeforeTheLogIsFull() throws ConfigException {
        assertThat(mistakesOfSets("processing.wal.max_bytes=1GiB", "archive.max_lag_bytes=1GiB"))
                .hasSize(1)
                .first()
                .asString()
                .contains("archive.max_lag_bytes has to be 3 segments below processing.wal.max_bytes");
        read(List.of("processing.wal.max_bytes=1GiB", "archive.max_lag_bytes=1GiB", "archive.on_lag=backpressure"));
    }

    @Test
    void anIngestNodeNeedsAPostgresAndAnEndpoint() {
        assertThat(mistakesOfSets("deployment.role=ingest"))
                .containsExactlyInAnyOrder(
                        "metastore.postgres.connection_string is required for role ingest",
                        "handoff.flight.endpoint is required for role ingest: grpc://host:9401");
        assertThat(mistakesOfSets("deployment.role=ingest", "metastore.postgres.embedded=true",
                "handoff.flight.endpoint=h"))
                .containsExactly("--set: metastore.postgres.embedded is for role standalone alone: name a Postgres in"
                        + " metastore.postgres.connection_string");
    }

    @Test
    void theSampleHoldsEveryDefault() throws Exception {
        Path sample = Path.of("docs/openwit.example.yaml");
        Config config = ConfigReader.read(Optional.of(sample), List.of("node.id=n1"), Optional.empty(), _ -> null);

        List<String> different = new ArrayList<>();
        for (Config.Setting<?> setting : config.settings()) {
            if (!setting.name().equals("node.id") && !setting.key().isPattern()
                    && !setting.value().equals(setting.key().defaultValue())) {
                different.add(setting.name() + " is " + setting.shown());
            }
            if (!setting.key().isPattern() && setting.origin().equals(Config.DEFAULT)) {
                different.add(setting.name() + " is missing");
            }
        }
        assertThat(different).isEmpty();
    }

    private Config read() throws ConfigException {
        return read(List.of());
    }

    private static Config read(List<String> sets) throws ConfigException {
        return ConfigReader.read(Optional.empty(), sets, Optional.empty(), _ -> null);
    }

    private Config read(String yaml) throws ConfigException {
        return read(yaml, Map.of());
    }

    private Config read(String yaml, Map<String, String> environment) throws ConfigException {
        write(yaml);
        return ConfigReader.read(Optional.of(file), List.of(), Optional.empty(), environment::get);
    }

    private List<String> mistakes(String yaml) throws IOException {
        return mistakes(yaml, Map.of());
    }

    private List<String> mistakes(String yaml, Map<String, String> environment) throws IOException {
        return catchThrowableOfType(ConfigException.class, () -> read(yaml, environment)).mistakes();
    }

    private static List<String> mistakesOfSets(String... sets) {
        return catchThrowableOfType(ConfigException.class, () -> read(List.of(sets))).mistakes();
    }

    private void write(String yaml) {
        file = directory.resolve("openwit.yaml");
        try {
            Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
