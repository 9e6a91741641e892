package io.openwit.simulation;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A disk as a careless log would use it: it leaves out what makes things durable, or does it once more.
record LyingDisk(Disk disk, Lie lie) implements Disk {
    enum Lie {
        /// Files are never forced.
        NO_FORCE,
        /// A force that fails is tried again, and its success is believed.
        RETRIED_FORCE,
        /// Directories are never synced.
        NO_DIRECTORY_SYNC
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        return new LyingFile(disk.create(path), lie);
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return new LyingFile(disk.open(path), lie);
    }

    @Override
    public DiskFile openForReading(Path path) throws IOException {
        return disk.openForReading(path);
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
        if (lie != Lie.NO_DIRECTORY_SYNC) {
            disk.syncDirectory(directory);
        }
    }

    @Override
    public long usableBytes(Path path) {
        return disk.usableBytes(path);
    }

    @Override
    public Optional<Closeable> lock(Path path) throws IOException {
        return disk.lock(path);
    }

    private record LyingFile(DiskFile file, Lie lie) implements DiskFile {
        @Override
        public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
            file.write(buffers, count, offset);
        }

        @Override
        public int read(ByteBuffer buffer, long offset) throws IOException {
            return file.read(buffer, offset);
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
            switch (lie) {
                case NO_FORCE -> {
                    return;
                }
                case NO_DIRECTORY_SYNC -> file.force();
                case RETRIED_FORCE -> {
                    try {
                        file.force();
                    } catch (IOException _) {
                        file.force();
                    }
                }
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
