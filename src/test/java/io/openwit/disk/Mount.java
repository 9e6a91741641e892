package io.openwit.disk;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A file system of a test's own. Closing it unmounts it; the processes that use it have to be gone by then.
final class Mount implements AutoCloseable {
    private static final Duration UNMOUNT_LIMIT = Duration.ofSeconds(15);

    private final Path source;
    private final Path at;
    private final Command mounting;
    private boolean mounted;

    private Mount(Path source, Path at, Command mounting) throws IOException, InterruptedException {
        this.source = source;
        this.at = Files.createDirectories(at);
        this.mounting = mounting;
        mount();
    }

    /// In memory, and full when it holds so many bytes.
    static Mount tmpfs(Path at, long bytes) throws IOException, InterruptedException {
        return new Mount(at, at, Command.of("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", at.toString()));
    }

    /// An ext4 in a new file, of which only what is written takes room. The loop device goes with the mount.
    static Mount ext4(Path image, Path at, long bytes) throws IOException, InterruptedException {
        Command.of("truncate", "-s", Long.toString(bytes), image.toString()).run();
        Command.of("mkfs.ext4", "-q", "-F", image.toString()).run();
        return new Mount(image, at, Command.of("mount", "-o", "loop", image.toString(), at.toString()));
    }

    Path path() {
        return at;
    }

    void mount() throws IOException, InterruptedException {
        mounting.run();
        mounted = true;
    }

    /// A tmpfs gets another size, with everything in it.
    void resize(long bytes) throws IOException, InterruptedException {
        Command.of("mount", "-o", "remount,size=" + bytes, at.toString()).run();
    }

    /// What an operator does with an ext4 whose disk has failed, before it is mounted again.
    void repair() throws IOException, InterruptedException {
        // 1 means: mended.
        Command.of("sh", "-c", "e2fsck -f -y \"$0\" || test $? -eq 1", source.toString()).run();
    }

    /// The power goes: what the disk has not got by now it never gets, neither data nor names. The directory stays, and answers
    /// everything with an error, until it is unmounted.
    void cutPower() throws IOException {
        SystemCalls.shutDownFileSystem(at);
    }

    /// Processes that have ended may take a moment to let go.
    void unmount() {
        await().atMost(UNMOUNT_LIMIT).pollInterval(Duration.ofMillis(50)).ignoreExceptionsInstanceOf(IOException.class).until(
                () -> {
                    Command.of("umount", at.toString()).run();
                    return true;
                });
        mounted = false;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (mounted) {
            // Lazily: also where a process still holds it, it goes when that one does.
            Command.of("umount", "-l", at.toString()).run();
            mounted = false;
        }
    }
}
