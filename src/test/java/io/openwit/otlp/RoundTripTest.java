package io.openwit.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.openwit.columnar.Columns;
import io.openwit.columnar.SealedRows;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/// OTLP → columns → sealed → opened → OTLP gives back what came in: for requests in which every field of the protos is
/// drawn, but for what [CanonicalOtlp] names.
///
/// Attributes beyond the limits of [ReaderLimits] are not drawn, nor is invalid UTF-8, which protobuf-java cannot hold:
/// both have tests of their own.
class RoundTripTest {
    private static final int TRIES = 3400;

    /// Kept from case to case, as a gateway keeps them.
    private static final Map<Signal, Reading> READINGS = new EnumMap<>(Signal.class);

    /// Fields that never come back, each for a reason that [CanonicalOtlp] gives.
    static final Set<FieldDescriptor> NOT_KEPT = Set.of(
            KeyValue.getDescriptor().findFieldByName("key_strindex"),
            AnyValue.getDescriptor().findFieldByName("string_value_strindex"));

    @Property(tries = TRIES, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void logsComeBackAsTheyCame(@ForAll long seed) throws Exception {
        assertComesBack(Signal.LOGS, seed);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void spansComeBackAsTheyCame(@ForAll long seed) throws Exception {
        assertComesBack(Signal.TRACES, seed);
    }

    @Property(tries = TRIES, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void metricsComeBackAsTheyCame(@ForAll long seed) throws Exception {
        assertComesBack(Signal.METRICS, seed);
    }

    /// A field that a later release of the protos adds is drawn, and fails here and above until it is read and written.
    @Example
    void everyFieldOfTheProtosIsDrawnAndComesBack() throws Exception {
        Set<FieldDescriptor> reachable = new HashSet<>();
        Set<FieldDescriptor> drawn = new HashSet<>();
        Set<FieldDescriptor> back = new HashSet<>();
        for (Signal signal : Signal.values()) {
            addReachable(DrawnOtlp.request(signal).getDescriptorForType(), reachable);
            for (int seed = 0; seed < 400; seed++) {
                Message request = new DrawnOtlp(new SplittableRandom(seed)).draw(signal);
                addSet(request, drawn);
                addSet(thereAndBack(signal, request), back);
            }
        }

        assertThat(names(reachable)).hasSizeGreaterThan(120);
        assertThat(names(drawn)).isEqualTo(names(reachable));
        reachable.removeAll(NOT_KEPT);
        assertThat(names(back)).isEqualTo(names(reachable));
    }

    private static void assertComesBack(Signal signal, long seed) throws Exception {
        Message request = new DrawnOtlp(new SplittableRandom(seed)).draw(signal);

        Message back = thereAndBack(signal, request);

        List<Message> expected = CanonicalOtlp.rows(signal, request);
        assertThat(READINGS.get(signal).result.rows()).isEqualTo(expected.size());
        assertThat(CanonicalOtlp.split(signal, back)).isEqualTo(expected);
    }

    /// Through columns and a sealed batch, and back to OTLP; an empty request where no row was accepted.
    private static Message thereAndBack(Signal signal, Message request) throws Exception {
        Reading reading = READINGS.computeIfAbsent(signal, Reading::new);
        Columns columns = reading.columns;
        columns.reset(new TenantId("acme"));
        reading.result.clear();
        reading.read(request);
        ByteSink out = new ByteSink(1 << 24);
        if (columns.rows() > 0) {
            new OtlpWriter(SealedRows.open(reading.seal(), 1 << 24)).write(out);
        }
        return DrawnOtlp.request(signal).mergeFrom(out.array(), 0, out.length()).build();
    }

    static void addReachable(Descriptor message, Set<FieldDescriptor> fields) {
        for (FieldDescriptor field : message.getFields()) {
            if (fields.add(field) && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                addReachable(field.getMessageType(), fields);
            }
        }
    }

    /// Adds the fields that are set and not to their default.
    static void addSet(Message message, Set<FieldDescriptor> fields) {
        message.getAllFields().forEach((field, value) -> {
            List<?> values = field.isRepeated() ? (List<?>) value : List.of(value);
            for (Object each : values) {
                if (each instanceof Message inner) {
                    fields.add(field);
                    addSet(inner, fields);
                } else if (!each.equals(field.isRepeated() ? null : field.getDefaultValue())) {
                    fields.add(field);
                }
            }
        });
    }

    static Set<String> names(Set<FieldDescriptor> fields) {
        Set<String> names = new TreeSet<>();
        fields.forEach(field -> names.add(field.getFullName()));
        return names;
    }
}
