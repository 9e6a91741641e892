package io.openwit.gateway;

import io.openwit.gateway.OpenBatch.Key;
import io.openwit.gateway.OpenBatch.Part;
import io.openwit.model.Batch;
import io.openwit.model.BatchConsumer;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Accepted;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.telemetry.Metrics;
import io.openwit.telemetry.Telemetry;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Brings sealed batches to their nodes, each on a virtual thread of its own, and tells the requests in them what
/// became of their rows. Thread-safe.
///
/// What is under way is bounded by the permits of the requests, which keep them until they are answered. A batch whose
/// node is unavailable is offered again, alone, [GatewayConfig#sendAttempts] times in all.
final class Delivery {
    private static final Logger LOG = Logger.getLogger(Delivery.class.getName());

    private final GatewayConfig config;
    private final List<BatchConsumer> nodes;
    private final Metrics metrics;
    private final Jitter jitter;
    private final Executor virtualThreads;

    Delivery(
            GatewayConfig config,
            List<BatchConsumer> nodes,
            Telemetry telemetry,
            Jitter jitter,
            Executor virtualThreads) {
        this.config = config;
        this.nodes = nodes;
        this.metrics = telemetry.metrics();
        this.jitter = jitter;
        this.virtualThreads = virtualThreads;
    }

    /// Sends a batch; returns at once.
    void send(Key key, Batch batch, List<Part> parts) {
        try {
            virtualThreads.execute(() -> settle(key, parts, offer(key, batch, OpenBatch.rowsOf(parts))));
        } catch (RejectedExecutionException e) {
            settle(key, parts, new Unavailable("the gateway is stopping"));
        }
    }

    /// Counts the rows of a batch by their fate, then answers its requests.
    void settle(Key key, List<Part> parts, Outcome outcome) {
        String tenant = key.tenant().value();
        String signal = key.signal().label();
        int rows = OpenBatch.rowsOf(parts);
        switch (outcome) {
            case Accepted accepted -> {
                metrics.rowsAccepted.labelValues(tenant, signal, key.source()).inc(accepted.rows());
                metrics.rowsDuplicate.labelValues(tenant, signal, key.source()).inc(accepted.duplicates());
                if (accepted.rejected() > 0) {
                    metrics.rowsRejected.labelValues(tenant, signal, "ingest_node").inc(accepted.rejected());
                }
            }
            case Rejected rejected ->
                metrics.rowsRejected.labelValues(tenant, signal, rejected.refusal().label()).inc(rows);
            case Throttled throttled -> metrics.rowsRefused.labelValues(tenant, signal, key.source()).inc(rows);
            case Unavailable unavailable -> metrics.rowsRefused.labelValues(tenant, signal, key.source()).inc(rows);
        }
        OpenBatch.answer(parts, outcome);
    }

    private Outcome offer(Key key, Batch batch, int rows) {
        long pauseNanos = config.sendBackoff().toNanos();
        for (int attempt = 1; ; attempt++) {
            Outcome outcome = consume(key, batch, rows);
            if (!(outcome instanceof Unavailable) || attempt == config.sendAttempts()) {
                return outcome;
            }
            LockSupport.parkNanos(this, jitter.around(pauseNanos));
            pauseNanos *= 2;
        }
    }

    private Outcome consume(Key key, Batch batch, int rows) {
        try {
            Outcome outcome = nodes.get(key.route()).consume(batch);
            if (outcome instanceof Accepted accepted
                    && accepted.rows() + accepted.duplicates() + accepted.rejected() != rows) {
                LOG.log(
                        Level.SEVERE,
                        "answer does not add up: route={0} rows={1} answer={2}",
                        new Object[] {key.route(), rows, accepted});
                return new Unavailable("the ingest node's answer does not add up");
            }
            return outcome;
        } catch (RuntimeException | Error e) {
            // Whatever it was, the requests must hear; they may come again.
            LOG.log(Level.SEVERE, "batch not delivered: route=" + key.route() + " rows=" + rows, e);
            return new Unavailable("the gateway failed to deliver the batch");
        }
    }
}
