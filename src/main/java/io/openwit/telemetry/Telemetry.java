package io.openwit.telemetry;

import io.openwit.model.Clocks;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;

/// What a room needs to be seen from outside: metrics, alarms and spans. Thread-safe.
public final class Telemetry {
    private final Metrics metrics = new Metrics();
    private final Alarms alarms = new Alarms(metrics);
    private final Clocks clocks;
    private final Tracer tracer;

    /// @param spans where spans go; [OpenTelemetry#noop] where nobody looks
    public Telemetry(Clocks clocks, OpenTelemetry spans) {
        this.clocks = clocks;
        this.tracer = spans.getTracer("io.openwit");
    }

    public Metrics metrics() {
        return metrics;
    }

    public Alarms alarms() {
        return alarms;
    }

    /// Starts the clock of a stage; close what is returned, on any thread, when the stage ends.
    public Timing begin(Stage stage) {
        return new Timing(stage, clocks.monotonicNanos(), tracer.spanBuilder(stage.label()).startSpan());
    }

    /// Records a stage that was timed elsewhere; it leaves no span.
    public void record(Stage stage, long nanos) {
        metrics.stageSeconds.labelValues(stage.label()).observe(nanos / 1e9);
    }

    /// A stage under way: one observation of `openwit_stage_seconds` and one span.
    public final class Timing implements AutoCloseable {
        private final Stage stage;
        private final long startNanos;
        private final Span span;

        private Timing(Stage stage, long startNanos, Span span) {
            this.stage = stage;
            this.startNanos = startNanos;
            this.span = span;
        }

        /// Names the batch, tenant or whatever the stage is about, in the span alone.
        public Timing with(String key, String value) {
            span.setAttribute(key, value);
            return this;
        }

        public Timing with(String key, long value) {
            span.setAttribute(key, value);
            return this;
        }

        public Timing failed(String why) {
            span.setStatus(StatusCode.ERROR, why);
            return this;
        }

        @Override
        public void close() {
            record(stage, clocks.monotonicNanos() - startNanos);
            span.end();
        }
    }
}
