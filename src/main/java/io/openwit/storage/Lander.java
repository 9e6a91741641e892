package io.openwit.storage;

import io.openwit.model.BatchId;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.NodeId;
import io.openwit.model.Stepper;
import io.openwit.storage.LandingFile.Arrival;
import io.openwit.telemetry.Metrics;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Puts batches on the disk and answers them: whatever has queued while the last force ran is one group, with one
/// force.
///
/// It alone knows which batches are stored, judges senders, and writes landing files; its steps run on the thread
/// `storage-lander`. [#offer] is called by the streams' threads.
final class Lander implements Stepper, AutoCloseable {
    private static final String DISK_ALARM = "storage-disk-failed";
    private static final String WRITE_ALARM = "storage-write-failed";

    private static final Logger LOG = Logger.getLogger(Lander.class.getName());
    private static final long MAX_GROUP_BYTES = 32L << 20;
    private static final int MAX_GROUP_BATCHES = 1024;
    private static final long STREAM_LOOKS_UP_NANOS = 100_000_000;

    private final StorageConfig config;
    private final Path directory;
    private final Catalogue catalogue;
    private final KnownBatches known;
    private final Senders senders;
    private final Clocks clocks;
    private final RandomGenerator random;
    private final Telemetry telemetry;
    private final Bell bell = new Bell();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    private long bytesInFlight;

    private @Nullable LandingFile open;
    private long openNumber;
    private long openRows;
    private long openedNanos;
    private long nextNumber;
    private volatile @Nullable String poison;

    /// What became of a batch.
    sealed interface Verdict {}

    /// It is on the disk, since now or (`again`) since earlier.
    record Stored(boolean again) implements Verdict {}

    /// Its sender has been replaced by one with a higher epoch; nothing was stored.
    record StaleSender(NodeId sender, long epoch, long highest) implements Verdict {}

    /// Nothing was stored; it may be sent again.
    record NotNow(String detail) implements Verdict {}

    private record Waiting(Arrival arrival, Consumer<Verdict> answer) {}

    /// @param known what is stored already; the lander owns it from now on
    /// @param nextNumber above that of every landing and Parquet file
    Lander(
            StorageConfig config,
            Path directory,
            Catalogue catalogue,
            KnownBatches known,
            Senders senders,
            long nextNumber,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry) {
        this.config = config;
        this.directory = directory;
        this.catalogue = catalogue;
        this.known = known;
        this.senders = senders;
        this.nextNumber = nextNumber;
        this.clocks = clocks;
        this.random = random;
        this.telemetry = telemetry;
    }

    /// Waits until there is room for this many bytes, and takes them: `maxBytesInFlight` over all streams, and none
    /// at all
    /// while more than `maxPendingRows` wait for Parquet. They are given back when the batch is answered.
    ///
    /// @param gone asked now and then: whether the stream has ended
    /// @return false if the stream has ended first
    boolean awaitRoom(long bytes, BooleanSupplier gone) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (poison == null
                    && ((bytesInFlight + bytes > config.maxBytesInFlight() && bytesInFlight > 0)
                            || catalogue.pendingRows() > config.maxPendingRows())) {
                if (gone.getAsBoolean()) {
                    return false;
                }
                room.awaitNanos(STREAM_LOOKS_UP_NANOS);
            }
            bytesInFlight += bytes;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Gives back bytes that were taken for a batch which is not offered, or has been answered.
    void giveBack(long bytes) {
        lock.lock();
        try {
            bytesInFlight -= bytes;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Queues a checked batch, within the room taken for it.
    ///
    /// @param answer called once, by the lander's thread, in the order of the offers of one stream
    void offer(Arrival arrival, Consumer<Verdict> answer) {
        lock.lock();
        try {
            queue.add(new Waiting(arrival, answer));
        } finally {
            lock.unlock();
        }
        bell.ring();
    }

    boolean poisoned() {
        return poison != null;
    }

    @Override
    public boolean step() {
        List<Waiting> group = takeGroup();
        boolean closed = closeIfDue();
        if (group.isEmpty()) {
            return closed;
        }
        land(group);
        return true;
    }

    @Override
    public void awaitWork(long maxNanos) {
        long untilClose = open == null
                ? maxNanos
                : openedNanos + config.flushAfter().toNanos() - clocks.monotonicNanos();
        bell.await(Math.clamp(untilClose, 0, maxNanos));
    }

    private List<Waiting> takeGroup() {
        List<Waiting> group = new ArrayList<>();
        lock.lock();
        try {
            long bytes = 0;
            while (!queue.isEmpty() && group.size() < MAX_GROUP_BATCHES && bytes < MAX_GROUP_BYTES) {
                Waiting next = queue.remove();
                bytes += next.arrival().bytes();
                group.add(next);
            }
        } finally {
            lock.unlock();
        }
        return group;
    }

    private void land(List<Waiting> group) {
        List<Verdict> verdicts = new ArrayList<>(group.size());
        List<Arrival> fresh = new ArrayList<>();
        Set<BatchId> inGroup = new HashSet<>();
        Map<NodeId, Long> newSenders = new HashMap<>();
        for (Waiting waiting : group) {
            BatchMetadata metadata = waiting.arrival().metadata();
            Optional<StaleSender> stale = judgeSender(metadata, newSenders);
            if (stale.isPresent()) {
                verdicts.add(stale.get());
            } else if (metadata.rows() == 0 || known.contains(metadata.id()) || !inGroup.add(metadata.id())) {
                verdicts.add(new Stored(true));
            } else {
                fresh.add(waiting.arrival());
                verdicts.add(new Stored(false));
            }
        }
        Optional<NotNow> failure = store(fresh, newSenders);
        for (int i = 0; i < group.size(); i++) {
            Verdict verdict = failure.isPresent() && verdicts.get(i) instanceof Stored ? failure.get() : verdicts.get(i);
            count(group.get(i).arrival().metadata(), verdict);
            group.get(i).answer().accept(verdict);
        }
    }

    private Optional<StaleSender> judgeSender(BatchMetadata metadata, Map<NodeId, Long> newSenders) {
        if (metadata.senderEpoch() == 0 || metadata.sender().isEmpty()) {
            return Optional.empty();
        }
        NodeId sender = metadata.sender().get();
        long highest = Math.max(senders.epochOf(sender), newSenders.getOrDefault(sender, 0L));
        if (metadata.senderEpoch() < highest) {
            return Optional.of(new StaleSender(sender, metadata.senderEpoch(), highest));
        }
        if (metadata.senderEpoch() > highest) {
            newSenders.put(sender, metadata.senderEpoch());
        }
        return Optional.empty();
    }

    /// Writes and forces; afterwards the batches are known and can be seen by queries.
    private Optional<NotNow> store(List<Arrival> fresh, Map<NodeId, Long> newSenders) {
        String poisonedBy = poison;
        if (poisonedBy != null) {
            return Optional.of(new NotNow(poisonedBy));
        }
        LandingFile file;
        List<LandedBatch> landed;
        try {
            if (!newSenders.isEmpty()) {
                senders.raise(newSenders);
            }
            if (fresh.isEmpty()) {
                return Optional.empty();
            }
            file = openFile();
        } catch (IOException e) {
            return Optional.of(cannotWrite(directory, e));
        }
        try {
            try {
                landed = file.append(fresh);
            } catch (IOException e) {
                file.takeBack();
                closeOpen("write-failed");
                return Optional.of(cannotWrite(file.path(), e));
            }
            file.force();
        } catch (IOException e) {
            poison(e);
            return Optional.of(new NotNow("storage's disk failed: " + e.getMessage()));
        }
        telemetry.alarms().clear(WRITE_ALARM);
        landed.forEach(batch -> known.add(batch.id()));
        openRows += landed.stream().mapToLong(LandedBatch::rows).sum();
        catalogue.landed(openNumber, landed);
        long bytes = fresh.stream().mapToLong(Arrival::bytes).sum();
        telemetry.metrics().storageBytesWritten.labelValues("landing").inc(bytes);
        return Optional.empty();
    }

    /// Nothing of the group is on the disk, and the next one may fare better.
    private NotNow cannotWrite(Path path, IOException e) {
        String detail = "storage cannot write " + path + ": " + e.getClass().getSimpleName() + ": " + e.getMessage();
        telemetry.alarms().raise(WRITE_ALARM, detail + "; batches are refused until it can");
        return new NotNow(detail);
    }

    /// After a failed force nobody knows what is on the disk: this process never answers again.
    private void poison(IOException e) {
        poison = "storage's disk failed: " + e.getMessage();
        telemetry.alarms().raise(DISK_ALARM, e.getMessage() + "; nothing is stored until storage is started again");
        try {
            closeOpen("disk-failed");
        } catch (IOException second) {
            LOG.log(Level.WARNING, "landing file does not close: {0}", second.getMessage());
        }
    }

    private LandingFile openFile() throws IOException {
        LandingFile file = open;
        if (file == null) {
            long number = nextNumber++;
            Path path = directory.resolve(Segment.fileName(number));
            file = LandingFile.create(path, random.nextLong());
            open = file;
            openNumber = number;
            openRows = 0;
            openedNanos = clocks.monotonicNanos();
            catalogue.add(new Segment(number, path, List.of(), openedNanos, false));
        }
        return file;
    }

    private boolean closeIfDue() {
        LandingFile file = open;
        if (file == null || poison != null) {
            return false;
        }
        String reason = openRows >= config.flushRows()
                ? "rows"
                : file.bytes() >= config.flushBytes()
                        ? "bytes"
                        : clocks.monotonicNanos() - openedNanos >= config.flushAfter().toNanos() ? "age" : null;
        if (reason == null) {
            return false;
        }
        try {
            closeOpen(reason);
        } catch (IOException e) {
            poison(e);
        }
        return true;
    }

    private void closeOpen(String reason) throws IOException {
        LandingFile file = open;
        if (file != null) {
            open = null;
            file.close();
            catalogue.close(openNumber);
            LOG.log(Level.FINE, "landing file closed: file={0} bytes={1} rows={2} reason={3}", new Object[] {
                file.path().getFileName(), file.bytes(), openRows, reason
            });
        }
    }

    private void count(BatchMetadata metadata, Verdict verdict) {
        Metrics metrics = telemetry.metrics();
        String signal = metadata.signal().label();
        String result =
                switch (verdict) {
                    case Stored stored -> stored.again() ? "again" : "stored";
                    case StaleSender stale -> "stale-sender";
                    case NotNow notNow -> "unavailable";
                };
        metrics.storageBatches.labelValues(signal, result).inc();
        if (verdict instanceof Stored(boolean again) && !again) {
            metrics.storageRows.labelValues(signal).inc(metadata.rows());
        }
    }

    /// Answers what still waits, and closes the open file. The lander's thread has ended.
    @Override
    public void close() throws IOException {
        for (Waiting waiting : takeAll()) {
            waiting.answer().accept(new NotNow("storage is stopping"));
        }
        closeOpen("shutdown");
    }

    private List<Waiting> takeAll() {
        lock.lock();
        try {
            List<Waiting> all = new ArrayList<>(queue);
            queue.clear();
            return all;
        } finally {
            lock.unlock();
        }
    }

    /// Wakes streams that wait for rows to become Parquet; called after a conversion.
    void roomMade() {
        lock.lock();
        try {
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
