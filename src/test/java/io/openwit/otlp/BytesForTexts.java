package io.openwit.otlp;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.openwit.model.Signal;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import java.util.HashMap;
import java.util.Map;

/// OTLP's descriptors with `bytes` in the place of `string`: protobuf-java then does not mind what is not UTF-8.
final class BytesForTexts {
    private static final Map<String, FileDescriptor> FILES = new HashMap<>();

    private BytesForTexts() {}

    static synchronized Descriptor descriptor(Signal signal) {
        Descriptor original =
                switch (signal) {
                    case LOGS -> ExportLogsServiceRequest.getDescriptor();
                    case TRACES -> ExportTraceServiceRequest.getDescriptor();
                    case METRICS -> ExportMetricsServiceRequest.getDescriptor();
                };
        return file(original.getFile()).findMessageTypeByName(original.getName());
    }

    private static FileDescriptor file(FileDescriptor original) {
        FileDescriptor known = FILES.get(original.getName());
        if (known != null) {
            return known;
        }
        FileDescriptorProto.Builder proto = original.toProto().toBuilder();
        proto.getMessageTypeBuilderList().forEach(BytesForTexts::replace);
        FileDescriptor[] dependencies =
                original.getDependencies().stream().map(BytesForTexts::file).toArray(FileDescriptor[]::new);
        try {
            FileDescriptor built = FileDescriptor.buildFrom(proto.build(), dependencies);
            FILES.put(original.getName(), built);
            return built;
        } catch (DescriptorValidationException e) {
            throw new AssertionError(e);
        }
    }

    private static void replace(DescriptorProto.Builder message) {
        message.getFieldBuilderList().forEach(field -> {
            if (field.getType() == FieldDescriptorProto.Type.TYPE_STRING) {
                field.setType(FieldDescriptorProto.Type.TYPE_BYTES);
            }
        });
        message.getNestedTypeBuilderList().forEach(BytesForTexts::replace);
    }
}
