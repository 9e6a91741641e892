package io.openwit.server;

import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.FileDisk;
import io.openwit.load.Latency;
import io.openwit.load.LatencyHistogram;
import io.openwit.model.Clocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;

/// What the disk itself can do for a log: blocks written over a file that was written before, each forced (fdatasync) before
/// the next. Not thread-safe.
final class DiskLimit implements AutoCloseable {
    static final long FILE_BYTES = 512L << 20;
    static final int MAX_BLOCK_BYTES = 1 << 20;

    private final Clocks clocks;
    private final DiskFile file;
    private final ByteBuffer noise = ByteBuffer.allocateDirect(MAX_BLOCK_BYTES);
    private long at;

    /// @param force of one block
    record Result(int blockBytes, long blocks, long nanos, Latency force) {
        double bytesPerSecond() {
            return blocks * (double) blockBytes * 1e9 / nanos;
        }

        double forcesPerSecond() {
            return blocks * 1e9 / nanos;
        }
    }

    /// Writes the file, and forces it.
    static DiskLimit open(Path path, Clocks clocks) throws IOException {
        return new DiskLimit(new FileDisk().create(path), clocks);
    }

    private DiskLimit(DiskFile file, Clocks clocks) throws IOException {
        this.file = file;
        this.clocks = clocks;
        byte[] bytes = new byte[MAX_BLOCK_BYTES];
        new SplittableRandom(1).nextBytes(bytes);
        noise.put(bytes).flip();
        for (long to = 0; to < FILE_BYTES; to += MAX_BLOCK_BYTES) {
            write(MAX_BLOCK_BYTES, to);
        }
        file.force();
    }

    Result measure(int blockBytes, Duration time) throws IOException {
        LatencyHistogram forces = new LatencyHistogram();
        long blocks = 0;
        long began = clocks.monotonicNanos();
        long now = began;
        while (now - began < time.toNanos()) {
            write(blockBytes, at);
            at = (at + blockBytes) % FILE_BYTES;
            long forcing = clocks.monotonicNanos();
            file.force();
            now = clocks.monotonicNanos();
            forces.record(now - forcing);
            blocks++;
        }
        return new Result(blockBytes, blocks, now - began, forces.snapshot());
    }

    private void write(int bytes, long to) throws IOException {
        file.write(new ByteBuffer[] {noise.duplicate().limit(bytes)}, 1, to);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
