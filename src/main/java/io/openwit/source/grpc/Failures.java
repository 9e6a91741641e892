package io.openwit.source.grpc;

import io.openwit.model.Signal;
import io.openwit.otlp.RpcStatus;
import io.openwit.otlp.RpcStatus.Code;
import io.openwit.telemetry.Metrics;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Counts what this door refuses by itself, and deals with mistakes of ours: one is logged once, and the caller hears
/// that there was one. Thread-safe.
record Failures(Metrics metrics) {
    private static final Logger LOG = Logger.getLogger(Failures.class.getName());

    void count(String reason) {
        metrics.requestsRefused.labelValues(OtlpGrpcServer.SOURCE, reason).inc();
    }

    RpcStatus refusal(Signal signal, Throwable mistake) {
        LOG.log(Level.SEVERE, "export failed: source=grpc signal=" + signal.label(), mistake);
        count("internal");
        return new RpcStatus(Code.INTERNAL, "an internal error, which the server has logged");
    }
}
