package io.openwit.otlp;

import java.util.Locale;

/// What was put right in a row that is kept. A row counts once for each reason.
public enum MendReason {
    /// Invalid UTF-8 became U+FFFD.
    UTF8,
    /// A trace or span id of a log, a link or an exemplar that has the wrong length or is all zero became null.
    IDS,
    /// The same of a span's parent id.
    PARENT_ID,
    /// A log's `observed_time` of 0 became its arrival.
    OBSERVED_TIME,
    /// A span ends before it starts; kept as it is.
    END_BEFORE_START,
    /// A repeated attribute key was kept as `key#2`.
    DUPLICATE_KEY,
    /// An attribute without a key was left out.
    EMPTY_KEY,
    /// Attributes beyond the limit were left out, or a value was cut.
    TRUNCATED;

    private final String label = name().toLowerCase(Locale.ROOT);

    /// The value of the label `reason` in metrics.
    public String label() {
        return label;
    }
}
