package io.openwit.storage;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Takes the rows of a query, one after the other. Called by the thread that asked.
///
/// Values are: null, [Boolean], [Long] (integers up to 64 bits), [java.math.BigInteger] (larger ones),
/// [java.math.BigDecimal], [Double], [String] (text, and what has no form of its own: intervals, times, uuids),
/// [java.time.LocalDate], [Timestamp], `byte[]` (blobs and ids), [List] of values, and [java.util.LinkedHashMap] of
/// text to values (maps, in their order, and structs).
public interface RowSink {
    /// Called once, before the first row.
    ///
    /// @throws IOException the reader of the answer has gone: the query is stopped
    void columns(List<Column> columns) throws IOException;

    /// Takes the next row.
    ///
    /// @param values one a column; the list is reused for the next row
    /// @throws IOException the reader of the answer has gone: the query is stopped
    void row(List<@Nullable Object> values) throws IOException;

    /// What a column of the answer is called, and of which type it is.
    ///
    /// @param type the SQL type, as the engine writes it
    record Column(String name, String type) {}

    /// A moment.
    ///
    /// @param nanos since 1970-01-01T00:00:00Z; the two ends of the range mean infinitely early and late
    record Timestamp(long nanos) {}
}
