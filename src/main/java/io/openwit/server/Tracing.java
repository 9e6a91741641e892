package io.openwit.server;

import io.openwit.model.NodeId;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.Optional;

/// Where the spans of this process go: by OTLP/HTTP to `observability.tracing.endpoint`, or nowhere.
final class Tracing implements AutoCloseable {
    /// Spans that wait; more are dropped, so that tracing never slows the path.
    private static final int MAX_QUEUE = 8192;

    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration SCHEDULE = Duration.ofSeconds(1);

    private final OpenTelemetry spans;
    private final Optional<OpenTelemetrySdk> sdk;

    private Tracing(OpenTelemetry spans, Optional<OpenTelemetrySdk> sdk) {
        this.spans = spans;
        this.sdk = sdk;
    }

    static Tracing of(Config config) {
        Optional<String> endpoint = config.get(ConfigKeys.TRACING_ENDPOINT);
        if (endpoint.isEmpty()) {
            return new Tracing(OpenTelemetry.noop(), Optional.empty());
        }
        NodeId node = config.get(ConfigKeys.NODE_ID_KEY);
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(tracesUrl(endpoint.get()))
                .setTimeout(EXPORT_TIMEOUT)
                .build();
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"), "openwit",
                        AttributeKey.stringKey("service.instance.id"), node.value())))
                .setSampler(Sampler.traceIdRatioBased(config.get(ConfigKeys.TRACING_RATIO)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setMaxQueueSize(MAX_QUEUE)
                        .setScheduleDelay(SCHEDULE)
                        .setExporterTimeout(EXPORT_TIMEOUT)
                        .build())
                .build();
        OpenTelemetrySdk sdk = OpenTelemetrySdk.builder().setTracerProvider(provider).build();
        return new Tracing(sdk, Optional.of(sdk));
    }

    /// `http://host:4318` and `http://host:4318/v1/traces` mean the same.
    static String tracesUrl(String endpoint) {
        String base = endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint;
        return base.endsWith("/v1/traces") ? base : base + "/v1/traces";
    }

    OpenTelemetry spans() {
        return spans;
    }

    /// Sends what waits, for at most the time of an export.
    @Override
    public void close() {
        sdk.ifPresent(OpenTelemetrySdk::close);
    }
}
