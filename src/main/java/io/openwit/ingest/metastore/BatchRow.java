package io.openwit.ingest.metastore;

import io.openwit.ingest.wal.Frame;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;

/// What the table of batches says of one frame. Holds no fingerprints, so thousands may wait for Postgres.
///
/// @param minTimeNanos `Long.MAX_VALUE` where no row has a time
/// @param maxTimeNanos `Long.MIN_VALUE` where no row has a time
record BatchRow(
        BatchId id,
        TenantId tenant,
        Signal signal,
        long segment,
        long segmentOffset,
        long position,
        long endPosition,
        int rows,
        int duplicates,
        long sourceBytes,
        long minTimeNanos,
        long maxTimeNanos,
        String sourcesJson,
        long arrivalNanos) {
    static BatchRow of(Frame frame) {
        BatchHeader header = frame.header();
        return new BatchRow(
                frame.id(),
                header.tenant(),
                header.signal(),
                frame.segment(),
                frame.offset(),
                frame.position().bytes(),
                frame.end().bytes(),
                header.rows(),
                frame.duplicates(),
                header.sourceBytes(),
                header.minTime(),
                header.maxTime(),
                SourcesJson.write(header.sources()),
                frame.arrivalNanos());
    }
}
