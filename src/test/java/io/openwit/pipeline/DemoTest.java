package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
    @Test
    @Timeout(120)
    void theDemoEndsWithZeroAndItsBooksBalance(@TempDir Path directory) throws Exception {
        Path errors = directory.resolve("demo.err");
        Process demo = NodeProcess.launch(List.of("demo", "--seconds", "3"), errors);
        String out = new String(demo.getInputStream().readAllBytes(), UTF_8);

        assertThat(demo.waitFor(100, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).as(out + Files.readString(errors)).isZero();
        assertThat(out).contains("logs").contains("traces").contains("metrics").contains("select");
    }
}
