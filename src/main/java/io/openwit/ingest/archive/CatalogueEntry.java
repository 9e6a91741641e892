package io.openwit.ingest.archive;

import io.openwit.model.BatchId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.List;

/// One line of a day's catalogue. Files are numbered from 0 in the order in which the day began them.
public sealed interface CatalogueEntry {
    /// Number of the file in its day; -1 where it speaks of none.
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
            implements CatalogueEntry {
        /// The same batch, copied to another place.
        Archived movedTo(int otherFile, long otherOffset) {
            return new Archived(
                    otherFile, id, position, otherOffset, length, rows, minTimeNanos, maxTimeNanos, arrivalNanos);
        }
    }

    /// A stream has its end mark and takes no more.
    ///
    /// @param length of the whole file in bytes
    record Ended(int file, long length) implements CatalogueEntry {}

    /// A file stands for several, whose batches were copied into it in their order; those are gone, or soon will be.
    ///
    /// It begins with the schema message, has an end mark, and between them what the sources hold between theirs.
    ///
    /// @param name of the file in `tenant=T/signal=S`
    /// @param schemaBytes of the schema message
    /// @param length of the whole file in bytes
    /// @param sources numbers of the files, at most [#MAX_SOURCES]
    record Merged(
            int file,
            TenantId tenant,
            Signal signal,
            String name,
            long schemaBytes,
            long length,
            List<Integer> sources)
            implements CatalogueEntry {
        static final int MAX_SOURCES = 128;

        public Merged {
            sources = List.copyOf(sources);
            if (sources.isEmpty() || sources.size() > MAX_SOURCES) {
                throw new IllegalArgumentException("a file stands for 1 to " + MAX_SOURCES + ": " + sources.size());
            }
        }
    }

    /// A part of the log was left out between the batches before this entry and those behind it: an [ArchiveGap].
    ///
    /// @param first where in the log it begins, in bytes since the log began
    /// @param end where it ends
    record LeftOut(int file, long first, long end) implements CatalogueEntry {
        LeftOut(ArchiveGap gap) {
            this(-1, gap.first(), gap.end());
        }
    }
}
