package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;

/// An Arrow stream of the archive, as the catalogue vouches for it.
///
/// @param ended whether it has its end mark and takes no more
/// @param schemaBytes of the schema message, with which it begins
/// @param length bytes that are vouched for; the file may be longer while it is written to
/// @param batches in the order in which they stand in the file
public record ArchivedFile(
        LocalDate day,
        TenantId tenant,
        Signal signal,
        Path path,
        boolean ended,
        long schemaBytes,
        long length,
        List<Archived> batches) {
    public ArchivedFile {
        batches = List.copyOf(batches);
    }

    public long rows() {
        return batches.stream().mapToLong(Archived::rows).sum();
    }

    /// Of the earliest row; `Long.MAX_VALUE` where no row has a time.
    public long minTimeNanos() {
        return batches.stream().mapToLong(Archived::minTimeNanos).min().orElse(Long.MAX_VALUE);
    }

    /// Of the latest row; `Long.MIN_VALUE` where no row has a time.
    public long maxTimeNanos() {
        return batches.stream().mapToLong(Archived::maxTimeNanos).max().orElse(Long.MIN_VALUE);
    }
}
