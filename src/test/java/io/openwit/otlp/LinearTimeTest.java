package io.openwit.otlp;

import static io.openwit.otlp.OtlpReaderBadInputTest.concat;
import static io.openwit.otlp.OtlpReaderBadInputTest.message;
import static io.openwit.otlp.OtlpReaderTest.entry;
import static io.openwit.otlp.OtlpReaderTest.log;
import static io.openwit.otlp.OtlpReaderTest.logs;
import static io.openwit.otlp.OtlpReaderTest.number;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.logs.v1.LogRecord;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/// No input takes more than its share of time: sixteen times as much of the same takes about sixteen times as long.
///
/// What is quadratic takes 256 times as long. The bound lies between; the time is that which the processor gave to the
/// thread, and the best of several attempts counts: so whatever else runs on the machine makes no difference.
class LinearTimeTest {
    private static final int SMALL = 6_250;
    private static final int TIMES = 16;
    private static final double BOUND = 64;
    private static final int ATTEMPTS = 10;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// Below so much a clock and a collector say more than the input.
    private static final long NEGLIGIBLE_NANOS = 20_000_000;

    private static final ReaderLimits WIDE = new ReaderLimits(
            1_000_000, 1 << 28, true, Long.MAX_VALUE, Long.MAX_VALUE, 1L << 40, ReaderLimits.DEPTH);

    private interface Work {
        void run() throws Exception;
    }

    private static void assertLinear(IntFunction<Work> workOf) throws Exception {
        Work small = workOf.apply(SMALL);
        Work large = workOf.apply(TIMES * SMALL);
        long forSmall = Long.MAX_VALUE;
        long forLarge = Long.MAX_VALUE;
        for (int i = 0; i < ATTEMPTS && !(i > 1 && linear(forSmall, forLarge)); i++) {
            forSmall = Math.min(forSmall, nanos(small));
            forLarge = Math.min(forLarge, nanos(large));
        }
        assertThat(linear(forSmall, forLarge))
                .as("%s ms, and %s ms for sixteen times as much", forSmall / 1e6, forLarge / 1e6)
                .isTrue();
    }

    private static boolean linear(long forSmall, long forLarge) {
        return forLarge < BOUND * forSmall || forLarge < NEGLIGIBLE_NANOS;
    }

    private static long nanos(Work work) throws Exception {
        long start = THREADS.getCurrentThreadCpuTime();
        work.run();
        return THREADS.getCurrentThreadCpuTime() - start;
    }

    private static Work reading(byte[] request) {
        Reading reading = new Reading(Signal.LOGS, WIDE);
        return () -> {
            reading.columns.reset(TenantId.DEFAULT);
            try {
                reading.read(request);
            } catch (MalformedRequestException e) {
                // A refusal is an answer too; its time is what is measured.
            }
        };
    }

    private static Work transcoding(String json) {
        byte[] text = json.getBytes(UTF_8);
        JsonTranscoder transcoder = new JsonTranscoder();
        ByteSink sink = new ByteSink(1 << 26);
        return () -> {
            sink.clear();
            try {
                transcoder.toProtobuf(Signal.LOGS, text, 0, text.length, sink);
            } catch (MalformedRequestException e) {
                // As above.
            }
        };
    }

    private static byte[] request(byte[] record) {
        return message(1, message(2, message(2, record)));
    }

    private static byte[] times(int count, IntFunction<byte[]> piece) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            out.writeBytes(piece.apply(i));
        }
        return out.toByteArray();
    }

    @Test
    void manyAttributesWithDifferentKeys() throws Exception {
        assertLinear(count -> reading(attributes(count, i -> "key " + i * 7919L % count)));
    }

    @Test
    void manyAttributesWithOneKey() throws Exception {
        assertLinear(count -> reading(attributes(count, i -> "k")));
    }

    /// Half of the keys are what the other half would be renamed to.
    @Test
    void manyAttributesWhoseKeysStandInTheWayOfTheirRenaming() throws Exception {
        assertLinear(count -> reading(attributes(count, i -> i % 2 == 0 ? "k" : "k#" + (i / 2 + 2))));
    }

    private static byte[] attributes(int count, IntFunction<String> key) {
        LogRecord.Builder record = log();
        for (int i = 0; i < count; i++) {
            record.addAttributes(entry(key.apply(i), number(i)));
        }
        return logs(record.build()).toByteArray();
    }

    @Test
    void aBodyInManyPieces() throws Exception {
        byte[] piece = message(5, message(5, message(1, number(1).toByteArray())));
        assertLinear(count -> reading(request(times(count, i -> piece))));
    }

    @Test
    void aBodyAndAnAttributeInManyPiecesThatTakeTurns() throws Exception {
        byte[] value = message(2, number(1).toByteArray());
        byte[] pieces = concat(
                message(5, message(5, message(1, number(1).toByteArray()))), message(6, concat(value, value)));
        assertLinear(count -> reading(request(times(count, i -> pieces))));
    }

    @Test
    void aResourceInManyPieces() throws Exception {
        byte[] piece = message(1, message(1, entry("a", "b").toByteArray()));
        byte[] row = message(2, message(2, log().build().toByteArray()));
        assertLinear(count -> reading(message(1, concat(times(count, i -> piece), row))));
    }

    @Test
    void manyScopesWithoutRows() throws Exception {
        byte[] scope = message(2, message(1, message(1, "scope".getBytes(UTF_8))));
        assertLinear(count -> reading(message(1, times(count, i -> scope))));
    }

    @Test
    void manyDigits() throws Exception {
        for (String number : new String[] {"%s", "0.%s", "1e%s", "\"%s\"", "\"0.%s\"", "1e-%s"}) {
            assertLinear(count -> transcoding("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":"
                    + number.formatted("7".repeat(40 * count)) + "}]}]}]}"));
        }
    }

    @Test
    void manyNumbersAsLongAsTheyMayBe() throws Exception {
        String record = "{\"body\":{\"doubleValue\":0." + "7".repeat(900) + "}}";
        assertLinear(count -> transcoding("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":["
                + (record + ",").repeat(count / 50) + record + "]}]}]}"));
    }

    @Test
    void manyUnknownNames() throws Exception {
        assertLinear(count -> {
            StringBuilder json = new StringBuilder("{");
            for (int i = 0; i < count; i++) {
                json.append("\"n").append(i % 1000).append(i % 1000 == 999 ? "\":{}},{" : "\":{},");
            }
            return transcoding("{\"resourceLogs\":[" + json + "\"x\":0}]}");
        });
    }

    /// Each value of an attribute is moved when its length turns out to be long; a nested one is not moved again.
    @Test
    void longStringsInsideDeepValues() throws Exception {
        String open = "{\"arrayValue\":{\"values\":[".repeat(63);
        String close = "]}}".repeat(63);
        assertLinear(count -> transcoding("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":" + open
                + "{\"stringValue\":\"" + "a".repeat(40 * count) + "\"}" + close + "}]}]}]}"));
    }

    @Test
    void manyEscapes() throws Exception {
        assertLinear(count -> transcoding("{\"resourceLogs\":[{\"schemaUrl\":\"" + "\\u00e9".repeat(count) + "\"}]}"));
    }
}
