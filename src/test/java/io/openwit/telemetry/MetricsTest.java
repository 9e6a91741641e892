package io.openwit.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.openwit.model.Clocks;
import io.opentelemetry.api.OpenTelemetry;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final Clocks STILL = new Clocks() {
        @Override
        public long wallNanos() {
            return 0;
        }

        @Override
        public long monotonicNanos() {
            return 0;
        }
    };

    private final Telemetry telemetry = new Telemetry(STILL, OpenTelemetry.noop());

    @Test
    void namesAreThosePromised() throws IOException {
        telemetry.metrics().rowsReceived.labelValues("default", "logs", "grpc").inc(3);
        telemetry.metrics().batches.labelValues("default", "logs").inc();
        telemetry.metrics().walWriteMillis.observe(1);
        telemetry.begin(Stage.FORCE).close();

        assertThat(exposition())
                .contains("openwit_rows_received_total{signal=\"logs\",source=\"grpc\",tenant=\"default\"} 3")
                .contains("openwit_ingest_batches_total{signal=\"logs\",tenant=\"default\"} 1")
                .contains("wal_write_latency_ms_count 1")
                .contains("openwit_stage_seconds_count{stage=\"force\"} 1");
    }

    @Test
    void anAlarmStandsUntilItIsCleared() throws IOException {
        telemetry.alarms().raise("postgres-unreachable", "cannot reach 127.0.0.1:1");
        assertThat(telemetry.alarms().standing()).containsEntry("postgres-unreachable", "cannot reach 127.0.0.1:1");
        assertThat(exposition()).contains("openwit_alarm{alarm=\"postgres-unreachable\"} 1");

        telemetry.alarms().clear("postgres-unreachable");
        assertThat(telemetry.alarms().standing()).isEmpty();
        assertThat(exposition()).contains("openwit_alarm{alarm=\"postgres-unreachable\"} 0");
    }

    private String exposition() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrometheusTextFormatWriter.create().write(out, telemetry.metrics().registry.scrape());
        return out.toString(StandardCharsets.UTF_8);
    }
}
