package io.openwit.ingest;

import io.openwit.model.NodeId;
import io.openwit.model.TenantId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// What an ingest node is told.
///
/// @param dataDir the node's; its log lies in `wal/` below
/// @param segmentBytes of one file of the log
/// @param maxBytes of all of them, at least two segments
/// @param reserveBytes that stay free on the volume
/// @param syncOnWrite the one durability knob: `false` answers before the force
/// @param dedup whether duplicates are dropped
/// @param dedupOfTenant the same for single tenants, where it differs
/// @param rowWindow for which a row matches by itself
/// @param maxRows fingerprints in that window
/// @param partWindow for which a whole request matches
/// @param maxParts fingerprints in that window
/// @param maxQueueBytes of batches that have no answer yet; beyond it they are refused for a while
public record IngestConfig(
        Path dataDir,
        NodeId node,
        long segmentBytes,
        long maxBytes,
        long reserveBytes,
        boolean syncOnWrite,
        boolean dedup,
        Map<TenantId, Boolean> dedupOfTenant,
        Duration rowWindow,
        int maxRows,
        Duration partWindow,
        int maxParts,
        long maxQueueBytes) {
    public IngestConfig {
        dedupOfTenant = Map.copyOf(dedupOfTenant);
        if (maxQueueBytes < 1) {
            throw new IllegalArgumentException("the queue has no room: " + maxQueueBytes);
        }
    }

    /// Where the log lies.
    public Path logDirectory() {
        return dataDir.resolve("wal");
    }

    boolean dedups(TenantId tenant) {
        return dedupOfTenant.getOrDefault(tenant, dedup);
    }

    Duration longestWindow() {
        return rowWindow.compareTo(partWindow) > 0 ? rowWindow : partWindow;
    }
}
