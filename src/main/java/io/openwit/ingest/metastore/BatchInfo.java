package io.openwit.ingest.metastore;

import io.openwit.model.BatchHeader.SourceRange;
import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where a batch is and what became of it: the answer to `batch ID`.
///
/// @param rows rows that it was sealed with, duplicates included
/// @param duplicates rows of it that repeat earlier ones and are never sent
/// @param sourceBytes bytes of the requests that the rows came in, after decompression
/// @param segment number of the log's file
/// @param segmentOffset where in that file the frame begins
/// @param position where in the log the frame begins, in bytes since the log began
/// @param endPosition where it ends
/// @param minTimeNanos nanoseconds since 1970 of the earliest row; empty where no row has a time
/// @param maxTimeNanos of the latest
/// @param arrival when the log took it
/// @param state the furthest that it has come
/// @param times when it reached each state, to the second; [State#WAL_WRITTEN] is its arrival. A state that was reached
///     longer ago than positions are kept is missing
/// @param archivedAt when the archive had it, to the second
/// @param failure where and why it failed; empty where it did not
public record BatchInfo(
        BatchId id,
        TenantId tenant,
        Signal signal,
        int rows,
        int duplicates,
        long sourceBytes,
        long segment,
        long segmentOffset,
        long position,
        long endPosition,
        Optional<Long> minTimeNanos,
        Optional<Long> maxTimeNanos,
        List<SourceRange> sources,
        Instant arrival,
        State state,
        Map<State, Instant> times,
        Optional<Instant> archivedAt,
        Optional<Failure> failure) {
    /// Ordered: a batch only moves on, but for FAILED, which is left when the batch is sent again.
    public enum State {
        /// Forced to the short-term WAL.
        WAL_WRITTEN,
        /// On its way to the storage endpoint.
        HANDED_OFF,
        /// Answered by the storage endpoint.
        STORED,
        /// Refused by the storage endpoint for good.
        FAILED
    }

    /// @param stage where it failed: `transfer`
    /// @param message the endpoint's words
    public record Failure(String stage, String message, Instant at) {}
}
