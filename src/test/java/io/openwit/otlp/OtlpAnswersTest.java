package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.model.Signal;
import io.openwit.otlp.RpcStatus.Code;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OtlpAnswersTest {
    private static final String REASON = "a \"reason\" \\ with\nlines, \u0001 and ☃ 😀";

    @ParameterizedTest
    @EnumSource
    void aResponseWithoutRejectedRowsIsEmpty(Signal signal) {
        Accepted accepted = new Accepted(5, 3, 0, "");

        assertThat(OtlpAnswers.responseProtobuf(accepted)).isEmpty();
        assertThat(text(OtlpAnswers.responseJson(signal, accepted))).isEqualTo("{}");
    }

    @ParameterizedTest
    @EnumSource
    void rejectedRowsAreToldWithTheFirstReason(Signal signal) throws Exception {
        Accepted accepted = new Accepted(5, 0, 300, REASON);
        Message expected = response(signal, 300, REASON);

        assertThat(parse(signal, OtlpAnswers.responseProtobuf(accepted))).isEqualTo(expected);
        Message.Builder json = expected.newBuilderForType();
        JsonFormat.parser().merge(text(OtlpAnswers.responseJson(signal, accepted)), json);
        assertThat(json.build()).isEqualTo(expected);
    }

    @Test
    void aLongReasonIsCutButNeverThroughACharacter() throws Exception {
        String reason = "x".repeat(OtlpAnswers.MAX_REASON_CHARS - 2) + "😀 and more";

        byte[] response = OtlpAnswers.responseProtobuf(new Accepted(0, 0, 1, reason));

        assertThat(ExportLogsServiceResponse.parseFrom(response).getPartialSuccess().getErrorMessage())
                .isEqualTo("x".repeat(OtlpAnswers.MAX_REASON_CHARS - 2) + "…");
    }

    @ParameterizedTest
    @EnumSource
    void aRefusalForGoodHasACodeAndNoDelay(Refusal refusal) throws Exception {
        RpcStatus status = OtlpAnswers.status(new Rejected(refusal, REASON));

        assertThat(status.code().number())
                .isEqualTo(switch (refusal) {
                    case MALFORMED -> com.google.rpc.Code.INVALID_ARGUMENT_VALUE;
                    case UNAUTHENTICATED -> com.google.rpc.Code.UNAUTHENTICATED_VALUE;
                    case FORBIDDEN -> com.google.rpc.Code.PERMISSION_DENIED_VALUE;
                    case TOO_LARGE -> com.google.rpc.Code.RESOURCE_EXHAUSTED_VALUE;
                });
        Status expected = Status.newBuilder()
                .setCode(status.code().number())
                .setMessage(REASON)
                .build();
        assertThat(Status.parseFrom(OtlpAnswers.statusProtobuf(status))).isEqualTo(expected);
        assertThat(json(status)).isEqualTo(expected);
    }

    @Test
    void codesHaveTheirNumbers() {
        for (Code code : Code.values()) {
            assertThat(com.google.rpc.Code.forNumber(code.number()).name()).isEqualTo(code.name());
        }
    }

    @Test
    void throttlingAlwaysNamesTheDelay() throws Exception {
        RpcStatus load = OtlpAnswers.status(new Throttled(false, java.time.Duration.ofMillis(1500), "busy"));
        RpcStatus quota = OtlpAnswers.status(new Throttled(true, java.time.Duration.ofNanos(7), "quota"));
        RpcStatus away = OtlpAnswers.status(new Unavailable("away"));

        assertThat(load.code()).isEqualTo(Code.UNAVAILABLE);
        assertThat(quota.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(away.code()).isEqualTo(Code.UNAVAILABLE);
        assertBothSay(load, Duration.newBuilder().setSeconds(1).setNanos(500_000_000).build());
        assertBothSay(quota, Duration.newBuilder().setNanos(7).build());
        assertBothSay(
                away,
                Duration.newBuilder().setSeconds(OtlpAnswers.RETRY_DELAY.toSeconds()).build());
    }

    private static void assertBothSay(RpcStatus status, Duration delay) throws Exception {
        Status expected = Status.newBuilder()
                .setCode(status.code().number())
                .setMessage(status.message())
                .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()))
                .build();
        assertThat(Status.parseFrom(OtlpAnswers.statusProtobuf(status))).isEqualTo(expected);
        assertThat(json(status)).isEqualTo(expected);
    }

    @Test
    void aStatusFitsTheHeadersThatClientsTake() {
        RpcStatus status = new RpcStatus(Code.INTERNAL, "☃".repeat(5000));

        assertThat(status.message()).hasSize(RpcStatus.MAX_MESSAGE_CHARS).endsWith("…");
        // Each snowman is nine bytes in grpc-message, and four in grpc-status-details-bin.
        assertThat(status.message().length() * (9 + 4)).isLessThan(8192);
    }

    private static Message response(Signal signal, long rejected, String reason) {
        return switch (signal) {
            case LOGS ->
                ExportLogsServiceResponse.newBuilder()
                        .setPartialSuccess(ExportLogsPartialSuccess.newBuilder()
                                .setRejectedLogRecords(rejected)
                                .setErrorMessage(reason))
                        .build();
            case TRACES ->
                ExportTraceServiceResponse.newBuilder()
                        .setPartialSuccess(ExportTracePartialSuccess.newBuilder()
                                .setRejectedSpans(rejected)
                                .setErrorMessage(reason))
                        .build();
            case METRICS ->
                ExportMetricsServiceResponse.newBuilder()
                        .setPartialSuccess(ExportMetricsPartialSuccess.newBuilder()
                                .setRejectedDataPoints(rejected)
                                .setErrorMessage(reason))
                        .build();
        };
    }

    private static Message parse(Signal signal, byte[] response) throws Exception {
        return switch (signal) {
            case LOGS -> ExportLogsServiceResponse.parseFrom(response);
            case TRACES -> ExportTraceServiceResponse.parseFrom(response);
            case METRICS -> ExportMetricsServiceResponse.parseFrom(response);
        };
    }

    private static Status json(RpcStatus status) throws Exception {
        Status.Builder json = Status.newBuilder();
        JsonFormat.TypeRegistry types = JsonFormat.TypeRegistry.newBuilder()
                .add(RetryInfo.getDescriptor())
                .build();
        JsonFormat.parser().usingTypeRegistry(types).merge(text(OtlpAnswers.statusJson(status)), json);
        return json.build();
    }

    private static String text(byte[] json) {
        return new String(json, UTF_8);
    }
}
