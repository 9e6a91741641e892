package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.Type;
import com.google.protobuf.Message;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.trace.v1.Span;
import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.Field;
import io.openwit.otlp.OtlpMessages.Kind;
import io.openwit.otlp.OtlpMessages.MessageType;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTranscoderTest {
    private static final long SEED = 20251124;

    private final JsonTranscoder transcoder = new JsonTranscoder();
    private final ByteSink sink = new ByteSink(16 << 20);

    @ParameterizedTest
    @EnumSource
    void theTableHasEveryFieldOfTheProtocolAndNoOther(Signal signal) {
        compare(OtlpMessages.request(signal), empty(signal).getDescriptorForType(), new HashSet<>());
    }

    private static void compare(MessageType table, Descriptor descriptor, Set<Descriptor> done) {
        if (!done.add(descriptor)) {
            return;
        }
        assertThat(table.count()).as(descriptor.getFullName()).isEqualTo(descriptor.getFields().size());
        for (FieldDescriptor expected : descriptor.getFields()) {
            String where = expected.getFullName();
            Field field = table.find(expected.getJsonName());
            assertThat(field).as(where).isNotNull();
            assertThat(field.number()).as(where).isEqualTo(expected.getNumber());
            assertThat(field.repeated()).as(where).isEqualTo(expected.isRepeated());
            assertThat(field.oneof()).as(where).isEqualTo(expected.getRealContainingOneof() != null);
            if (expected.getType() == Type.BYTES) {
                boolean id = expected.getName().endsWith("_id");
                assertThat(field.kind()).as(where).isEqualTo(id ? Kind.HEX : Kind.BASE64);
            } else {
                assertThat(field.kind().name()).as(where).isEqualTo(expected.getType().name());
            }
            if (expected.getType() == Type.MESSAGE) {
                compare(field.message(), expected.getMessageType(), done);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatProtobufSaysInJsonComesOutEqual(Signal signal) throws Exception {
        for (int i = 0; i < 400; i++) {
            OtlpJson json = new OtlpJson(new SplittableRandom(SEED + i));
            Message request = json.fill(empty(signal).newBuilderForType(), 9).build();
            String text = json.print(request);

            assertThat(transcode(signal, text)).as("seed %d: %s", SEED + i, text).isEqualTo(request);
        }
    }

    @Test
    void theExamplesOfTheSpecificationAreRead() throws Exception {
        Span span = span("""
                {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"eee19b7ec3c1b173",
                 "name":"I'm a server span","startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
                 "kind":2,"flags":257,"attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}],
                 "status":{"code":1}}""");

        assertThat(span.getTraceId()).isEqualTo(ByteString.fromHex("5b8efff798038103d269b633813fc60c"));
        assertThat(span.getParentSpanId()).isEqualTo(ByteString.fromHex("eee19b7ec3c1b173"));
        assertThat(span.getStartTimeUnixNano()).isEqualTo(1544712660000000000L);
        assertThat(span.getEndTimeUnixNano()).isEqualTo(1544712661000000000L);
        assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
        assertThat(span.getAttributes(0).getValue().getStringValue()).isEqualTo("some value");
    }

    @Test
    void aNullFieldIsUnset() throws Exception {
        LogRecord log = log("""
                {"body":{"stringValue":null,"intValue":"7"},"attributes":null,"timeUnixNano":null,"traceId":null}""");

        assertThat(log.getBody()).isEqualTo(AnyValue.newBuilder().setIntValue(7).build());
        assertThat(log.toBuilder().clearBody().build()).isEqualTo(LogRecord.getDefaultInstance());
    }

    @Test
    void unknownNamesAreIgnoredWithAllThatIsInThem() throws Exception {
        LogRecord log = log("""
                {"time_unix_nano":"1","severity_text":["a",{"b":null,"c":[true,false,1e3,"\\u0041"]}],"":{},
                 "severityText":"WARN","trace_id":"zz"}""");

        assertThat(log).isEqualTo(LogRecord.newBuilder().setSeverityText("WARN").build());
    }

    /// Strings are read by words of eight bytes: what is no plain letter is found wherever in a word it stands.
    @Test
    void stringsOfEveryLengthAreReadWhateverStandsInThem() throws Exception {
        for (String special : new String[] {"", "\\n", "é", "☃", "😀", "\\\"", "\\u00e9", "\u007f"}) {
            for (int before = 0; before < 20; before++) {
                for (int behind = 0; behind < 20; behind++) {
                    String text = "a".repeat(before) + special + "b".repeat(behind);
                    String expected = text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\u00e9", "é");

                    assertThat(log("{\"severityText\":\"" + text + "\"}").getSeverityText()).isEqualTo(expected);
                    String broken = "{\"severityText\":\"" + text + "\u0007\"}";
                    assertThatThrownBy(() -> log(broken)).hasMessageContaining("control character");
                }
            }
        }
    }

    /// Names are tried in the order in which they came last time; another order must not matter.
    @Test
    void theOrderOfNamesMakesNoDifference() throws Exception {
        String[] members = {
            "\"severityText\":\"WARN\"", "\"eventName\":\"e\"", "\"flags\":1", "\"severityNumber\":9", "\"severity\":1"
        };
        LogRecord expected = log("{" + String.join(",", members) + "}");
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 500; i++) {
            for (int j = members.length - 1; j > 0; j--) {
                int other = random.nextInt(j + 1);
                String swapped = members[j];
                members[j] = members[other];
                members[other] = swapped;
            }
            String space = random.nextBoolean() ? " " : "";

            assertThat(log("{" + String.join("," + space, members).replace("\":", "\"" + space + ":") + space + "}"))
                    .isEqualTo(expected);
        }
    }

    @Test
    void aNameMayBeWrittenWithEscapes() throws Exception {
        assertThat(log("{\"severity\\u0054ext\":\"WARN\"}").getSeverityText()).isEqualTo("WARN");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1", "\"1\", 1", "-0, 0", "1.0, 1", "12e2, 1200", "1200e-2, 12", "0e999999, 0",
        "9223372036854775807, 9223372036854775807", "\"-9223372036854775808\", -9223372036854775808",
        "9007199254740993, 9007199254740993"
    })
    void aWholeNumberIsANumberOrAString(String json, long value) throws Exception {
        assertThat(log("{\"body\":{\"intValue\":" + json + "}}").getBody().getIntValue()).isEqualTo(value);
    }

    @Test
    void unsignedNumbersReachTheirWholeRange() throws Exception {
        assertThat(log("{\"timeUnixNano\":\"18446744073709551615\"}").getTimeUnixNano()).isEqualTo(-1);
        assertThat(log("{\"flags\":4294967295}").getFlags()).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({
        "1.5, 1.5", "\"-0.1\", -0.1", "\"NaN\", NaN", "\"Infinity\", Infinity", "\"-Infinity\", -Infinity",
        "1e308, 1e308", "5e-324, 5e-324", "1e-999999, 0", "1e-99999999999, 0", "123456789012345678901234567890, 123456789012345678901234567890",
        "0.30000000000000004, 0.30000000000000004", "-0, -0.0", "-0.0, -0.0", "1E+2, 100"
    })
    void aFloatIsANumberOrAString(String json, double value) throws Exception {
        assertThat(log("{\"body\":{\"doubleValue\":" + json + "}}").getBody().getDoubleValue())
                .isEqualTo(Double.valueOf(value));
    }

    @ParameterizedTest
    @CsvSource({"AAEC/w==, 000102ff", "AAEC_w, 000102ff", "-_-_, fbffbf", "'', ''", "AA, 00", "AAE=, 0001"})
    void bytesAreBase64InEitherAlphabet(String base64, String hex) throws Exception {
        assertThat(log("{\"body\":{\"bytesValue\":\"" + base64 + "\"}}").getBody().getBytesValue())
                .isEqualTo(ByteString.fromHex(hex));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"timeUnixNano\":1.5}",
        "{\"timeUnixNano\":-1}",
        "{\"timeUnixNano\":\"18446744073709551616\"}",
        "{\"timeUnixNano\":\"\"}",
        "{\"timeUnixNano\":\" 1\"}",
        "{\"timeUnixNano\":\"+1\"}",
        "{\"timeUnixNano\":\"1x\"}",
        "{\"timeUnixNano\":true}",
        "{\"timeUnixNano\":01}",
        "{\"timeUnixNano\":1.}",
        "{\"timeUnixNano\":.5}",
        "{\"timeUnixNano\":1e}",
        "{\"timeUnixNano\":-}",
        "{\"timeUnixNano\":1e999999}",
        "{\"timeUnixNano\":1e-1}",
        "{\"timeUnixNano\":1e99999999999}",
        "{\"flags\":4294967296}",
        "{\"severityNumber\":2147483648}",
        "{\"severityNumber\":\"SEVERITY_NUMBER_WARN\"}",
        "{\"severityNumber\":\"9\"}",
        "{\"severityText\":5}",
        "{\"severityText\":[\"a\"]}",
        "{\"attributes\":{}}",
        "{\"attributes\":[null]}",
        "{\"attributes\":[{}],}",
        "{\"attributes\":[{},]}",
        "{\"attributes\":[{} {}]}",
        "{\"body\":\"text\"}",
        "{\"body\":{\"intValue\":9223372036854775808}}",
        "{\"body\":{\"intValue\":\"-9223372036854775809\"}}",
        "{\"body\":{\"doubleValue\":NaN}}",
        "{\"body\":{\"doubleValue\":1e309}}",
        "{\"body\":{\"doubleValue\":\"nan\"}}",
        "{\"body\":{\"doubleValue\":\"0x1p3\"}}",
        "{\"body\":{\"boolValue\":\"true\"}}",
        "{\"body\":{\"boolValue\":1}}",
        "{\"body\":{\"stringValue\":\"a\",\"intValue\":\"1\"}}",
        "{\"body\":{\"bytesValue\":\"A\"}}",
        "{\"body\":{\"bytesValue\":\"AA=\"}}",
        "{\"body\":{\"bytesValue\":\"A===\"}}",
        "{\"body\":{\"bytesValue\":\"AA*A\"}}",
        "{\"body\":{\"bytesValue\":\"AAAA=\"}}",
        "{\"traceId\":\"abc\"}",
        "{\"traceId\":\"zz\"}",
        "{\"severityText\":\"a\",\"severityText\":\"a\"}",
        "{\"severityText\":null,\"severityText\":\"a\"}",
        "{\"severity\\u0054ext\":\"a\",\"severityText\":\"a\"}",
        "{\"unknown\":1,\"unknown\":1}",
        "{\"unknown\":1,\"unkno\\u0077n\":1}",
        "{\"unknown\":{\"a\":1,\"a\":2}}",
        "{\"unknown\":tru}",
        "{\"unknown\":nul}",
        "{\"unknown\":'a'}",
        "{\"unknown\":\"\\x\"}",
        "{\"unknown\":\"\\u12G4\"}",
        "{\"unknown\":\"\u0001\"}",
        "{\"unknown\":/**/1}",
        "{\"unknown\"}",
        "{unknown:1}",
        "{\"severityText\":\"\\ud800\"}",
        "{\"severityText\":\"\\udc00\"}",
        "{\"severityText\":\"\\ud800\\ud800\"}",
        "{\"severityText\":\"\\ud800x\"}",
        "{\"severityText\":\"open",
        "{\"severityText\":\"\\",
    })
    void whatIsNoOtlpIsRefused(String log) {
        assertThatThrownBy(() -> log(log)).isInstanceOf(MalformedRequestException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "[]", "null", "\"\"", "{", "}", "{}{}", "{} x", "{},", "{\"resourceLogs\":[{}}", "\uFEFF{}"})
    void whatIsNoObjectAloneIsRefused(String text) {
        assertThatThrownBy(() -> transcode(Signal.LOGS, text)).isInstanceOf(MalformedRequestException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"C0AF", "C1BF", "80", "E08080", "EDA080", "F08080AF", "F4908080", "F5808080", "FF", "C3", "E282", "E2"})
    void textThatIsNotUtf8IsRefused(String hex) {
        ByteString text = ByteString.copyFromUtf8("{\"resourceLogs\":[{\"schemaUrl\":\"")
                .concat(ByteString.fromHex(hex))
                .concat(ByteString.copyFromUtf8("\"}]}"));

        assertThatThrownBy(() -> transcode(Signal.LOGS, text.toByteArray())).isInstanceOf(MalformedRequestException.class);
        assertThatThrownBy(() -> transcode(Signal.LOGS, "{}".getBytes(UTF_16LE)))
                .isInstanceOf(MalformedRequestException.class);
    }

    @Test
    void valuesNestSixtyFourDeepAndNoDeeper() throws Exception {
        AnyValue deepest = AnyValue.newBuilder().setIntValue(1).build();
        for (int depth = 2; depth <= 64; depth++) {
            deepest = AnyValue.newBuilder()
                    .setArrayValue(ArrayValue.newBuilder().addValues(deepest))
                    .build();
        }
        String accepted = "{\"body\":" + nestedBody(64) + "}";

        assertThat(log(accepted).getBody()).isEqualTo(deepest);
        assertThatThrownBy(() -> log("{\"body\":" + nestedBody(65) + "}")).isInstanceOf(MalformedRequestException.class);
        assertThatThrownBy(() -> log("{\"body\":" + nestedBody(10_000) + "}"))
                .isInstanceOf(MalformedRequestException.class);
        log("{\"attributes\":[{\"key\":\"a\",\"value\":" + nestedBody(64) + "}]}");
        assertThatThrownBy(() -> log("{\"attributes\":[{\"key\":\"a\",\"value\":" + nestedBody(65) + "}]}"))
                .isInstanceOf(MalformedRequestException.class);
        log("{\"x\":" + "[".repeat(64) + "]".repeat(64) + "}");
        assertThatThrownBy(() -> log("{\"x\":" + "[".repeat(65) + "]".repeat(65) + "}"))
                .isInstanceOf(MalformedRequestException.class);
        assertThatThrownBy(() -> log("{\"x\":" + "{\"a\":".repeat(1_000_000))).isInstanceOf(MalformedRequestException.class);
    }

    private static String nestedBody(int depth) {
        return "{\"arrayValue\":{\"values\":[".repeat(depth - 1) + "{\"intValue\":\"1\"}" + "]}}".repeat(depth - 1);
    }

    @Test
    void aMegabyteOfDigitsIsRefusedAtOnce() {
        String digits = "7".repeat(1 << 20);
        for (String number : new String[] {digits, "0." + digits, "1e" + digits, "\"" + digits + "\"", "1e-" + digits}) {
            assertThatThrownBy(() -> log("{\"timeUnixNano\":" + number + "}")).isInstanceOf(MalformedRequestException.class);
            assertThatThrownBy(() -> log("{\"body\":{\"doubleValue\":" + number + "}}"))
                    .isInstanceOf(MalformedRequestException.class);
        }
    }

    @Test
    void aMillionUnknownNamesAreRefusedAndNothingOfThemIsKept() throws Exception {
        StringBuilder names = new StringBuilder("{\"resourceLogs\":[");
        for (int i = 0; i < 200_000; i++) {
            names.append(i == 0 ? "" : ",").append("{\"n").append(i).append("\":0}");
        }
        assertThat(transcode(Signal.LOGS, names + "]}")).isInstanceOf(ExportLogsServiceRequest.class);

        String oneObject = names.toString().replace("},{", ",");
        assertThatThrownBy(() -> transcode(Signal.LOGS, oneObject + "]}")).hasMessageContaining("unknown names");
    }

    @Test
    void aRequestThatGrowsBeyondTheSinkIsRefused() {
        JsonTranscoder small = new JsonTranscoder();
        byte[] json = "{\"resourceLogs\":[{\"schemaUrl\":\"0123456789\"}]}".getBytes(UTF_8);

        assertThatThrownBy(() -> small.toProtobuf(Signal.LOGS, json, 0, json.length, new ByteSink(10)))
                .isInstanceOf(LargeRequestException.class);
    }

    @Test
    void theProtobufIsNeverLongerThanFourTimesTheJson() throws Exception {
        String zeros = "0,".repeat(100_000) + "0";
        String numbers = """
                {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":[%s]}]}}]}]}]}"""
                .formatted(zeros);
        assertThat(growth(Signal.METRICS, numbers)).isBetween(0.99 * JsonTranscoder.MAX_GROWTH, 1.0 * JsonTranscoder.MAX_GROWTH);
        assertThat(growth(Signal.LOGS, "{\"resourceLogs\":[" + "{},".repeat(100_000) + "{}]}"))
                .isLessThan(JsonTranscoder.MAX_GROWTH);
        for (Signal signal : Signal.values()) {
            for (int i = 0; i < 200; i++) {
                OtlpJson json = new OtlpJson(new SplittableRandom(SEED + i));
                Message request = json.fill(empty(signal).newBuilderForType(), 9).build();

                assertThat(growth(signal, OtlpJson.plain().print(request)))
                        .as("seed %d", SEED + i)
                        .isLessThan(JsonTranscoder.MAX_GROWTH);
            }
        }
    }

    private double growth(Signal signal, String json) throws MalformedRequestException {
        byte[] text = json.getBytes(UTF_8);
        sink.clear();
        return (double) transcoder.toProtobuf(signal, text, 0, text.length, sink) / text.length;
    }

    @Test
    void memoryThatDoesNotGrowIsNoFaultOfTheRequest() {
        ByteSink none = new ByteSink(1 << 20, new ByteSink.Memory() {
            @Override
            public byte[] grow(byte[] array, int used, int size) {
                return null;
            }

            @Override
            public void release(byte[] array) {
                throw new AssertionError("nothing was lent");
            }
        });
        byte[] json = "{\"resourceLogs\":[{}]}".getBytes(UTF_8);

        assertThatThrownBy(() -> transcoder.toProtobuf(Signal.LOGS, json, 0, json.length, none))
                .isInstanceOf(NoRoomException.class);
        none.release();
    }

    @Test
    void aComplaintSaysWhereAndRepeatsNothing() {
        assertThatThrownBy(() -> transcode(Signal.LOGS, "  {\"resourceLogs\": secret}"))
                .hasMessage("malformed JSON at byte 19: expected '['");
    }

    /// Jackson is told to be strict where it can be; what is UTF-8 and what is a pair of surrogates it does not judge.
    @Test
    void whatIsJsonIsJudgedAsJacksonDoes() throws Exception {
        JsonFactory jackson = JsonFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build();
        SplittableRandom random = new SplittableRandom(SEED);
        String alphabet = "{}[]:,\"\\0123456789eE+-.truefalsnu /bx\n\u0002";
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder(
                    "{\"a\":[1,-2.5e+3,\"x\\n\\u0041\\\"\",true],\"b\":{\"c\":null,\"d\":{}},\"e\":false,\"f\":[],\"g\":0.5}");
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                int at = random.nextInt(text.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(3)) {
                    case 0 -> text.setCharAt(at, c);
                    case 1 -> text.insert(at, c);
                    default -> text.deleteCharAt(at);
                }
            }
            boolean ours = accepts(text.toString());
            refused += ours ? 0 : 1;
            assertThat(ours).as(text.toString()).isEqualTo(jacksonAccepts(jackson, text.toString()));
        }
        assertThat(refused).isBetween(2_000, 19_000);
    }

    private boolean accepts(String text) {
        try {
            transcode(Signal.LOGS, text);
            return true;
        } catch (MalformedRequestException e) {
            return false;
        } catch (IOException e) {
            throw new AssertionError("what was written cannot be read", e);
        }
    }

    private static boolean jacksonAccepts(JsonFactory jackson, String text) throws IOException {
        if (!text.startsWith("{")) {
            return false;
        }
        try (JsonParser parser = jackson.createParser(text)) {
            parser.nextToken();
            parser.skipChildren();
            return parser.nextToken() == null;
        } catch (JsonParseException e) {
            return false;
        }
    }

    @Test
    void pointsKeepWhichNumberTheyHad() throws Exception {
        ExportMetricsServiceRequest request = (ExportMetricsServiceRequest) transcode(Signal.METRICS, """
                {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[
                {"asInt":"0"},{"asDouble":0},{}]}}]}]}]}""");

        assertThat(request.getResourceMetrics(0)
                        .getScopeMetrics(0)
                        .getMetrics(0)
                        .getGauge()
                        .getDataPointsList())
                .extracting(NumberDataPoint::getValueCase)
                .containsExactly(
                        NumberDataPoint.ValueCase.AS_INT,
                        NumberDataPoint.ValueCase.AS_DOUBLE,
                        NumberDataPoint.ValueCase.VALUE_NOT_SET);
    }

    private LogRecord log(String json) throws MalformedRequestException, IOException {
        String request = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" + json + "]}]}]}";
        return ((ExportLogsServiceRequest) transcode(Signal.LOGS, request))
                .getResourceLogs(0)
                .getScopeLogs(0)
                .getLogRecords(0);
    }

    private Span span(String json) throws MalformedRequestException, IOException {
        String request = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[" + json + "]}]}]}";
        return ((ExportTraceServiceRequest) transcode(Signal.TRACES, request))
                .getResourceSpans(0)
                .getScopeSpans(0)
                .getSpans(0);
    }

    private Message transcode(Signal signal, String json) throws MalformedRequestException, IOException {
        return transcode(signal, json.getBytes(UTF_8));
    }

    /// The text stands in the middle of a larger array, whose other bytes may not be read.
    private Message transcode(Signal signal, byte[] json) throws MalformedRequestException, IOException {
        byte[] around = new byte[json.length + 16];
        Arrays.fill(around, (byte) '"');
        System.arraycopy(json, 0, around, 7, json.length);
        sink.clear();
        int length = transcoder.toProtobuf(signal, around, 7, json.length, sink);
        assertThat(length).isEqualTo(sink.length());
        assertThat(sink.array().length).isGreaterThanOrEqualTo(length + ByteSink.SLACK_BYTES);
        // OTLP's own limit is 64 AnyValues; protobuf-java would stop at 100 messages of any kind.
        CodedInputStream in =
                CodedInputStream.newInstance(sink.array(), 0, length);
        in.setRecursionLimit(1000);
        Message.Builder request = empty(signal).newBuilderForType();
        request.mergeFrom(in);
        return request.build();
    }

    private static Message empty(Signal signal) {
        return switch (signal) {
            case LOGS -> ExportLogsServiceRequest.getDefaultInstance();
            case TRACES -> ExportTraceServiceRequest.getDefaultInstance();
            case METRICS -> ExportMetricsServiceRequest.getDefaultInstance();
        };
    }
}
