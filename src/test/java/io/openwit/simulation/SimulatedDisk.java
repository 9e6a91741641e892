package io.openwit.simulation;

import io.openwit.ingest.wal.Disk;
import io.openwit.ingest.wal.DiskFile;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/// A disk in memory that knows of every 512-byte sector what is *written* and what is *durable*, and of every directory which
/// names are durable. Bytes become durable by [DiskFile#force] alone, names by [#syncDirectory] alone.
///
/// What a power cut leaves is another disk, made by [#afterPowerCut]: each thing that was not forced (a sector, a file's length, a
/// name made, changed or removed) is kept or lost by itself. What a killed process leaves is [#afterKill]: everything.
///
/// It fails when it is told to. A force that fails leaves what ext4 leaves: each sector is on the disk or not, all of them are
/// clean in the cache, so that reading shows the data, the next force succeeds, and a power cut loses them.
///
/// Sectors are arrays that never change, so a copy of the disk costs little. The same seed and the same calls give the same disk.
/// Used by one thread.
final class SimulatedDisk implements Disk {
    static final int SECTOR_BYTES = 512;

    private static final byte[] ZEROS = new byte[SECTOR_BYTES];

    private static final long NEVER = Long.MAX_VALUE;

    private final TreeMap<Path, Folder> folders = new TreeMap<>();
    private final Set<Path> locks = new HashSet<>();
    private final Random random;
    private final List<Watcher> watchers = new ArrayList<>();
    private long capacityBytes = Long.MAX_VALUE;
    private long operations;
    private boolean dead;

    private long failAt = NEVER;
    private Failure failure = Failure.EIO;
    private boolean failForEver;

    enum Operation {
        CREATE,
        OPEN,
        READ,
        WRITE,
        FORCE,
        CLOSE,
        TRUNCATE,
        RENAME,
        DELETE,
        LIST,
        SYNC_DIRECTORY
    }

    enum Failure {
        /// Of any operation. A write leaves a part behind.
        EIO("Input/output error"),
        /// Of whatever may need a block. A write leaves a part behind.
        ENOSPC("No space left on device"),
        /// A write that stops in the middle.
        SHORT("Input/output error");

        private final String message;

        Failure(String message) {
            this.message = message;
        }

        boolean concerns(Operation operation) {
            return switch (this) {
                case EIO -> true;
                case SHORT -> operation == Operation.WRITE;
                case ENOSPC ->
                    switch (operation) {
                        case CREATE, WRITE, FORCE, TRUNCATE, RENAME, SYNC_DIRECTORY -> true;
                        case OPEN, READ, CLOSE, DELETE, LIST -> false;
                    };
            };
        }
    }

    /// Sees each operation. What it throws reaches the log, so it does not throw.
    interface Watcher {
        default void before(Operation operation, Path path) {}

        default void after(Operation operation, Path path) {}

        default void failed(Operation operation, Path path, Failure failure) {}
    }

    /// Names of one directory, as a process sees them and as they are durable.
    private static final class Folder {
        private final TreeMap<String, Inode> names = new TreeMap<>();
        private final TreeMap<String, Inode> durable = new TreeMap<>();
        private final List<Change> unsynced = new ArrayList<>();

        private void change(Change change) {
            change.applyTo(names);
            unsynced.add(change);
        }

        private void sync() {
            unsynced.forEach(change -> change.applyTo(durable));
            unsynced.clear();
        }
    }

    /// A name that was made, changed or removed.
    ///
    /// @param removed empty where a file was made
    /// @param added empty where one was deleted
    private record Change(String removed, String added, Inode inode) {
        private void applyTo(TreeMap<String, Inode> names) {
            if (!removed.isEmpty()) {
                names.remove(removed, inode);
            }
            if (!added.isEmpty()) {
                names.put(added, inode);
            }
        }
    }

    private static final class Inode {
        private Path path;
        private byte[][] written = {};
        private byte[][] durable = {};
        private long size;
        private long durableSize;

        /// Sectors that the next force writes.
        private final BitSet dirty = new BitSet();

        private Inode(Path path) {
            this.path = path;
        }

        private static byte[] sector(byte[][] sectors, int index) {
            return index < sectors.length && sectors[index] != null ? sectors[index] : ZEROS;
        }

        private boolean differs(int index) {
            byte[] now = sector(written, index);
            byte[] sure = sector(durable, index);
            return now != sure && !Arrays.equals(now, sure);
        }

        private int sectors() {
            return Math.max(written.length, durable.length);
        }

        private void put(int index, byte[] sector) {
            if (index >= written.length) {
                written = Arrays.copyOf(written, Math.max(index + 1, written.length * 2));
            }
            written[index] = Arrays.equals(sector, ZEROS) ? ZEROS : sector;
            dirty.set(index);
        }

        private void write(byte[] bytes, int count, long offset) {
            for (int done = 0; done < count; ) {
                int index = Math.toIntExact((offset + done) / SECTOR_BYTES);
                int from = (int) ((offset + done) % SECTOR_BYTES);
                int part = Math.min(SECTOR_BYTES - from, count - done);
                byte[] sector = part == SECTOR_BYTES ? new byte[SECTOR_BYTES] : sector(written, index).clone();
                System.arraycopy(bytes, done, sector, from, part);
                put(index, sector);
                done += part;
            }
            size = Math.max(size, offset + count);
        }

        private void truncate(long newSize) {
            for (int index = 0; index < written.length; index++) {
                long begin = (long) index * SECTOR_BYTES;
                if (begin >= newSize) {
                    if (written[index] != null) {
                        put(index, ZEROS);
                    }
                } else if (newSize - begin < SECTOR_BYTES) {
                    put(index, Arrays.copyOf(Arrays.copyOf(sector(written, index), (int) (newSize - begin)), SECTOR_BYTES));
                }
            }
            size = Math.min(size, newSize);
        }

        private void persist(int index) {
            if (index >= durable.length) {
                durable = Arrays.copyOf(durable, Math.max(index + 1, written.length));
            }
            durable[index] = sector(written, index);
        }

        private void force() {
            dirty.stream().forEach(this::persist);
            dirty.clear();
            durableSize = size;
        }

        private void forceFails(Random random) {
            dirty.stream().filter(_ -> random.nextBoolean()).forEach(this::persist);
            dirty.clear();
            if (random.nextBoolean()) {
                durableSize = size;
            }
        }

        private Inode copy() {
            Inode copy = new Inode(path);
            copy.written = written.clone();
            copy.durable = durable.clone();
            copy.size = size;
            copy.durableSize = durableSize;
            copy.dirty.or(dirty);
            return copy;
        }
    }

    /// An empty disk.
    ///
    /// @param seed draws what a failing operation leaves behind
    SimulatedDisk(long seed) {
        random = new Random(seed);
    }

    // --- what goes wrong

    void watch(Watcher watcher) {
        watchers.add(watcher);
    }

    /// Operations so far that could have failed.
    long operations() {
        return operations;
    }

    /// Lets the operation that has this number, from 0, fail, or the first behind it that can fail in this way.
    ///
    /// @param forEver and all that follow, until [#heal]
    void failAt(long operation, Failure how, boolean forEver) {
        failAt = operation;
        failure = how;
        failForEver = forEver;
    }

    void heal() {
        failAt = NEVER;
    }

    boolean failing() {
        return failAt != NEVER;
    }

    /// Room for so many bytes; what would need more is refused with ENOSPC, and files never grow into it.
    void capacity(long bytes) {
        capacityBytes = bytes;
    }

    /// The process that used this disk has ended: whatever it still tries fails.
    void die() {
        dead = true;
    }

    /// What the next process finds where this one was killed: all that was written, in the cache as it was.
    SimulatedDisk afterKill() {
        return copy(false, _ -> true);
    }

    /// What a power cut leaves.
    ///
    /// @param kept says of each of the [#unforced] things, from 0, whether it reached the disk
    SimulatedDisk afterPowerCut(IntPredicate kept) {
        return copy(true, kept);
    }

    /// How many things a power cut keeps or loses now.
    int unforced() {
        int[] count = {0};
        copy(true, index -> {
            count[0] = index + 1;
            return false;
        });
        return count[0];
    }

    /// How many of them are names: those are the first.
    int unsyncedNames() {
        return folders.values().stream().mapToInt(folder -> folder.unsynced.size()).sum();
    }

    private SimulatedDisk copy(boolean powerCut, IntPredicate kept) {
        SimulatedDisk copy = new SimulatedDisk(random.nextLong(0, 1L << 48));
        copy.capacityBytes = capacityBytes;
        int[] index = {0};
        Map<Inode, Inode> copies = new IdentityHashMap<>();
        folders.forEach((path, folder) -> {
            Folder fresh = new Folder();
            copy.folders.put(path, fresh);
            Set<Inode> inodes = new LinkedHashSet<>(folder.durable.values());
            folder.unsynced.forEach(change -> inodes.add(change.inode));
            for (Inode inode : inodes) {
                copies.computeIfAbsent(inode, Inode::copy);
            }
            folder.durable.forEach((name, inode) -> fresh.durable.put(name, copies.get(inode)));
            for (Change change : folder.unsynced) {
                Change same = new Change(change.removed, change.added, copies.get(change.inode));
                if (!powerCut) {
                    fresh.unsynced.add(same);
                } else if (kept.test(index[0]++)) {
                    same.applyTo(fresh.durable);
                }
            }
            if (powerCut) {
                fresh.names.putAll(fresh.durable);
                for (Inode inode : inodes) {
                    cutPower(copies.get(inode), kept, index);
                }
                fresh.names.forEach((name, inode) -> inode.path = path.resolve(name));
            } else {
                folder.names.forEach((name, inode) -> fresh.names.put(name, copies.get(inode)));
            }
        });
        return copy;
    }

    private static void cutPower(Inode inode, IntPredicate kept, int[] index) {
        for (int sector = 0; sector < inode.sectors(); sector++) {
            // What is clean and yet not durable was lost by a force that failed.
            if (inode.differs(sector) && inode.dirty.get(sector) && kept.test(index[0]++)) {
                inode.persist(sector);
            }
        }
        if (inode.size != inode.durableSize && kept.test(index[0]++)) {
            inode.durableSize = inode.size;
        }
        inode.size = inode.durableSize;
        inode.written = inode.durable.clone();
        inode.dirty.clear();
    }

    // --- what a test looks at and does behind the log's back

    /// Whether the file's name is durable, and its bytes in a range.
    boolean durable(Path path, long from, long to) {
        Inode inode = folder(path.getParent()).durable.get(name(path));
        if (inode == null || inode.durableSize < to) {
            return false;
        }
        for (int sector = (int) (from / SECTOR_BYTES); (long) sector * SECTOR_BYTES < to; sector++) {
            if (inode.differs(sector)) {
                return false;
            }
        }
        return true;
    }

    /// Names as a process sees them.
    Set<String> names(Path directory) {
        Folder folder = folders.get(directory);
        return folder == null ? Set.of() : new TreeSet<>(folder.names.keySet());
    }

    /// As a process reads it.
    byte[] content(Path path) {
        Inode inode = folder(path.getParent()).names.get(name(path));
        return content(inode.written, inode.size);
    }

    /// As the disk alone has it; empty where it has no such name.
    byte[] durableContent(Path path) {
        Inode inode = folder(path.getParent()).durable.get(name(path));
        return inode == null ? new byte[0] : content(inode.durable, inode.durableSize);
    }

    private static byte[] content(byte[][] sectors, long size) {
        byte[] content = new byte[Math.toIntExact(size)];
        for (int at = 0; at < content.length; at += SECTOR_BYTES) {
            byte[] sector = Inode.sector(sectors, at / SECTOR_BYTES);
            System.arraycopy(sector, 0, content, at, Math.min(SECTOR_BYTES, content.length - at));
        }
        return content;
    }

    /// The bits that are set in `mask` change, durably.
    void flip(Path path, long offset, int mask) {
        Inode inode = folder(path.getParent()).names.get(name(path));
        byte[] sector = Inode.sector(inode.written, (int) (offset / SECTOR_BYTES)).clone();
        sector[(int) (offset % SECTOR_BYTES)] ^= (byte) mask;
        inode.put((int) (offset / SECTOR_BYTES), sector);
        inode.force();
    }

    void cut(Path path, long size) {
        Inode inode = folder(path.getParent()).names.get(name(path));
        inode.truncate(size);
        inode.force();
    }

    void drop(Path path) {
        Folder folder = folder(path.getParent());
        folder.names.remove(name(path));
        folder.durable.remove(name(path));
    }

    // --- Disk

    private Folder folder(Path directory) {
        Folder folder = folders.get(directory);
        if (folder == null) {
            throw new IllegalStateException("no such directory: " + directory);
        }
        return folder;
    }

    private static String name(Path path) {
        return path.getFileName().toString();
    }

    private Inode find(Path path) throws IOException {
        Folder folder = folders.get(path.getParent());
        Inode inode = folder == null ? null : folder.names.get(name(path));
        if (inode == null) {
            throw new NoSuchFileException(path.toString());
        }
        return inode;
    }

    /// Whether this operation is to fail.
    private boolean fails(Operation operation, Path path) throws IOException {
        if (dead) {
            throw new IOException(path + ": the process that had it open has ended");
        }
        watchers.forEach(watcher -> watcher.before(operation, path));
        boolean fails = operations >= failAt && failure.concerns(operation);
        operations++;
        if (fails && !failForEver) {
            failAt = NEVER;
        }
        return fails;
    }

    private IOException failed(Operation operation, Path path, Failure how) {
        watchers.forEach(watcher -> watcher.failed(operation, path, how));
        return new IOException(how.message);
    }

    private void after(Operation operation, Path path) {
        watchers.forEach(watcher -> watcher.after(operation, path));
    }

    private void begin(Operation operation, Path path) throws IOException {
        Failure how = failure;
        if (fails(operation, path)) {
            throw failed(operation, path, how);
        }
    }

    @Override
    public DiskFile create(Path path) throws IOException {
        begin(Operation.CREATE, path);
        Folder folder = folder(path.getParent());
        Inode old = folder.names.get(name(path));
        Inode inode = old == null ? new Inode(path) : old;
        if (old == null) {
            folder.change(new Change("", name(path), inode));
        } else {
            inode.truncate(0);
        }
        after(Operation.CREATE, path);
        return new OpenFile(inode, true);
    }

    @Override
    public DiskFile open(Path path) throws IOException {
        begin(Operation.OPEN, path);
        return new OpenFile(find(path), true);
    }

    @Override
    public DiskFile openForReading(Path path) throws IOException {
        begin(Operation.OPEN, path);
        return new OpenFile(find(path), false);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        if (!from.getParent().equals(to.getParent())) {
            throw new IllegalArgumentException("a file changes its name within its directory: " + from + " to " + to);
        }
        begin(Operation.RENAME, from);
        Inode inode = find(from);
        folder(from.getParent()).change(new Change(name(from), name(to), inode));
        inode.path = to;
        after(Operation.RENAME, from);
    }

    @Override
    public void delete(Path path) throws IOException {
        begin(Operation.DELETE, path);
        Folder folder = folder(path.getParent());
        Inode inode = folder.names.get(name(path));
        if (inode != null) {
            folder.change(new Change(name(path), "", inode));
            after(Operation.DELETE, path);
        }
    }

    @Override
    public boolean exists(Path path) {
        Folder folder = folders.get(path.getParent());
        return folders.containsKey(path) || folder != null && folder.names.containsKey(name(path));
    }

    /// A directory is durable at once: how its name becomes so is the real disk's affair.
    @Override
    public void createDirectories(Path directory) {
        for (Path at = directory; at != null; at = at.getParent()) {
            folders.computeIfAbsent(at, _ -> new Folder());
        }
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        begin(Operation.LIST, directory);
        Folder folder = folders.get(directory);
        if (folder == null) {
            throw new NoSuchFileException(directory.toString());
        }
        Set<String> names = new TreeSet<>(folder.names.keySet());
        for (Path other : folders.keySet()) {
            if (directory.equals(other.getParent())) {
                names.add(name(other));
            }
        }
        return List.copyOf(names);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        Failure how = failure;
        Folder folder = folder(directory);
        if (fails(Operation.SYNC_DIRECTORY, directory)) {
            // Some of it may have become durable; the rest is tried again by whoever syncs next.
            folder.unsynced.removeIf(change -> {
                boolean done = random.nextBoolean() && folder.unsynced.getFirst() == change;
                if (done) {
                    change.applyTo(folder.durable);
                }
                return done;
            });
            throw failed(Operation.SYNC_DIRECTORY, directory, how);
        }
        folder.sync();
        after(Operation.SYNC_DIRECTORY, directory);
    }

    @Override
    public long usableBytes(Path path) {
        return Math.max(0, capacityBytes - usedBytes());
    }

    private long usedBytes() {
        long used = 0;
        for (Folder folder : folders.values()) {
            for (Inode inode : folder.names.values()) {
                used += inode.size;
            }
        }
        return used;
    }

    @Override
    public Optional<Closeable> lock(Path path) {
        return locks.add(path) ? Optional.of(() -> locks.remove(path)) : Optional.empty();
    }

    private final class OpenFile implements DiskFile {
        private final Inode inode;
        private final boolean writable;
        private boolean closed;

        private OpenFile(Inode inode, boolean writable) {
            this.inode = inode;
            this.writable = writable;
        }

        private void checkOpen() throws IOException {
            if (closed) {
                throw new IOException(inode.path + " is closed");
            }
        }

        private void checkWritable() throws IOException {
            checkOpen();
            if (!writable) {
                throw new FileNotFoundException(inode.path + " is open for reading alone");
            }
        }

        @Override
        public void write(ByteBuffer[] buffers, int count, long offset) throws IOException {
            checkWritable();
            int total = 0;
            for (int i = 0; i < count; i++) {
                total += buffers[i].remaining();
            }
            byte[] bytes = new byte[total];
            ByteBuffer all = ByteBuffer.wrap(bytes);
            for (int i = 0; i < count; i++) {
                all.put(buffers[i]);
            }
            Failure how = failure;
            boolean fails = fails(Operation.WRITE, inode.path);
            if (!fails && offset + total > inode.size && offset + total - inode.size > usableBytes(inode.path)) {
                how = Failure.ENOSPC;
                fails = true;
                total = Math.clamp(inode.size - offset + usableBytes(inode.path), 0, total);
            } else if (fails) {
                total = random.nextInt(total + 1);
            }
            if (total > 0) {
                inode.write(bytes, total, offset);
            }
            if (fails) {
                throw failed(Operation.WRITE, inode.path, how);
            }
            after(Operation.WRITE, inode.path);
        }

        @Override
        public int read(ByteBuffer buffer, long offset) throws IOException {
            checkOpen();
            begin(Operation.READ, inode.path);
            int total = Math.clamp(inode.size - offset, 0, buffer.remaining());
            for (int done = 0; done < total; ) {
                int from = (int) ((offset + done) % SECTOR_BYTES);
                int part = Math.min(SECTOR_BYTES - from, total - done);
                buffer.put(Inode.sector(inode.written, (int) ((offset + done) / SECTOR_BYTES)), from, part);
                done += part;
            }
            return total;
        }

        @Override
        public long size() throws IOException {
            checkOpen();
            return inode.size;
        }

        @Override
        public void truncate(long size) throws IOException {
            checkWritable();
            begin(Operation.TRUNCATE, inode.path);
            inode.truncate(size);
            after(Operation.TRUNCATE, inode.path);
        }

        @Override
        public void force() throws IOException {
            checkWritable();
            Failure how = failure;
            if (fails(Operation.FORCE, inode.path)) {
                inode.forceFails(random);
                throw failed(Operation.FORCE, inode.path, how);
            }
            inode.force();
            after(Operation.FORCE, inode.path);
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                if (writable) {
                    begin(Operation.CLOSE, inode.path);
                }
            }
        }
    }
}
