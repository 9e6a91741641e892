package io.openwit.otlp;

/// Reads what a ScopeLogs, ScopeSpans or ScopeMetrics holds: log records, spans, or metrics with their points.
sealed interface RowReader permits LogReader, SpanReader, PointReader {
    /// Reads one message, into none, one or many rows.
    ///
    /// The fingerprint of a row takes its fields in one fixed order, whatever their order on the wire.
    void read(int from, int end) throws MalformedRequestException;
}
