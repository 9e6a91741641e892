package io.openwit.model;

/// The two clocks, passed in so that a simulation can replace them. Thread-safe.
public interface Clocks {
    /// Nanoseconds since 1970-01-01T00:00:00Z; may jump, in either direction.
    long wallNanos();

    /// Nanoseconds since some moment; never goes back. Only differences have a meaning.
    long monotonicNanos();
}
