package io.openwit.gateway;

import io.openwit.otlp.ByteSink;
import org.jspecify.annotations.Nullable;

/// What a request in JSON becomes as protobuf stands in arrays of the pool, under permits like the request's own.
///
/// Belongs to one worker. While a sink grows, the smaller array that it outgrows lives on for the time of one copy,
/// outside the permits, as with [RequestBody].
final class TranscodingMemory implements ByteSink.Memory {
    private final Permits permits;
    private final BufferPool pool;
    private long takenBytes;

    TranscodingMemory(Permits permits, BufferPool pool) {
        this.permits = permits;
        this.pool = pool;
    }

    /// The permits for a body of so many bytes and for a sink's array of so many, together.
    long permitsFor(int bodyBytes, int size) {
        return (long) pool.capacityFor(bodyBytes) + pool.capacityFor(size - ByteSink.SLACK_BYTES);
    }

    @Override
    public byte @Nullable [] grow(byte[] array, int used, int size) {
        int capacity = pool.capacityFor(size - ByteSink.SLACK_BYTES);
        if (!permits.takeBytes(capacity - takenBytes)) {
            return null;
        }
        byte[] larger = pool.take(capacity);
        System.arraycopy(array, 0, larger, 0, used);
        if (takenBytes > 0) {
            pool.give(array);
        }
        takenBytes = capacity;
        return larger;
    }

    @Override
    public void release(byte[] array) {
        pool.give(array);
        permits.giveBytes(takenBytes);
        takenBytes = 0;
    }
}
