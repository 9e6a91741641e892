package io.openwit.bulk;

/// Where and how an ingest node takes batches.
///
/// @param bind the address, such as `127.0.0.1`: `ingest_node.bind`
/// @param port 0 takes a free one: `ingest_node.port`
/// @param maxMessageBytes of one batch; at most [#MAX_MESSAGE_BYTES]
/// @param maxQueuedBytes of batches of all streams that have no answer; beyond it nothing more is read. Each stream may
///     overstep it by the one message that it is reading
public record BulkServerConfig(String bind, int port, int maxMessageBytes, long maxQueuedBytes) {
    public static final int MAX_MESSAGE_BYTES = AppendRequest.MAX_BYTES;
    public static final long DEFAULT_MAX_QUEUED_BYTES = 64L << 20;

    public BulkServerConfig {
        if (maxMessageBytes < 1 || maxMessageBytes > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("maxMessageBytes is 1 to " + MAX_MESSAGE_BYTES + ": " + maxMessageBytes);
        }
        if (maxQueuedBytes < 1) {
            throw new IllegalArgumentException("maxQueuedBytes is not positive: " + maxQueuedBytes);
        }
    }

    /// With the default limits.
    public static BulkServerConfig of(String bind, int port) {
        return new BulkServerConfig(bind, port, MAX_MESSAGE_BYTES, DEFAULT_MAX_QUEUED_BYTES);
    }
}
