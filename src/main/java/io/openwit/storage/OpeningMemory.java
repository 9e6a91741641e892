package io.openwit.storage;

import java.lang.foreign.Arena;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// Memory in which one batch is opened; closing gives all of it back.
///
/// Arrow's reader loses buffers when it fails halfway through a batch, so a sender of broken batches could empty an
/// allocator that counts on every buffer being released.
final class OpeningMemory implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final BufferAllocator allocator;

    /// @param empty a buffer of no bytes
    /// @param maxBytes held at once; beyond it Arrow's OutOfMemoryException
    OpeningMemory(ArrowBuf empty, long maxBytes) {
        allocator = new RootAllocator(RootAllocator.configBuilder()
                .allocationManagerFactory(new AllocationManager.Factory() {
                    @Override
                    public AllocationManager create(BufferAllocator accounting, long size) {
                        return new InArena(accounting, size);
                    }

                    @Override
                    public ArrowBuf empty() {
                        return empty;
                    }
                })
                .maxAllocation(maxBytes)
                .build());
    }

    BufferAllocator allocator() {
        return allocator;
    }

    @Override
    public void close() {
        // The allocator is not closed: that would only complain of what the arena frees now.
        arena.close();
    }

    /// A piece of the arena, which frees it with everything else.
    private final class InArena extends AllocationManager {
        private final long address;
        private final long size;

        InArena(BufferAllocator accounting, long size) {
            super(accounting);
            this.address = arena.allocate(size, ALIGNMENT).address();
            this.size = size;
        }

        @Override
        public long getSize() {
            return size;
        }

        @Override
        protected long memoryAddress() {
            return address;
        }

        @Override
        protected void release0() {}
    }
}
