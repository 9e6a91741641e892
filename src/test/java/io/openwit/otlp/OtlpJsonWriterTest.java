package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.openwit.model.Signal;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/// How the JSON looks is in the files that [GoldenBatchTest] reads.
class OtlpJsonWriterTest {
    private static String json(Signal signal, byte[] request) throws MalformedRequestException {
        ByteSink out = new ByteSink(1 << 24);
        byte[] slack = Arrays.copyOf(request, request.length + 8);
        new OtlpJsonWriter().toJson(signal, slack, 0, request.length, out);
        return new String(out.array(), 0, out.length(), UTF_8);
    }

    private static ByteString logs(ByteString record) {
        ByteString scope = field(2, record);
        return field(1, field(2, scope));
    }

    private static ByteString field(int number, ByteString content) {
        return UnknownFieldSet.newBuilder()
                .addField(number, UnknownFieldSet.Field.newBuilder().addLengthDelimited(content).build())
                .build()
                .toByteString();
    }

    private static ByteString body(AnyValue value) {
        return LogRecord.newBuilder().setBody(value).build().toByteString();
    }

    private static String record(String members) {
        return "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" + members + "}]}]}]}";
    }

    @Property(tries = 1500, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void theJsonDoorReadsTheSameRequest(@ForAll Signal signal, @ForAll long seed) throws Exception {
        Message request = new DrawnOtlp(new SplittableRandom(seed)).draw(signal);

        byte[] json = json(signal, request.toByteArray()).getBytes(UTF_8);

        ByteSink out = new ByteSink(1 << 24);
        new JsonTranscoder().toProtobuf(signal, json, 0, json.length, out);
        Message back = DrawnOtlp.request(signal).mergeFrom(out.array(), 0, out.length()).build();
        assertThat(back).isEqualTo(request);
    }

    @Example
    void partsOfASplitMessageAreMerged() throws Exception {
        ByteString first = body(AnyValue.newBuilder().setArrayValue(strings("a")).build());
        ByteString second = body(AnyValue.newBuilder().setArrayValue(strings("b")).build());

        assertThat(json(Signal.LOGS, logs(first.concat(second)).toByteArray()))
                .isEqualTo(record("\"body\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"a\"},{\"stringValue\":\"b\"}]}}"));
    }

    @Example
    void theLastMemberOfAOneofStands() throws Exception {
        ByteString array = AnyValue.newBuilder().setArrayValue(strings("a")).build().toByteString();
        ByteString text = AnyValue.newBuilder().setStringValue("t").build().toByteString();
        ByteString other = AnyValue.newBuilder().setArrayValue(strings("b")).build().toByteString();

        assertThat(json(Signal.LOGS, logs(field(5, array.concat(text))).toByteArray()))
                .isEqualTo(record("\"body\":{\"stringValue\":\"t\"}"));
        assertThat(json(Signal.LOGS, logs(field(5, array.concat(text).concat(other))).toByteArray()))
                .isEqualTo(record("\"body\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"b\"}]}}"));
    }

    private static ArrayValue strings(String value) {
        return ArrayValue.newBuilder()
                .addValues(AnyValue.newBuilder().setStringValue(value))
                .build();
    }

    @Example
    void unknownFieldsAreLeftOutAndInvalidTextIsMended() throws Exception {
        ByteString text = field(3, ByteString.copyFrom(new byte[] {'a', (byte) 0xff, '"'}));
        ByteString unknown = field(99, ByteString.copyFromUtf8("?"));

        assertThat(json(Signal.LOGS, logs(unknown.concat(text)).toByteArray()))
                .isEqualTo(record("\"severityText\":\"a\ufffd\\\"\""));
    }

    @Example
    void whatIsCutOrTooDeepIsRefused() {
        byte[] whole = ExportLogsServiceRequest.newBuilder()
                .addResourceLogs(ResourceLogs.newBuilder()
                        .addScopeLogs(ScopeLogs.newBuilder()
                                .addLogRecords(LogRecord.newBuilder().setSeverityText("text"))))
                .build()
                .toByteArray();
        AnyValue deep = AnyValue.getDefaultInstance();
        for (int i = 0; i < 300; i++) {
            deep = AnyValue.newBuilder()
                    .setArrayValue(ArrayValue.newBuilder().addValues(deep))
                    .build();
        }
        byte[] deepRequest = logs(body(deep)).toByteArray();

        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> json(Signal.LOGS, cut)).isInstanceOf(MalformedRequestException.class);
        }
        assertThatThrownBy(() -> json(Signal.LOGS, deepRequest)).hasMessageContaining("nested deeper than 256");
    }
}
