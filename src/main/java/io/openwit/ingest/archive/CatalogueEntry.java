package io.openwit.ingest.archive;

import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;

/// One line of a day's catalogue. Files are numbered from 0 in the order in which the day began them.
public sealed interface CatalogueEntry {
    /// Number of the file in its day.
    int file();

    /// A stream has begun; its schema message is its first bytes.
    ///
    /// @param name of the file in `tenant=T/signal=S`
    /// @param length of the schema message in bytes
    record Begun(int file, TenantId tenant, Signal signal, String name, long length) implements CatalogueEntry {}

    /// A batch stands in a stream.
    ///
    /// @param id of the batch
    /// @param position where in the log its frame begins, in bytes since the log began
    /// @param offset where in the file its note begins, behind which its messages follow
    /// @param length of its note and its messages in bytes
    /// @param rows rows written, duplicates left out
    /// @param minTimeNanos nanoseconds since 1970 of the earliest row; `Long.MAX_VALUE` where no row has a time
    /// @param maxTimeNanos of the latest; `Long.MIN_VALUE` where no row has a time
    /// @param arrivalNanos when the log took it
    record Archived(
            int file,
            BatchId id,
            long position,
            long offset,
            long length,
            int rows,
            long minTimeNanos,
            long maxTimeNanos,
            long arrivalNanos)
            implements CatalogueEntry {}

    /// A stream has its end mark and takes no more.
    ///
    /// @param length of the whole file in bytes
    record Ended(int file, long length) implements CatalogueEntry {}
}
