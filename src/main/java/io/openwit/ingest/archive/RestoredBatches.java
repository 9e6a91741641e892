package io.openwit.ingest.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// Which batches of a restore the endpoint has answered, in a file, so that one that was broken off goes on.
///
/// Text: `openwit restore 1 grpc://host:9401`, and below it a batch id a line. A last line that was cut is not counted.
/// Owned by one thread.
final class RestoredBatches implements Closeable {
    /// Answers that may be forgotten by a crash: their batches are sent again, and the endpoint knows their ids.
    private static final int ANSWERS_PER_FORCE = 256;

    private final Disk disk;
    private final Path path;
    private final DiskFile file;
    private final Set<String> known;
    private final StringBuilder unwritten = new StringBuilder();
    private long length;
    private int unwrittenAnswers;

    /// Opens the file, or makes it.
    ///
    /// @throws IOException the file belongs to another endpoint, or to something else
    static RestoredBatches open(Disk disk, Path path, String endpoint) throws IOException {
        String head = "openwit restore 1 " + endpoint + "\n";
        boolean exists = disk.exists(path);
        DiskFile file = exists ? disk.open(path) : disk.create(path);
        try {
            RestoredBatches restored = new RestoredBatches(disk, path, file);
            restored.learn(head);
            return restored;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private RestoredBatches(Disk disk, Path path, DiskFile file) {
        this.disk = disk;
        this.path = path;
        this.file = file;
        known = new HashSet<>();
    }

    private void learn(String head) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
        file.read(bytes, 0);
        String text = new String(bytes.array(), 0, bytes.position(), US_ASCII);
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        if (whole.isEmpty()) {
            whole = head;
            file.truncate(0);
            file.write(new ByteBuffer[] {ByteBuffer.wrap(head.getBytes(US_ASCII))}, 1, 0);
        } else if (!whole.startsWith(head)) {
            throw new IOException(path + " is not the state of a restore to this endpoint, it begins with '"
                    + whole.lines().findFirst().orElse("") + "'; name another with --state, or remove it");
        }
        whole.lines().skip(1).forEach(known::add);
        length = whole.length();
    }

    /// Answers that were known when the file was opened.
    int size() {
        return known.size();
    }

    boolean contains(String batchId) {
        return known.contains(batchId);
    }

    /// Notes an answer; it is on the disk a little later.
    void add(String batchId) throws IOException {
        unwritten.append(batchId).append('\n');
        unwrittenAnswers++;
        if (unwrittenAnswers >= ANSWERS_PER_FORCE) {
            write();
        }
    }

    private void write() throws IOException {
        byte[] lines = unwritten.toString().getBytes(US_ASCII);
        file.write(new ByteBuffer[] {ByteBuffer.wrap(lines)}, 1, length);
        file.force();
        length += lines.length;
        unwritten.setLength(0);
        unwrittenAnswers = 0;
    }

    /// All is done: there is nothing to go on with.
    void remove() throws IOException {
        disk.delete(path);
    }

    @Override
    public void close() throws IOException {
        try {
            if (unwrittenAnswers > 0) {
                write();
            }
        } finally {
            file.close();
        }
    }
}
