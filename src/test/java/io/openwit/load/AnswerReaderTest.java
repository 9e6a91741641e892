package io.openwit.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class AnswerReaderTest {
    private static final UnknownFieldSet UNKNOWN = UnknownFieldSet.newBuilder()
            .addField(9, UnknownFieldSet.Field.newBuilder().addVarint(300).build())
            .addField(10, UnknownFieldSet.Field.newBuilder().addFixed32(1).build())
            .addField(11, UnknownFieldSet.Field.newBuilder().addFixed64(2).build())
            .addField(12, UnknownFieldSet.Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8("new")).build())
            .build();
    private static final byte[] RESPONSE = ExportMetricsServiceResponse.newBuilder()
            .setPartialSuccess(ExportMetricsPartialSuccess.newBuilder()
                    .setRejectedDataPoints(5_000_000_000L)
                    .setErrorMessage("zu alt, größer")
                    .setUnknownFields(UNKNOWN))
            .setUnknownFields(UNKNOWN)
            .build()
            .toByteArray();
    private static final byte[] STATUS = status(Duration.newBuilder().setSeconds(2).setNanos(500_000_000).build());

    private static byte[] status(Duration delay) {
        return Status.newBuilder()
                .setCode(14)
                .setMessage("busy")
                .addDetails(Any.newBuilder()
                        .setTypeUrl("type.example/other")
                        .setValue(ByteString.copyFromUtf8("\u0008\u0009")))
                .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()))
                .setUnknownFields(UNKNOWN)
                .build()
                .toByteArray();
    }

    @Test
    void anEmptyResponseRejectsNothing() throws Exception {
        assertThat(AnswerReader.exportResponse(new byte[0])).isEqualTo(new AnswerReader.PartialSuccess(0, ""));
    }

    @Test
    void rejectedRowsAndTheirReasonAreReadAmongFieldsThatNobodyKnows() throws Exception {
        assertThat(AnswerReader.exportResponse(RESPONSE))
                .isEqualTo(new AnswerReader.PartialSuccess(5_000_000_000L, "zu alt, größer"));
    }

    @Test
    void theDelayIsFoundBehindOtherDetails() throws Exception {
        assertThat(AnswerReader.status(STATUS)).isEqualTo(new AnswerReader.Status("busy", 2_500_000_000L));
    }

    @Test
    void aStatusWithoutRetryInfoAsksForNoDelayAndAnEmptyOneForNone() throws Exception {
        byte[] without = Status.newBuilder().setMessage("bad").build().toByteArray();

        assertThat(AnswerReader.status(without)).isEqualTo(new AnswerReader.Status("bad", -1));
        assertThat(AnswerReader.status(status(Duration.getDefaultInstance())).retryDelayNanos()).isZero();
    }

    @Test
    void delaysOutOfBoundsAreRefused() {
        for (Duration delay : new Duration[] {
            Duration.newBuilder().setSeconds(-1).build(),
            Duration.newBuilder().setSeconds(Long.MAX_VALUE).build(),
            Duration.newBuilder().setNanos(-1).build(),
        }) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> AnswerReader.status(status(delay)));
        }
    }

    @Test
    void whateverTheBytesAreTheReaderAnswersOrThrowsAnIOException() {
        Random random = new Random(4711);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] original = i % 2 == 0 ? RESPONSE : STATUS;
            byte[] bytes = Arrays.copyOf(original, random.nextInt(original.length + 1));
            for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(AnswerReader.exportResponse(bytes)).isNotNull();
                assertThat(AnswerReader.status(bytes)).isNotNull();
            } catch (IOException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(1_000, 19_000);
    }
}
