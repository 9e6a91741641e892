package io.openwit.gateway;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.resource.v1.Resource;

/// Bytes of OTLP requests: logs that differ from one another.
final class LogsRequest {
    private final ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    private long next = FakeClocks.START_NANOS + 1;

    static byte[] of(int rows) {
        return new LogsRequest().resource("shop", rows, 10).bytes();
    }

    static byte[] of(int rows, int bodyBytes) {
        return new LogsRequest().resource("shop", rows, bodyBytes).bytes();
    }

    /// A request of so many good rows whose end is cut off.
    static byte[] cut(int rows) {
        byte[] whole = of(rows);
        return java.util.Arrays.copyOf(whole, whole.length - 3);
    }

    LogsRequest resource(String service, int rows, int bodyBytes) {
        ScopeLogs.Builder scope = ScopeLogs.newBuilder();
        for (int row = 0; row < rows; row++) {
            scope.addLogRecords(LogRecord.newBuilder()
                    .setTimeUnixNano(next++)
                    .setObservedTimeUnixNano(next)
                    .setBody(AnyValue.newBuilder().setStringValue("x".repeat(bodyBytes))));
        }
        request.addResourceLogs(ResourceLogs.newBuilder()
                .setResource(Resource.newBuilder()
                        .addAttributes(KeyValue.newBuilder()
                                .setKey("service.name")
                                .setValue(AnyValue.newBuilder().setStringValue(service))))
                .addScopeLogs(scope));
        return this;
    }

    /// The same row, time included, so many times.
    static byte[] ofEqualRows(int rows, int bodyBytes) {
        LogsRequest equal = new LogsRequest();
        equal.resource("shop", 1, bodyBytes);
        ScopeLogs.Builder scope = equal.request.getResourceLogsBuilder(0).getScopeLogsBuilder(0);
        LogRecord row = scope.getLogRecords(0);
        for (int more = 1; more < rows; more++) {
            scope.addLogRecords(row);
        }
        return equal.bytes();
    }

    byte[] bytes() {
        return request.build().toByteArray();
    }
}
