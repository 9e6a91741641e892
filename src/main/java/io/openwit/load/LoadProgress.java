package io.openwit.load;

import java.time.Duration;

/// Where a run is at this moment; cheap to take.
///
/// @param elapsed since the run began
/// @param counts of all signals
/// @param latency of all requests so far
/// @param trouble the last retryable failure or refusal in words, empty if there was none
public record LoadProgress(Duration elapsed, LoadCounts counts, Latency latency, String trouble) {}
