package io.openwit.ingest.wal;

import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Files that will be segments: pre-written with real zeros and forced, or recycled, so that an append never grows a file.
///
/// Thread-safe by its lock: while the keeper writes a spare, a writer that needs one waits for it.
final class Spares {
    /// Spares that are kept; beyond it a recycled segment is deleted.
    static final int MAX_SPARES = 2;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(1 << 20);
    private static final String PREFIX = "spare-";
    private static final Pattern FILE = Pattern.compile("spare-(\\d{6,18})\\.wal");
    private static final String UNFINISHED = "spare.tmp";

    private final Disk disk;
    private final LogConfig config;
    private final Telemetry telemetry;
    private final AtomicLong usedBytes;
    private final ArrayDeque<Spare> ready = new ArrayDeque<>();
    private volatile int count;
    private long nextNumber = 1;

    /// @param reused may hold bytes of an old segment; else zeros
    record Spare(Path path, boolean reused, long bytes) {}

    /// Takes over the spares that an earlier start has left.
    ///
    /// @param usedBytes of all segments and spares, kept up to date by both who make and who remove them
    Spares(Disk disk, LogConfig config, Telemetry telemetry, AtomicLong usedBytes) throws IOException {
        this.disk = disk;
        this.config = config;
        this.telemetry = telemetry;
        this.usedBytes = usedBytes;
        disk.delete(config.directory().resolve(UNFINISHED));
        for (String name : disk.list(config.directory())) {
            Matcher file = FILE.matcher(name);
            if (file.matches()) {
                Path path = config.directory().resolve(name);
                if (ready.size() < MAX_SPARES && bytesOf(path) == config.segmentBytes()) {
                    nextNumber = Math.max(nextNumber, Long.parseLong(file.group(1)) + 1);
                    add(new Spare(path, true, config.segmentBytes()));
                    usedBytes.addAndGet(config.segmentBytes());
                } else {
                    disk.delete(path);
                }
            }
        }
    }

    private long bytesOf(Path path) throws IOException {
        try (DiskFile file = disk.openForReading(path)) {
            return file.size();
        }
    }

    private void add(Spare spare) {
        ready.add(spare);
        count = ready.size();
    }

    int count() {
        return count;
    }

    /// Whether one more file fits `processing.wal.max_bytes` and the reserve.
    boolean mayMakeOne() {
        return usedBytes.get() + config.segmentBytes() <= config.maxBytes()
                && disk.usableBytes(config.directory()) - config.segmentBytes() >= config.reserveBytes();
    }

    /// Makes a spare where there is none and there is room for it.
    ///
    /// @return whether it did
    synchronized boolean prepare() throws IOException {
        if (!ready.isEmpty() || !mayMakeOne()) {
            return false;
        }
        add(make(config.segmentBytes()));
        return true;
    }

    /// A file of at least `bytes`, which is the caller's from now on.
    ///
    /// @throws WalFullException there is no room for one
    synchronized Spare take(long bytes) throws IOException {
        Spare spare = takeReady(bytes);
        if (spare != null) {
            return spare;
        }
        long wanted = Math.max(bytes, config.segmentBytes());
        if (usedBytes.get() + wanted > config.maxBytes()) {
            throw new WalFullException("the log has " + usedBytes.get() + " bytes of processing.wal.max_bytes "
                    + config.maxBytes() + ", and its followers need all of them");
        }
        long usable = disk.usableBytes(config.directory());
        if (usable - wanted < config.reserveBytes()) {
            throw new WalFullException("the volume of " + config.directory() + " has " + usable
                    + " bytes left, and processing.wal.reserve_bytes is " + config.reserveBytes());
        }
        return make(wanted);
    }

    /// As [#take], but beyond the limits too.
    synchronized Spare takeAnyway(long bytes) throws IOException {
        Spare spare = takeReady(bytes);
        return spare != null ? spare : make(Math.max(bytes, config.segmentBytes()));
    }

    private @Nullable Spare takeReady(long bytes) {
        Spare spare = bytes <= config.segmentBytes() ? ready.poll() : null;
        count = ready.size();
        return spare;
    }

    private Spare make(long bytes) throws IOException {
        Path made = config.directory().resolve(UNFINISHED);
        @Nullable DiskFile file = null;
        try {
            file = disk.create(made);
            ByteBuffer[] zeros = new ByteBuffer[1];
            for (long at = 0; at < bytes; at += ZEROS.capacity()) {
                zeros[0] = ZEROS.slice(0, (int) Math.min(ZEROS.capacity(), bytes - at));
                file.write(zeros, 1, at);
            }
            file.force();
            file.close();
            Path path = newPath();
            disk.rename(made, path);
            disk.syncDirectory(config.directory());
            usedBytes.addAndGet(bytes);
            telemetry.metrics().walBytesPrewritten.inc(bytes);
            return new Spare(path, false, bytes);
        } catch (IOException e) {
            if (file != null) {
                file.close();
            }
            disk.delete(made);
            if (DiskFull.is(e)) {
                throw new WalFullException("the volume of " + config.directory() + " is full", e);
            }
            throw e;
        }
    }

    private Path newPath() {
        return config.directory().resolve(String.format("%s%06d.wal", PREFIX, nextNumber++));
    }

    /// Takes a segment's file, which nobody needs any more, as a spare, or deletes it; allocates nothing on the disk.
    synchronized void recycle(Path segment) throws IOException {
        long bytes = bytesOf(segment);
        if (ready.size() < MAX_SPARES && bytes == config.segmentBytes()) {
            Path path = newPath();
            disk.rename(segment, path);
            // Durable before its header is overwritten: the old name may not come back with a new content.
            disk.syncDirectory(config.directory());
            add(new Spare(path, true, bytes));
        } else {
            disk.delete(segment);
            disk.syncDirectory(config.directory());
            usedBytes.addAndGet(-bytes);
        }
    }
}
