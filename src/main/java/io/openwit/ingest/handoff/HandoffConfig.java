package io.openwit.ingest.handoff;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// Where batches go and how: the keys below `handoff.flight`.
///
/// @param endpoint an Arrow Flight server
/// @param tokenFile a file with the bearer token for the endpoint, read anew for each stream; empty: no token
/// @param streamBatches with [Acknowledge#PER_STREAM], a stream is closed after at most so many batches
/// @param maxInFlightBytes bytes sent and not answered; a batch larger than this travels alone
/// @param answerTimeout a stream with batches in flight that hears nothing for so long is broken
public record HandoffConfig(
        FlightEndpoint endpoint,
        Optional<Path> tokenFile,
        Acknowledge acknowledge,
        int streamBatches,
        long maxInFlightBytes,
        Duration answerTimeout) {
    public static final int DEFAULT_STREAM_BATCHES = 256;
    public static final long DEFAULT_MAX_IN_FLIGHT_BYTES = 32L << 20;
    public static final Duration DEFAULT_ANSWER_TIMEOUT = Duration.ofSeconds(30);

    public HandoffConfig {
        if (streamBatches < 1 || maxInFlightBytes < 1 || answerTimeout.isNegative() || answerTimeout.isZero()) {
            throw new IllegalArgumentException("not positive: streamBatches=" + streamBatches + " maxInFlightBytes="
                    + maxInFlightBytes + " answerTimeout=" + answerTimeout);
        }
    }

    /// Everything by default but the endpoint.
    public static HandoffConfig to(FlightEndpoint endpoint) {
        return new HandoffConfig(
                endpoint,
                Optional.empty(),
                Acknowledge.PER_BATCH,
                DEFAULT_STREAM_BATCHES,
                DEFAULT_MAX_IN_FLIGHT_BYTES,
                DEFAULT_ANSWER_TIMEOUT);
    }

    /// What counts as the endpoint's answer: `handoff.flight.acknowledge`.
    public enum Acknowledge {
        /// A PutResult whose `app_metadata` is the batch id.
        PER_BATCH,
        /// The final OK of the stream, for all of its batches.
        PER_STREAM
    }
}
