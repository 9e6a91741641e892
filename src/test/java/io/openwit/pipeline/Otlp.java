package io.openwit.pipeline;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import com.google.protobuf.ByteString;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// Small OTLP requests whose rows are told apart by a number, and a client that posts them.
final class Otlp {
    static final HttpClient HTTP = HttpClient.newHttpClient();

    /// 2026-03-01T00:00:00.000000001Z; finer than a second, so that rows are datable.
    private static final long FIRST_NANOS = 1_772_323_200_000_000_001L;

    private Otlp() {}

    /// Log rows `first` (inclusive) to `first + rows` of a service, each with its number in the attribute `n`.
    static byte[] logs(String service, int first, int rows) {
        var request = ExportLogsServiceRequest.newBuilder();
        var scope = request.addResourceLogsBuilder().setResource(resource(service)).addScopeLogsBuilder();
        for (int n = first; n < first + rows; n++) {
            scope.addLogRecords(LogRecord.newBuilder()
                    .setTimeUnixNano(FIRST_NANOS + n)
                    .setSeverityNumberValue(9)
                    .setBody(AnyValue.newBuilder().setStringValue("row " + n))
                    .addAttributes(number(n)));
        }
        return request.build().toByteArray();
    }

    static byte[] traces(String service, int first, int rows) {
        var request = ExportTraceServiceRequest.newBuilder();
        var scope = request.addResourceSpansBuilder().setResource(resource(service)).addScopeSpansBuilder();
        for (int n = first; n < first + rows; n++) {
            scope.addSpans(Span.newBuilder()
                    .setTraceId(ByteString.copyFrom(ByteBuffer.allocate(16).putLong(1).putLong(n + 1).flip()))
                    .setSpanId(ByteString.copyFrom(ByteBuffer.allocate(8).putLong(n + 1).flip()))
                    .setName("span")
                    .setStartTimeUnixNano(FIRST_NANOS + n)
                    .setEndTimeUnixNano(FIRST_NANOS + n + 10)
                    .addAttributes(number(n)));
        }
        return request.build().toByteArray();
    }

    static byte[] metrics(String service, int first, int rows) {
        var request = ExportMetricsServiceRequest.newBuilder();
        var scope = request.addResourceMetricsBuilder().setResource(resource(service)).addScopeMetricsBuilder();
        var gauge = Gauge.newBuilder();
        for (int n = first; n < first + rows; n++) {
            gauge.addDataPoints(NumberDataPoint.newBuilder()
                    .setTimeUnixNano(FIRST_NANOS + n)
                    .setAsInt(n)
                    .addAttributes(number(n)));
        }
        scope.addMetrics(Metric.newBuilder().setName("depth").setGauge(gauge));
        return request.build().toByteArray();
    }

    private static Resource resource(String service) {
        return Resource.newBuilder()
                .addAttributes(KeyValue.newBuilder()
                        .setKey("service.name")
                        .setValue(AnyValue.newBuilder().setStringValue(service)))
                .build();
    }

    private static KeyValue number(int n) {
        return KeyValue.newBuilder()
                .setKey("n")
                .setValue(AnyValue.newBuilder().setIntValue(n))
                .build();
    }

    /// Posts a protobuf body to `/v1/{signal}` of a node's HTTP door; `headers` are name, value, name, value …
    static HttpResponse<byte[]> post(NodeProcess node, String signal, byte[] body, String... headers)
            throws IOException, InterruptedException {
        return post(node.url("http", "/v1/" + signal), "application/x-protobuf", body, headers);
    }

    static HttpResponse<byte[]> post(URI uri, String contentType, byte[] body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (!contentType.isEmpty()) {
            request.header("Content-Type", contentType);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
}
