package io.openwit.guards;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Holds the table of rooms in ARCHITECTURE.md: who may use whom, and which library lives where.
class ArchitectureTest {
    private static final String BASE = "io.openwit.";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.openwit");

    /// A room, and the other rooms that it may use. `server` may use everything and stands nowhere on the right.
    private static final Map<String, List<String>> MAY_USE = rooms();

    private static Map<String, List<String>> rooms() {
        Map<String, List<String>> table = new LinkedHashMap<>();
        table.put("model", List.of());
        table.put("telemetry", List.of("model"));
        table.put("columnar", List.of("model"));
        table.put("otlp", List.of("model", "columnar"));
        table.put("source", List.of());
        table.put("source.grpc", List.of("source", "model", "telemetry", "otlp", "gateway"));
        table.put("source.http", List.of("source", "model", "telemetry", "otlp", "gateway"));
        table.put("gateway", List.of("model", "telemetry", "otlp", "columnar"));
        table.put("bulk", List.of("model", "telemetry"));
        table.put("ingest", List.of("model", "telemetry", "ingest.dedup", "ingest.wal"));
        table.put("ingest.dedup", List.of("model"));
        table.put("ingest.wal", List.of("model", "telemetry"));
        table.put("ingest.archive", List.of("model", "telemetry", "ingest.wal", "ingest.handoff", "columnar"));
        table.put("ingest.handoff", List.of("model", "telemetry", "ingest.wal", "columnar"));
        table.put("ingest.metastore", List.of("model", "telemetry", "ingest.wal"));
        table.put("storage", List.of("model", "telemetry", "columnar"));
        table.put("console", List.of("model", "telemetry"));
        table.put("load", List.of("model", "columnar"));
        return table;
    }

    /// A library's packages, and the rooms that may use it.
    private static final Map<String, List<String>> HOMES = Map.of(
            "org.apache.arrow..", List.of("columnar", "ingest.handoff", "ingest.archive", "storage"),
            "io.grpc..", List.of("source.grpc", "bulk", "ingest.handoff", "storage", "control", "load"),
            "org.apache.kafka..", List.of("source.kafka", "load"),
            "java.sql..", List.of("ingest.metastore", "storage"),
            "org.duckdb..", List.of("storage"),
            "org.eclipse.jetty..", List.of("source.http", "console"),
            "org.snakeyaml..", List.of(),
            "picocli..", List.of());

    @Test
    void everyClassStandsInARoomOfTheTable() {
        TreeSet<String> strangers = new TreeSet<>();
        for (JavaClass type : CLASSES) {
            String room = type.getPackageName().substring("io.openwit".length());
            if (!room.equals(".server") && (room.isEmpty() || !MAY_USE.containsKey(room.substring(1)))) {
                strangers.add(type.getName());
            }
        }

        assertThat(strangers).isEmpty();
        assertThat(MAY_USE.keySet()).allSatisfy(room -> assertThat(CLASSES.containPackage(BASE + room))
                .as("room " + room + " is in the table and has a class")
                .isTrue());
    }

    @Test
    void aRoomUsesOnlyTheRoomsThatTheTableNames() {
        List<String> broken = new ArrayList<>();
        MAY_USE.forEach((room, allowed) -> {
            List<String> forbidden = new ArrayList<>(MAY_USE.keySet());
            forbidden.add("server");
            forbidden.remove(room);
            forbidden.removeAll(allowed);
            String[] packages = forbidden.stream().map(name -> BASE + name).toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(BASE + room)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(packages)
                    .evaluate(CLASSES)
                    .getFailureReport()
                    .getDetails()
                    .forEach(broken::add);
        });

        assertThat(broken).isEmpty();
    }

    @Test
    void roomsHaveNoCycles() {
        slices().matching("io.openwit.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyLibraryHasItsHome() {
        List<String> broken = new ArrayList<>();
        HOMES.forEach((library, homes) -> {
            List<String> packages = new ArrayList<>(List.of(BASE + "server.."));
            homes.forEach(home -> packages.add(BASE + home));
            noClasses()
                    .that(DescribedPredicate.not(resideInAnyPackage(packages.toArray(String[]::new))))
                    .should()
                    .dependOnClassesThat(resideInAPackage(library))
                    .evaluate(CLASSES)
                    .getFailureReport()
                    .getDetails()
                    .forEach(broken::add);
        });

        assertThat(broken).isEmpty();
    }

    @Test
    void onlyTheServerReadsClocksAndMakesThreads() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE + "server")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.time.Clock.class, "systemUTC")
                .orShould()
                .callMethod(java.time.LocalDate.class, "now")
                .orShould()
                .callMethod(java.time.InstantSource.class, "system")
                .orShould()
                .callConstructor(Thread.class)
                .orShould()
                .callMethod(Thread.class, "ofVirtual")
                .orShould()
                .callMethod(Thread.class, "ofPlatform")
                .orShould()
                .callMethod(Thread.class, "startVirtualThread", Runnable.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.util.concurrent.Executors.class)
                .check(CLASSES);
    }
}
