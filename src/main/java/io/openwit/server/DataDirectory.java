package io.openwit.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.openwit.ingest.wal.FileDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The directory of one node, held by one process at a time: the lock is the operating system's, and so ends with the
/// process whatever ends it.
final class DataDirectory implements AutoCloseable {
    private static final String LOCK = "node.lock";
    private static final int MAX_PID_CHARS = 20;

    private final Path path;
    private final FileChannel lock;

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /// Makes the directory where it is missing, with its name forced, and takes it.
    ///
    /// @throws CommandException another process has it, or it cannot be written
    static DataDirectory open(Path directory) throws CommandException {
        Path path = directory.toAbsolutePath().normalize();
        try {
            new FileDisk().createDirectories(path);
            FileChannel file = FileChannel.open(path.resolve(LOCK), CREATE, READ, WRITE);
            if (!taken(file)) {
                String holder = holder(file);
                file.close();
                throw CommandException.usage("node.data_dir: " + path + " is in use by another process" + holder
                        + ": one process a directory");
            }
            file.truncate(0);
            file.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(US_ASCII)), 0);
            return new DataDirectory(path, file);
        } catch (AccessDeniedException e) {
            throw CommandException.usage("node.data_dir: " + path + " cannot be written: permission denied", e);
        } catch (IOException e) {
            throw CommandException.usage("node.data_dir: " + path + " cannot be used: " + e, e);
        }
    }

    private static boolean taken(FileChannel file) throws IOException {
        try {
            @Nullable FileLock held = file.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static String holder(FileChannel file) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(MAX_PID_CHARS);
        file.read(pid, 0);
        String text = new String(pid.array(), 0, pid.position(), US_ASCII).strip();
        return text.isEmpty() ? "" : " (pid " + text + ")";
    }

    /// Something below it.
    Path resolve(String name) {
        return path.resolve(name);
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
