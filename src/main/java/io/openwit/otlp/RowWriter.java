package io.openwit.otlp;

/// Writes rows of one scope as what a ScopeLogs, ScopeSpans or ScopeMetrics holds: the other end of [RowReader].
sealed interface RowWriter permits LogWriter, SpanWriter, PointWriter {
    /// Writes rows into the open message: its repeated field 2.
    ///
    /// @param from the first row
    /// @param end the row behind the last
    /// @throws MalformedRequestException a value is not what its type says, or there is no room
    void write(int from, int end) throws MalformedRequestException;
}
