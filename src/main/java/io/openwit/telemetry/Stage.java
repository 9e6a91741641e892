package io.openwit.telemetry;

import java.util.Locale;

/// A stretch of a request's or a batch's way: the value of the label `stage`, and the name of a span.
public enum Stage {
    /// Header to known caller.
    AUTHENTICATE,
    /// Body bytes to columns.
    DECODE,
    /// First row of a batch to its sealing.
    BATCH,
    /// Batch offered to the log writer until its fate is known.
    APPEND,
    /// One force of the log's file.
    FORCE,
    /// The handoff reads headers and chooses what to send next.
    PLAN,
    /// DoPut to PutResult of one batch.
    TRANSFER,
    /// Storage: batch received until it is on the disk.
    STORE;

    private final String label = name().toLowerCase(Locale.ROOT);

    public String label() {
        return label;
    }
}
