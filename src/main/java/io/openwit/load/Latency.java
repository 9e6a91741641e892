package io.openwit.load;

/// Time from the moment a request was due until it was acknowledged, in nanoseconds; all 0 where none was.
///
/// The percentiles are upper bounds, at most 1/16 above the true value.
public record Latency(long p50Nanos, long p99Nanos, long p999Nanos, long maxNanos) {}
