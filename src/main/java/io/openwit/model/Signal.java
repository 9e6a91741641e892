package io.openwit.model;

/// What a row is: a log record, a span, or a metric data point.
///
/// Only `otlp` and the schemas in `columnar` know how they differ; everywhere else a signal is a field of the batch.
public enum Signal {
    LOGS("logs", 1),
    TRACES("traces", 2),
    METRICS("metrics", 3);

    private static final Signal[] ALL = values();

    private final String label;
    private final int code;

    Signal(String label, int code) {
        this.label = label;
        this.code = code;
    }

    /// The name that users type and see: `logs`, `traces`, `metrics`.
    public String label() {
        return label;
    }

    /// The number by which file and wire formats name the signal; never changes.
    public int code() {
        return code;
    }

    /// The name of the current schema version, as in Arrow's schema metadata: `logs.v1`.
    public String schema() {
        return label + ".v1";
    }

    /// @throws IllegalArgumentException there is no signal of this name
    public static Signal ofLabel(String label) {
        for (Signal signal : ALL) {
            if (signal.label.equals(label)) {
                return signal;
            }
        }
        throw new IllegalArgumentException("no such signal: " + label + " (logs, traces or metrics)");
    }

    /// @throws IllegalArgumentException there is no signal of this number
    public static Signal ofCode(int code) {
        for (Signal signal : ALL) {
            if (signal.code == code) {
                return signal;
            }
        }
        throw new IllegalArgumentException("no such signal: " + code);
    }
}
