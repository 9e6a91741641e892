package io.openwit.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import io.openwit.columnar.OpenedRows;
import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Any bytes as an OTLP request on the wire: what the fuzzer calls.
///
/// The first byte of an input chooses the signal, the others are the request.
public final class ProtobufTarget {
    /// Our limits, which protobuf-java does not have, by what the refusal says.
    private static final List<String> OUR_LIMITS =
            List.of("nested deeper than", "groups within one another", "split too often");

    private static final Map<Signal, Reading> READINGS = new EnumMap<>(Signal.class);

    private ProtobufTarget() {}

    /// @throws AssertionError the input was not judged as protobuf-java judges it, or its rows did not come out again
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        Signal signal = signal(input[0]);
        byte[] request = Arrays.copyOfRange(input, 1, input.length);
        try {
            readAndOpen(signal, request);
        } catch (MalformedRequestException e) {
            String why = String.valueOf(e.getMessage());
            if (OUR_LIMITS.stream().noneMatch(why::contains) && protobufAccepts(signal, request)) {
                throw new AssertionError("protobuf-java accepts what we refuse", e);
            }
            return;
        }
        assertThat(protobufAccepts(signal, request)).as("accepted by protobuf-java").isTrue();
    }

    static Signal signal(byte chosen) {
        Signal[] signals = Signal.values();
        return signals[Byte.toUnsignedInt(chosen) % signals.length];
    }

    /// Reads the request as the only one of a batch, seals that, and finds as many rows in it as were counted.
    static void readAndOpen(Signal signal, byte[] request) throws MalformedRequestException, IOException {
        Reading reading = READINGS.computeIfAbsent(signal, Reading::new);
        reading.columns.reset(TenantId.DEFAULT);
        reading.result.clear();
        reading.read(request);
        if (reading.result.rows() == 0) {
            return;
        }
        Batch batch = reading.seal();
        assertThat(batch.header().rows()).isEqualTo((int) reading.result.rows());
        assertThat(OpenedRows.of(signal, batch.rows())).hasSize(batch.header().rows());
    }

    /// Whether protobuf-java accepts the bytes; text that is not UTF-8 is let pass, as we mend it.
    static boolean protobufAccepts(Signal signal, byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        in.setRecursionLimit(1000);
        try {
            DynamicMessage.newBuilder(BytesForTexts.descriptor(signal)).mergeFrom(in);
            in.checkLastTagWas(0);
            return true;
        } catch (InvalidProtocolBufferException e) {
            return false;
        }
    }
}
