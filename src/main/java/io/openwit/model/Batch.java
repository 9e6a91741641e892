package io.openwit.model;

import java.nio.ByteBuffer;

/// Rows of one tenant, signal and route, sealed once at the gateway.
///
/// @param header what every hop may read: tenant, counts, times, fingerprints, parts, sources
/// @param rows the sealed rows from position to limit: Arrow IPC messages (dictionaries, then one record batch), without a
///     schema message, which `header.signal()` and `header.schemaVersion()` name. Nobody between the gateway and storage
///     reads inside, but to drop duplicates. Read through [ByteBuffer#duplicate]: it may be shared
public record Batch(BatchHeader header, ByteBuffer rows) {
    /// Header and rows together.
    public int bytes() {
        return header.encodedBytes() + rows.remaining();
    }
}
