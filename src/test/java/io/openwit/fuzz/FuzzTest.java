package io.openwit.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.columnar.SealedRowsTarget;
import io.openwit.otlp.JsonTarget;
import io.openwit.otlp.ProtobufTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A fuzzer led by coverage looks for input that does harm: for some seconds in every build, longer with `-Pdeep`.
///
/// What it finds lies in `target/fuzz`; an input that once did harm belongs to the others in `src/test/resources/fuzz`.
class FuzzTest {
    private static final int SECONDS = Integer.getInteger("openwit.fuzz.seconds", 8);
    private static final Path SEEDS = Path.of("src/test/resources/fuzz").toAbsolutePath();

    enum Target {
        PROTOBUF(ProtobufTarget.class, ProtobufTarget::fuzzerTestOneInput),
        JSON(JsonTarget.class, JsonTarget::fuzzerTestOneInput),
        SEALED(SealedRowsTarget.class, SealedRowsTarget::fuzzerTestOneInput);

        final Class<?> type;
        final Input input;

        Target(Class<?> type, Input input) {
            this.type = type;
            this.input = input;
        }

        Path seeds() {
            return SEEDS.resolve(name().toLowerCase(Locale.ROOT));
        }
    }

    /// A target's method, as the fuzzer calls it.
    private interface Input {
        void run(byte[] input) throws Exception;
    }

    @ParameterizedTest
    @EnumSource
    void everyInputThatWasKeptDoesNoHarm(Target target) throws Exception {
        for (Path seed : FuzzRun.inputs(target.seeds())) {
            try {
                target.input.run(Files.readAllBytes(seed));
            } catch (Exception | Error e) {
                throw new AssertionError("input " + seed.getFileName() + " does harm", e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noInputThatAFuzzerFindsDoesHarm(Target target) throws Exception {
        Path directory = Path.of("target", "fuzz", target.name()).toAbsolutePath();
        FuzzRun.clear(directory);

        FuzzRun run = FuzzRun.of(target.type, target.seeds(), directory, SECONDS);

        assertThat(run.exitCode()).as(run.log()).isZero();
        assertThat(run.runs()).as(run.log()).isGreaterThan(1000);
        // It was led by coverage: our code was instrumented, and inputs were kept because they reached more of it.
        assertThat(run.edges()).as(run.log()).isGreaterThan(500);
        assertThat(run.featuresAfter()).as(run.log()).isGreaterThan(run.featuresBefore());
    }
}
