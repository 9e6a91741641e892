package io.openwit.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.openwit.load.LoadOptions.Protocol;
import io.openwit.model.Signal;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoadOptionsTest {
    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:4318/", "localhost:4318", "grpc://localhost:4318/"})
    void aTargetHasAHostAndAPort(String target) {
        LoadOptions options = LoadOptions.to(target, Protocol.HTTP).build();

        assertThat(options.target().getHost()).isEqualTo("localhost");
        assertThat(options.target().getPort()).isEqualTo(4318);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "localhost", "https://localhost:4318", "http://:4318", "http://h:99999", "h:1?a=b", "a b"})
    void anotherTargetIsRefusedWithTheFormThatItNeeds(String target) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LoadOptions.to(target, Protocol.HTTP))
                .withMessageContaining("HOST:PORT");
    }

    @Test
    void theRunIdIsMadeOfTheSeedWhereNoneIsGiven() {
        assertThat(LoadOptions.to("h:1", Protocol.GRPC).seed(255).build().runId()).isEqualTo("run-00000000000000ff");
    }

    @Test
    void valuesOutOfBoundsAreRefused() {
        assertRefused("signals", builder -> builder.signals());
        assertRefused("signals", builder -> builder.signals(Signal.LOGS, Signal.LOGS));
        assertRefused("rows per request", builder -> builder.rowsPerRequest(0));
        assertRefused("rows per request", builder -> builder.rowsPerRequest(100_001));
        assertRefused("connections", builder -> builder.connections(0));
        assertRefused("rate", builder -> builder.rowsPerSecond(-1));
        assertRefused("rate", builder -> builder.rowsPerSecond(Double.NaN));
        assertRefused("requests", builder -> builder.maxRequests(0));
        assertRefused("duration", builder -> builder.duration(Duration.ZERO));
        assertRefused("duration", builder -> builder.duration(Duration.ofDays(366)));
        assertRefused("grace", builder -> builder.grace(Duration.ofNanos(-1)));
        assertRefused("request timeout", builder -> builder.requestTimeout(Duration.ZERO));
        assertRefused("duplicates", builder -> builder.duplicates(1.1));
        assertRefused("duplicates", builder -> builder.duplicates(Double.NaN));
        assertRefused("token", builder -> builder.token("two words"));
        assertRefused("run id", builder -> builder.runId("ü"));
    }

    @Test
    void aTokenIsNeverShown() {
        assertThat(LoadOptions.to("h:1", Protocol.GRPC).token("secret").build().toString())
                .doesNotContain("secret");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LoadOptions.to("h:1", Protocol.GRPC).token("se cret").build())
                .withMessageNotContaining("cret");
    }

    private static void assertRefused(String what, UnaryOperator<LoadOptions.Builder> change) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> change.apply(LoadOptions.to("h:1", Protocol.GRPC)).build())
                .withMessageStartingWith(what);
    }
}
