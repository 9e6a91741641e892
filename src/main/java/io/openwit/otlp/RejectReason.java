package io.openwit.otlp;

import java.util.Locale;

/// Why a row is refused for its content while the request goes on.
public enum RejectReason {
    SPAN_IDS_INVALID("span without a trace id of 16 and a span id of 8 bytes that are not all zero"),
    TIME_OUT_OF_RANGE("time is too far from its arrival, or past the year 2262"),
    POINT_TIME_MISSING("metric point without a time"),
    TEMPORALITY_UNSPECIFIED("metric with an unspecified aggregation temporality"),
    BUCKETS_INVALID("histogram whose bounds or counts contradict one another"),
    SCALE_INVALID("exponential histogram whose scale or offset is beyond what a double can hold"),
    VALUE_MISSING("number point without a value"),
    LIMIT_EXCEEDED("more attributes, or a longer value, than the configured limit");

    private final String label = name().toLowerCase(Locale.ROOT);
    private final String text;

    RejectReason(String text) {
        this.text = text;
    }

    /// The value of the label `reason` in metrics.
    public String label() {
        return label;
    }

    /// One line for the client, in `partial_success`.
    public String text() {
        return text;
    }
}
