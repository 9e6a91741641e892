package io.openwit.telemetry;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;

/// Every metric of the system: its name is a promise, its unit is in the name. Thread-safe.
///
/// One instance a process; tests make their own, so nothing is shared between them.
public final class Metrics {
    private static final double[] SECONDS = {
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300
    };

    public final PrometheusRegistry registry = new PrometheusRegistry();

    public final Counter rowsReceived =
            counter("openwit_rows_received_total", "Rows decoded by the gateway", "tenant", "signal", "source");
    public final Counter rowsAccepted =
            counter("openwit_rows_accepted_total", "Rows new in the log", "tenant", "signal", "source");
    public final Counter rowsDuplicate =
            counter("openwit_rows_duplicate_total", "Rows that repeat one in the log", "tenant", "signal", "source");
    public final Counter rowsRefused = counter(
            "openwit_rows_refused_total", "Rows decoded and then refused retryably", "tenant", "signal", "source");
    public final Counter rowsRejected =
            counter("openwit_rows_rejected_total", "Rows refused for their content", "tenant", "signal", "reason");
    public final Counter rowsMended =
            counter("openwit_rows_mended_total", "Rows kept with something put right", "tenant", "signal", "reason");
    public final Counter requestsRefused =
            counter("openwit_requests_refused_total", "Requests refused before decoding", "source", "reason");
    public final Counter bytesReceived =
            counter("openwit_bytes_received_total", "Bytes of requests after decompression", "source");

    public final Counter batches = counter("openwit_ingest_batches_total", "Batches appended", "tenant", "signal");
    public final Counter walBytesWritten =
            counter("openwit_wal_bytes_written_total", "Bytes appended to the short-term WAL");
    public final Counter walBytesPrewritten =
            counter("openwit_wal_bytes_prewritten_total", "Bytes of zeros written to prepare new segments");
    public final Counter archiveBytesWritten =
            counter("openwit_archive_bytes_written_total", "Bytes written to the long-term WAL");
    public final Counter archiveBytesCompacted = counter(
            "openwit_archive_bytes_compacted_total", "Bytes written to make few large files of many small ones");
    public final Counter handoffBytesSent =
            counter("openwit_handoff_bytes_sent_total", "Bytes of batches sent over Flight", "endpoint");
    public final Counter handoffBatches = counter(
            "openwit_handoff_batches_total", "Batches answered, or sent again", "endpoint", "result");
    public final Histogram walWriteMillis = Histogram.builder()
            .name("wal_write_latency_ms")
            .help("Milliseconds from a batch's offer to the log until it is durable")
            .classicUpperBounds(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000)
            .register(registry);
    public final Histogram walForceSeconds = seconds("openwit_wal_force_seconds", "One force of the log's file");
    public final Histogram stageSeconds = seconds("openwit_stage_seconds", "Time spent in a stage", "stage");

    public final Gauge followerLagBytes =
            gauge("openwit_follower_lag_bytes", "Log bytes that a follower has not done", "follower");
    public final Histogram followerLagSeconds =
            seconds("openwit_follower_lag_seconds", "Arrival of a batch until the follower is done with it", "follower");
    public final Counter walCorruptGroups =
            counter("openwit_wal_corrupt_groups_total", "Damaged groups found below the durable position");
    public final Counter walTailBytesDiscarded =
            counter("openwit_wal_tail_bytes_discarded_total", "Bytes of a torn last group that were left out at start");
    public final Gauge dedupEntries = gauge("openwit_dedup_entries", "Fingerprints in the window", "window");
    public final Counter dedupEvictedEarly = counter(
            "openwit_dedup_evicted_early_total", "Fingerprints that left because the window was full", "window");
    public final Gauge dedupWindowSeconds = gauge(
            "openwit_dedup_window_effective_seconds", "Age of the oldest fingerprint that still counts", "window");
    public final Counter archiveGapBytes =
            counter("openwit_archive_gap_bytes_total", "Log bytes that the archive had to leave out");
    public final Gauge memoryPermitsBytes = gauge("openwit_memory_permits_bytes", "Permits for request bytes", "state");
    public final Gauge diskReserveBytes = gauge("openwit_disk_reserve_bytes", "Room on the log's volume", "state");
    public final Gauge walSyncOnWrite = gauge(
            "openwit_wal_sync_on_write", "1: rows are forced to the disk before they are acknowledged; 0: they are not");
    public final Gauge walQueueBytes = gauge("openwit_wal_queue_bytes", "Bytes that wait for the log writer");
    public final Gauge openBatches = gauge("openwit_open_batches", "Batches that are being filled at the gateway");
    public final Counter bulkConnects = counter(
            "openwit_bulk_connects_total", "Streams to an ingest node that were opened, or not", "node", "result");
    public final Gauge bulkBytesInFlight = gauge(
            "openwit_bulk_in_flight_bytes", "Bytes of batches sent to an ingest node that have no answer", "node");
    public final Gauge bulkQueuedBytes =
            gauge("openwit_bulk_queued_bytes", "Bytes of batches from gateways that have no answer");
    public final Gauge alarms = gauge("openwit_alarm", "1 while the alarm stands", "alarm");

    public final Counter storageBatches =
            counter("openwit_storage_batches_total", "Batches answered by storage", "signal", "result");
    public final Counter storageRows = counter("openwit_storage_rows_total", "Rows stored", "signal");
    public final Counter storageBytesWritten =
            counter("openwit_storage_bytes_written_total", "Bytes written by storage", "kind");
    public final Gauge storagePendingRows =
            gauge("openwit_storage_pending_rows", "Rows on the disk that are not yet in Parquet");

    /// What Prometheus calls a metric ends without `_total`; the library adds it.
    private Counter counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private Gauge gauge(String name, String help, String... labels) {
        return Gauge.builder().name(name).help(help).labelNames(labels).register(registry);
    }

    private Histogram seconds(String name, String help, String... labels) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .unit(Unit.SECONDS)
                .classicUpperBounds(SECONDS)
                .labelNames(labels)
                .register(registry);
    }
}
