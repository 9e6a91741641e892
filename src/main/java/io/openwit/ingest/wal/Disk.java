package io.openwit.ingest.wal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What a log asks of a disk; passed in, so that a simulation and a fault test can replace it.
///
/// Names are durable only after [#syncDirectory], bytes only after [DiskFile#force]. Thread-safe; a [DiskFile] is not.
public interface Disk {
    /// A new empty file, open for reading and writing; an old one of that name is emptied.
    DiskFile create(Path path) throws IOException;

    /// An existing file, open for reading and writing.
    DiskFile open(Path path) throws IOException;

    /// An existing file, open for reading. Unlike the other two it outlives an interrupt of the thread that reads.
    DiskFile openForReading(Path path) throws IOException;

    /// Replaces what had the name `to`.
    void rename(Path from, Path to) throws IOException;

    /// Removes the name, if it is there.
    void delete(Path path) throws IOException;

    boolean exists(Path path);

    /// Makes the directory and its missing parents, and their names durable.
    void createDirectories(Path directory) throws IOException;

    /// The names in a directory, sorted.
    List<String> list(Path directory) throws IOException;

    void syncDirectory(Path directory) throws IOException;

    /// Bytes that may still be written to the volume of this path.
    long usableBytes(Path path);

    /// Takes a file for this process alone until the returned object is closed; empty where another has it.
    Optional<Closeable> lock(Path path) throws IOException;
}
