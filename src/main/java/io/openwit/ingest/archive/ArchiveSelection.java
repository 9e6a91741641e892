package io.openwit.ingest.archive;

import io.openwit.ingest.archive.CatalogueEntry.Archived;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.time.LocalDate;
import java.util.Optional;

/// Which part of an archive is meant.
///
/// @param day all days where it is empty; likewise tenant and signal
/// @param fromArrivalNanos nanoseconds since 1970: batches that arrived then or later
/// @param toArrivalNanos and before then
public record ArchiveSelection(
        Optional<LocalDate> day,
        Optional<TenantId> tenant,
        Optional<Signal> signal,
        long fromArrivalNanos,
        long toArrivalNanos) {
    /// All there is.
    public static final ArchiveSelection ALL = new ArchiveSelection(
            Optional.empty(), Optional.empty(), Optional.empty(), Long.MIN_VALUE, Long.MAX_VALUE);

    boolean holds(LocalDate candidate) {
        return day.isEmpty() || day.get().equals(candidate);
    }

    boolean holds(ArchivedFile file) {
        return (tenant.isEmpty() || tenant.get().equals(file.tenant()))
                && (signal.isEmpty() || signal.get() == file.signal());
    }

    boolean holds(Archived batch) {
        return batch.arrivalNanos() >= fromArrivalNanos && batch.arrivalNanos() < toArrivalNanos;
    }
}
