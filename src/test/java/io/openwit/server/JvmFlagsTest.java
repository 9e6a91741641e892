package io.openwit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import org.junit.jupiter.api.Test;

class JvmFlagsTest {
    private static final List<String> ALL =
            List.of(JvmFlags.OPEN_NIO, JvmFlags.UNSAFE_MEMORY, JvmFlags.NATIVE_ACCESS, "-Xmx1g");

    @Test
    void theFirstFlagThatIsMissingIsNamed() {
        assertThat(JvmFlags.missing(false, false, List.of())).contains(JvmFlags.OPEN_NIO);
        assertThat(JvmFlags.missing(true, false, ALL)).contains(JvmFlags.NATIVE_ACCESS);
        assertThat(JvmFlags.missing(true, true, List.of("-Xmx1g"))).contains(JvmFlags.UNSAFE_MEMORY);
        assertThat(JvmFlags.missing(true, true, ALL)).isEmpty();
    }

    @Test
    void theTestsThemselvesRunWithAllFlags() {
        assertThatCode(JvmFlags::check).doesNotThrowAnyException();
    }
}
