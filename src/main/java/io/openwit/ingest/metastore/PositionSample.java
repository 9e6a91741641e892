package io.openwit.ingest.metastore;

/// How far a follower was at a moment.
///
/// @param position bytes since the log began
/// @param atNanos the wall's time
record PositionSample(String follower, long position, long atNanos) {}
