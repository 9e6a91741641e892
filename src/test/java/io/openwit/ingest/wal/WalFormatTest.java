package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.OpenTelemetry;
import io.openwit.model.BatchHeader;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example in `docs/wal.md` is what this program writes, byte for byte.
class WalFormatTest {
    private static final Path CHAPTER = Path.of("docs/wal.md");

    /// A block of the example: its first line names the file and its length.
    private static final Pattern BLOCK = Pattern.compile("(?s)```\\n(\\S+), (\\d+) bytes\\n(.*?)```");

    /// `1000  4f 57 47 52               magic`.
    private static final Pattern LINE = Pattern.compile("(?m)^([0-9a-f]{4})  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?$");

    @TempDir
    Path dir;

    @Test
    void theExampleOfTheChapterIsWhatIsWritten() throws IOException {
        write();

        Map<String, byte[]> told = new TreeMap<>();
        for (MatchResult block : BLOCK.matcher(Files.readString(CHAPTER)).results().toList()) {
            byte[] bytes = new byte[Integer.parseInt(block.group(2))];
            Matcher line = LINE.matcher(block.group(3));
            while (line.find()) {
                byte[] part = HexFormat.ofDelimiter(" ").parseHex(line.group(2));
                System.arraycopy(part, 0, bytes, Integer.parseInt(line.group(1), 16), part.length);
            }
            told.put(block.group(1), bytes);
        }

        assertThat(told).containsOnlyKeys("000001.wal", "handoff.position");
        told.forEach((name, bytes) -> {
            byte[] written = bytesOf(dir.resolve(name));
            assertThat(written).as(name).hasSameSizeAs(bytes);
            int differs = Arrays.mismatch(bytes, written);
            assertThat(differs).as("%s differs from docs/wal.md at %04x", name, differs).isEqualTo(-1);
        });
    }

    /// A node `n1` that takes two batches, of which the second repeats a row of the first, and is stopped.
    private void write() throws IOException {
        ManualClocks clocks = new ManualClocks();
        LogConfig config =
                new LogConfig(dir, new NodeId("n1"), 64 << 10, 128 << 10, 0, true, Duration.ofSeconds(300));
        Log log = Log.open(
                config, new FileDisk(), clocks, new Random(1), new Telemetry(clocks, OpenTelemetry.noop()), () -> 0);
        Follower handoff = log.follower("handoff", true);
        clocks.pass(1_000_000);
        log.append(log.stamp(), List.of(new Log.Entry(batch(1, 2), new long[0], 0, rows("rows 1, 2")),
                new Log.Entry(batch(2, 3), new long[] {0b01}, 1, rows("rows 2, 3"))));
        log.force();
        handoff.next();
        handoff.advance(new WalPosition(handoff.next().end().bytes()));
        handoff.commit();
        log.close();
    }

    private static BatchHeader batch(int first, int second) {
        return new BatchHeader.Writer(Signal.LOGS, new TenantId("acme"), 2, 1, List.of())
                .row(0xA0 + first, 0xB0 + first, true)
                .row(0xA0 + second, 0xB0 + second, true)
                .part(0xC0 + first, 0xD0 + first, 2, true)
                .sourceBytes(400)
                .times(1_799_999_999_000_000_001L, 1_799_999_999_000_000_002L)
                .finish();
    }

    private static ByteBuffer rows(String text) {
        return ByteBuffer.wrap(text.getBytes(US_ASCII));
    }

    private static byte[] bytesOf(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
