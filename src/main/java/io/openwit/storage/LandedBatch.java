package io.openwit.storage;

import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.time.LocalDate;

/// Where a batch lies in a landing file, and what its Parquet file is chosen by.
///
/// @param offset of its entry in the file
/// @param newestNanos time of its newest row, ns since 1970; 0 where no row has one
/// @param metadataBytes length of the metadata behind the entry's head
/// @param sealedBytes length of the sealed rows behind the metadata
/// @param checksum CRC32C over both
record LandedBatch(
        BatchId id,
        TenantId tenant,
        Signal signal,
        int rows,
        long newestNanos,
        long offset,
        int metadataBytes,
        int sealedBytes,
        int checksum) {
    private static final long DAY_NANOS = 86_400_000_000_000L;

    /// The UTC day of the newest row: known from the content alone, so that it is the same wherever the batch goes.
    LocalDate day() {
        return LocalDate.ofEpochDay(Math.floorDiv(newestNanos, DAY_NANOS));
    }
}
