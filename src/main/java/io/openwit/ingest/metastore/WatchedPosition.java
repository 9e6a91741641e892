package io.openwit.ingest.metastore;

import java.util.function.LongSupplier;

/// A follower's progress that the metastore writes down once a second, so that the states of batches follow from it.
///
/// @param follower [#STORED], [#HANDED_OFF], [#ARCHIVED], or any other name
/// @param position bytes since the log began: everything before it has come this far. Called by the metastore's thread
public record WatchedPosition(String follower, LongSupplier position) {
    /// The handoff's durable position: storage has answered everything before it.
    public static final String STORED = "handoff";

    /// How far the handoff has sent.
    public static final String HANDED_OFF = "handoff-sent";

    /// The archive's durable position.
    public static final String ARCHIVED = "archive";
}
