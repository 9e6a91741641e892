package io.openwit.otlp;

import io.openwit.columnar.Columns;

/// Where a reader's rows go: the gateway chooses the open batch, and begins the request's part in it.
public interface PartTarget {
    /// The columns for the rows of a resource, with a part of this request open in them.
    ///
    /// Asked once for each resource that has rows, before its first one; several resources may share columns.
    ///
    /// @param resourceHash of the resource's canonical content, without the tenant; routes the rows
    Columns columnsFor(long resourceHash);

    /// The columns for the next piece of a part that has reached `maxPartBytes`; called between two rows.
    ///
    /// @param full what [#columnsFor] or this method gave before; the reader writes no more to its present part
    Columns nextPiece(Columns full, long resourceHash);
}
