package io.openwit.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.model.Signal;
import java.io.IOException;
import java.util.Arrays;

/// Any bytes as an OTLP request in JSON: what the fuzzer calls.
///
/// The first byte of an input chooses the signal, the others are the text.
public final class JsonTarget {
    private static final JsonTranscoder TRANSCODER = new JsonTranscoder();
    private static final ByteSink SINK = new ByteSink(16 << 20);

    private JsonTarget() {}

    /// @throws AssertionError what was transcoded is no protobuf, or longer than promised, or its rows did not come out
    ///     again
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        Signal signal = ProtobufTarget.signal(input[0]);
        SINK.clear();
        int length;
        try {
            length = TRANSCODER.toProtobuf(signal, input, 1, input.length - 1, SINK);
        } catch (MalformedRequestException e) {
            return;
        }
        assertThat(length).isLessThanOrEqualTo(JsonTranscoder.MAX_GROWTH * (input.length - 1));
        byte[] request = Arrays.copyOf(SINK.array(), length);
        assertThat(ProtobufTarget.protobufAccepts(signal, request)).as("accepted by protobuf-java").isTrue();
        try {
            ProtobufTarget.readAndOpen(signal, request);
        } catch (MalformedRequestException e) {
            throw new AssertionError("what was transcoded cannot be read", e);
        }
    }
}
