package io.openwit.ingest.wal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/// A real disk that fails when it is told to. What fails is chosen by the file's name.
public final class FaultDisk implements Disk {
    private final FileDisk disk = new FileDisk();
    private final List<Closeable> open = new ArrayList<>();
    private volatile Predicate<String> failingForces = name -> false;
    private volatile Predicate<String> fullWrites = name -> false;
    private volatile Predicate<String> failingWrites = name -> false;
    private volatile CountDownLatch held = new CountDownLatch(0);
    private volatile long usableBytes = -1;
    private volatile int forces;

    /// Forces of files whose name matches throw EIO.
    public void failForces(Predicate<String> names) {
        failingForces = names;
    }

    public void failWrites(Predicate<String> names) {
        failingWrites = names;
    }

    /// Writes to files whose name matches write the first half and throw ENOSPC.
    public void fillUp(Predicate<String> names) {
        fullWrites = names;
    }

    public void usableBytes(long bytes) {
        usableBytes = bytes;
    }

    /// Forces of segments wait until [#releaseForces].
    public void holdForces() {
        held = new CountDownLatch(1);
    }

    public void releaseForces() {
        held.countDown();
    }

    /// Forces of segments that were asked for.
    public int forces() {
        return forces;
    }

    /// As a killed process: everything open is closed, locks too, and nothing more is written.
    public synchronized void crash() throws IOException {
        for (Closeable closeable : open) {
            closeable.close();
        }
        open.clear();
    }

    public static Predicate<String> segments() {
        return name -> name.matches("\\d+\\.wal");
    }

    private synchronized <T extends Closeable> T keep(T closeable) {
        open.add(closeable);
        return closeable;
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        return keep(new FaultFile(path, disk.create(path)));
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        return keep(new FaultFile(path, disk.open(path)));
    }

    @Override
    public DiskFile openForReading(Path path) throws IOException {
        return disk.openForReading(path);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
        synchronized (this) {
            for (Closeable closeable : open) {
                if (closeable instanceof FaultFile file && file.path.equals(from)) {
                    file.path = to;
                }
            }
        }
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
        return usableBytes >= 0 ? usableBytes : disk.usableBytes(path);
    }

    @Override
    public Optional<Closeable> lock(Path path) throws IOException {
        Optional<Closeable> lock = disk.lock(path);
        lock.ifPresent(this::keep);
        return lock;
    }

    private final class FaultFile implements DiskFile {
        private volatile Path path;
        private final DiskFile file;

        private FaultFile(Path path, DiskFile file) {
            this.path = path;
            this.file = file;
        }

        private String name() {
            return path.getFileName().toString();
        }

        @Override
        public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
            if (failingWrites.test(name())) {
                throw new IOException("Input/output error");
            }
            if (fullWrites.test(name())) {
                file.write(buffers, Math.max(1, count / 2), offset);
                throw new IOException("No space left on device");
            }
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
            if (segments().test(name())) {
                forces++;
                try {
                    held.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            if (failingForces.test(name())) {
                throw new IOException("Input/output error");
            }
            file.force();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
