package io.openwit.ingest.wal;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The real disk.
///
/// Design note: an interrupt closes a `FileChannel` under the thread that uses it. So a pending interrupt is put aside while a
/// file is touched; one that comes in the middle costs a file that is written (the caller sees the exception), and a file that
/// is only read is opened again.
public final class FileDisk implements Disk {
    @Override
    public DiskFile create(Path path) throws IOException {
        return new ChannelFile(path, FileChannel.open(path, CREATE, TRUNCATE_EXISTING, READ, WRITE), false);
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return new ChannelFile(path, FileChannel.open(path, READ, WRITE), false);
    }

    @Override
    public DiskFile openForReading(Path path) throws IOException {
        return new ChannelFile(path, FileChannel.open(path, READ), true);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to, ATOMIC_MOVE);
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath();
        if (Files.isDirectory(absolute)) {
            return;
        }
        Path parent = absolute.getParent();
        if (parent != null) {
            createDirectories(parent);
        }
        Files.createDirectories(absolute);
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (DiskFile names = new ChannelFile(directory, FileChannel.open(directory, READ), false)) {
            names.force();
        }
    }

    @Override
    public long usableBytes(Path path) {
        // Not Files.getFileStore, which reads the table of mounts each time.
        return path.toFile().getUsableSpace();
    }

    @Override
    public Optional<Closeable> lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, CREATE, WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // Another node in this very process: it is as taken as by another process.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? Optional.empty() : Optional.of(channel);
    }

    private static final class ChannelFile implements DiskFile {
        private final Path path;
        private final boolean reopens;
        private FileChannel channel;

        private ChannelFile(Path path, FileChannel channel, boolean reopens) {
            this.path = path;
            this.channel = channel;
            this.reopens = reopens;
        }

        @Override
        public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                channel.position(offset);
                int first = 0;
                while (first < count) {
                    if (buffers[first].hasRemaining()) {
                        channel.write(buffers, first, count - first);
                    } else {
                        first++;
                    }
                }
            } finally {
                restore(interrupted);
            }
        }

        @Override
        public int read(ByteBuffer buffer, long offset) throws IOException {
            boolean interrupted = Thread.interrupted();
            int from = buffer.position();
            try {
                while (true) {
                    try {
                        return readFully(buffer, offset);
                    } catch (ClosedByInterruptException e) {
                        interrupted |= Thread.interrupted();
                        if (!reopens) {
                            throw e;
                        }
                        buffer.position(from);
                        channel = FileChannel.open(path, READ);
                    }
                }
            } finally {
                restore(interrupted);
            }
        }

        private int readFully(ByteBuffer buffer, long offset) throws IOException {
            int total = 0;
            while (buffer.hasRemaining()) {
                int read = channel.read(buffer, offset + total);
                if (read < 0) {
                    break;
                }
                total += read;
            }
            return total;
        }

        @Override
        public long size() throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                return channel.size();
            } finally {
                restore(interrupted);
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                channel.truncate(size);
            } finally {
                restore(interrupted);
            }
        }

        @Override
        public void force() throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                channel.force(false);
            } finally {
                restore(interrupted);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }

        private static void restore(boolean interrupted) {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
