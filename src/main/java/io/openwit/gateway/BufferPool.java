package io.openwit.gateway;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Byte arrays of a few sizes, used again: powers of two, and the largest request. Thread-safe.
///
/// Each array has [RequestBody#SLACK_BYTES] more than its capacity.
final class BufferPool {
    static final int FIRST_CAPACITY = 1 << 12;

    private final int maxCapacity;
    private final long maxPooledBytes;
    private final Queue<byte[]>[] free;
    private final AtomicLong pooledBytes = new AtomicLong();

    /// @param maxCapacity of the largest array
    /// @param maxPooledBytes that lie here unused; what comes back beyond it is left to the collector
    BufferPool(int maxCapacity, long maxPooledBytes) {
        this.maxCapacity = maxCapacity;
        this.maxPooledBytes = maxPooledBytes;
        free = queues(indexOf(maxCapacity) + 1);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of generics cannot be made otherwise
    private static Queue<byte[]>[] queues(int count) {
        Queue<byte[]>[] queues = new Queue[count];
        for (int i = 0; i < count; i++) {
            queues[i] = new ConcurrentLinkedQueue<>();
        }
        return queues;
    }

    /// The capacity of the array that holds so many bytes.
    ///
    /// @param bytes at most the largest capacity
    int capacityFor(int bytes) {
        return (int) Math.min(maxCapacity, (long) FIRST_CAPACITY << indexOf(bytes));
    }

    byte[] take(int capacity) {
        byte[] array = free[indexOf(capacity)].poll();
        if (array == null) {
            return new byte[capacity + RequestBody.SLACK_BYTES];
        }
        pooledBytes.addAndGet(-array.length);
        return array;
    }

    void give(byte[] array) {
        if (pooledBytes.addAndGet(array.length) > maxPooledBytes) {
            pooledBytes.addAndGet(-array.length);
            return;
        }
        free[indexOf(array.length - RequestBody.SLACK_BYTES)].add(array);
    }

    private static int indexOf(int bytes) {
        int index = 0;
        while ((long) FIRST_CAPACITY << index < bytes) {
            index++;
        }
        return index;
    }
}
