package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.Schemas;
import io.openwit.columnar.SealedRows;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each version of each schema, as it once was written: today's code has to read it for as long as such batches may lie in
/// a log or an archive.
///
/// Of a version there are three files in `golden`: `.schema` holds the schema message, `.batch` a header and behind it the
/// sealed rows, `.json` the same rows as OTLP JSON. They were written once, when the version was made. They are never
/// written again, and nothing here can do it: who changes a schema adds a version and its files.
class GoldenBatchTest {
    private static byte[] golden(String version, String suffix) throws IOException {
        try (InputStream in = GoldenBatchTest.class.getResourceAsStream("/golden/" + version + suffix)) {
            assertThat(in).as(version + suffix + " is missing").isNotNull();
            return in.readAllBytes();
        }
    }

    /// The JSON without the line breaks and indentation that make it readable.
    static String goldenJson(Signal signal) throws IOException {
        return new String(golden(signal.schema(), ".json"), UTF_8).replaceAll("\\n *", "");
    }

    private static Batch goldenBatch(Signal signal) throws Exception {
        ByteBuffer file = ByteBuffer.wrap(golden(signal.schema(), ".batch"));
        BatchHeader header = BatchHeader.decode(file);
        return new Batch(header, file.position(header.encodedBytes()).slice());
    }

    @ParameterizedTest
    @EnumSource
    void theSchemaMessageIsWhatItWas(Signal signal) throws Exception {
        assertThat(Schemas.schemaMessage(signal)).isEqualTo(golden(signal.schema(), ".schema"));
    }

    @ParameterizedTest
    @EnumSource
    void theBatchIsReadAsItWasMeant(Signal signal) throws Exception {
        Batch batch = goldenBatch(signal);
        ByteSink otlp = new ByteSink(1 << 20);
        ByteSink json = new ByteSink(1 << 20);

        new OtlpWriter(SealedRows.open(batch, 1 << 20)).write(otlp);
        new OtlpJsonWriter().toJson(signal, otlp.array(), 0, otlp.length(), json);

        assertThat(new String(json.array(), 0, json.length(), UTF_8)).isEqualTo(goldenJson(signal));
        assertThat(batch.header().schemaVersion()).isEqualTo(1);
        assertThat(batch.header().signal()).isEqualTo(signal);
        assertThat(batch.header().tenant().value()).isEqualTo("acme");
    }

    @ParameterizedTest
    @EnumSource
    void theBatchHasEveryField(Signal signal) throws Exception {
        byte[] json = goldenJson(signal).getBytes(UTF_8);
        ByteSink otlp = new ByteSink(1 << 20);
        new JsonTranscoder().toProtobuf(signal, json, 0, json.length, otlp);
        Message request =
                DrawnOtlp.request(signal).mergeFrom(otlp.array(), 0, otlp.length()).build();

        Set<FieldDescriptor> expected = new HashSet<>();
        RoundTripTest.addReachable(request.getDescriptorForType(), expected);
        expected.removeAll(RoundTripTest.NOT_KEPT);
        Set<FieldDescriptor> found = new HashSet<>();
        RoundTripTest.addSet(request, found);

        assertThat(RoundTripTest.names(found)).isEqualTo(RoundTripTest.names(expected));
    }

    /// What today's code makes of the same JSON need not be the same bytes, but the same rows.
    @ParameterizedTest
    @EnumSource
    void theJsonComesBackThroughTheDoor(Signal signal) throws Exception {
        byte[] json = goldenJson(signal).getBytes(UTF_8);
        ByteSink otlp = new ByteSink(1 << 20);
        new JsonTranscoder().toProtobuf(signal, json, 0, json.length, otlp);
        Reading reading = new Reading(signal).read(Arrays.copyOf(otlp.array(), otlp.length()));

        ByteSink back = new ByteSink(1 << 20);
        new OtlpWriter(SealedRows.open(reading.seal(), 1 << 20)).write(back);
        ByteSink jsonBack = new ByteSink(1 << 20);
        new OtlpJsonWriter().toJson(signal, back.array(), 0, back.length(), jsonBack);

        assertThat(reading.result.rejected()).isZero();
        assertThat(new String(jsonBack.array(), 0, jsonBack.length(), UTF_8)).isEqualTo(goldenJson(signal));
        assertThat(back.array().length).isGreaterThanOrEqualTo(back.length() + Bytes.SLACK);
    }
}
