package io.openwit.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// What a benchmark writes, in a directory of its own that is removed when it is closed.
final class BenchDirectory implements AutoCloseable {
    /// What stays free of the volume, whatever is measured.
    static final long RESERVE_BYTES = 2L << 30;

    private final Path path;

    /// @param parent made where it is missing
    /// @throws CommandException it cannot be written
    static BenchDirectory below(Path parent) throws CommandException {
        try {
            Files.createDirectories(parent);
            return new BenchDirectory(Files.createTempDirectory(parent.toAbsolutePath(), "openwit-bench-"));
        } catch (IOException e) {
            throw CommandException.usage("--dir " + parent + " cannot be written: " + e, e);
        }
    }

    private BenchDirectory(Path path) {
        this.path = path;
    }

    Path path() {
        return path;
    }

    /// Bytes that may be written to it.
    long room() throws IOException {
        return Math.max(0, Files.getFileStore(path).getUsableSpace() - RESERVE_BYTES);
    }

    /// @throws CommandException there is less room than that
    void require(long bytes) throws CommandException, IOException {
        long room = room();
        if (room < bytes) {
            throw CommandException.failed(path + " has room for " + (room >> 20) + " MiB beside the "
                    + (RESERVE_BYTES >> 20) + " MiB that stay free, and " + (bytes >> 20)
                    + " MiB are wanted: name another volume by --dir");
        }
    }

    /// Something below it that is not there yet.
    Path resolve(String name) {
        return path.resolve(name);
    }

    static void remove(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> all = Files.walk(tree)) {
            deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : deepestFirst) {
            Files.deleteIfExists(each);
        }
    }

    @Override
    public void close() throws IOException {
        remove(path);
    }
}
