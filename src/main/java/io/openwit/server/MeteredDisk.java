package io.openwit.server;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import io.openwit.ingest.wal.FileDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/// The real disk, with its bytes counted by what they are for. Thread-safe.
final class MeteredDisk implements Disk {
    private static final String SEGMENT_SUFFIX = ".wal";

    private final FileDisk disk = new FileDisk();

    /// Zeros, of which a spare is made.
    final LongAdder prewritten = new LongAdder();

    /// Bytes of segments that were written, and forces of them.
    final LongAdder appended = new LongAdder();

    final LongAdder appends = new LongAdder();

    /// All other bytes: heads files, positions, the archive.
    final LongAdder beside = new LongAdder();

    final LongAdder read = new LongAdder();

    private final List<Closeable> locks = new ArrayList<>();

    /// Lets go of all locks, as the end of a process does, however it ends.
    synchronized void letGo() throws IOException {
        for (Closeable lock : locks) {
            lock.close();
        }
        locks.clear();
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        return new MeteredFile(path, disk.create(path));
    }

    @Override
    public void createZeros(Path path, long bytes) throws IOException {
        disk.createZeros(path, bytes);
        prewritten.add(bytes);
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return new MeteredFile(path, disk.open(path));
    }

    @Override
    public DiskFile openForReading(Path path) throws IOException {
        return new MeteredFile(path, disk.openForReading(path));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void delete(Path path) throws IOException {
        disk.delete(path);
    }

    @Override
    public boolean exists(Path path) {
        return disk.exists(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        disk.createDirectories(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return disk.list(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        disk.syncDirectory(directory);
    }

    @Override
    public long usableBytes(Path path) {
        return disk.usableBytes(path);
    }

    @Override
    public synchronized Optional<Closeable> lock(Path path) throws IOException {
        Optional<Closeable> lock = disk.lock(path);
        lock.ifPresent(locks::add);
        return lock;
    }

    private final class MeteredFile implements DiskFile {
        private final DiskFile file;
        private final boolean segment;
        private final LongAdder written;

        private MeteredFile(Path path, DiskFile file) {
            this.file = file;
            String name = String.valueOf(path.getFileName());
            segment = name.endsWith(SEGMENT_SUFFIX);
            written = segment ? appended : beside;
        }

        @Override
        public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
            long bytes = 0;
            for (int i = 0; i < count; i++) {
                bytes += buffers[i].remaining();
            }
            file.write(buffers, count, offset);
            written.add(bytes);
        }

        @Override
        public int read(ByteBuffer buffer, long offset) throws IOException {
            int bytes = file.read(buffer, offset);
            read.add(bytes);
            return bytes;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            file.truncate(size);
        }

        @Override
        public void force() throws IOException {
            file.force();
            if (segment) {
                appends.increment();
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
