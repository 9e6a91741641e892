package io.openwit.simulation;

import io.openwit.ingest.SteppedNode;
import io.openwit.ingest.wal.Disk;
import io.openwit.model.Outcome;
import io.openwit.simulation.SimulatedDisk.Failure;
import io.openwit.simulation.SimulatedDisk.Operation;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/// A node with its disk, its clocks, its clients and its followers, all of which do one thing at a time when they are told to.
///
/// It holds what outlives the process (disk, clocks, what clients were told, what storage has) and the process itself, which can
/// be killed and started again. Whatever happens, it looks whether the invariants hold, and notes what does not.
final class World {
    private static final Pattern SEGMENT = Pattern.compile("\\d{6,}\\.wal");

    /// Places in a segment's header, in a group's, and in the slots of a position file.
    private static final int BLOCK_BYTES = 4096;
    private static final int FIRST_AT = 40;
    private static final int GROUP_HEADER_BYTES = 72;
    private static final int GROUP_FIRST_AT = 24;
    private static final int GROUP_LENGTH_AT = 32;
    private static final int SLOT_BYTES = 4096;
    private static final int TURN_AT = 8;
    private static final int POSITION_AT = 16;

    private final Random random;
    private final Mutation mutation;
    private final int maxSegments;
    private final Ledger ledger = new Ledger();
    private final Traffic traffic;
    private final SimulatedClocks clocks = new SimulatedClocks();
    private final List<Violation> violations = new ArrayList<>();
    private final List<Recorder> recorders;
    private SimulatedDisk disk;
    private long operationsBefore;
    private Consumer<SimulatedDisk> onEachDisk = _ -> {};

    private boolean pagesLost;
    private boolean namesUnsure;

    // The process.
    private Telemetry telemetry;
    private Optional<SteppedNode> node = Optional.empty();
    private final Map<Sent, SteppedNode.Call> waiting = new LinkedHashMap<>();
    private boolean logFailed;
    private int poisonings;
    private boolean faultInThisStep;

    /// @param seed of everything that is drawn
    World(long seed, Mutation mutation, int maxSegments) {
        random = new Random(seed);
        this.mutation = mutation;
        this.maxSegments = maxSegments;
        traffic = new Traffic(random, ledger);
        disk = new SimulatedDisk(random.nextLong());
        recorders = List.of(
                new Recorder("handoff", true, ledger, violations),
                new Recorder("archive", true, ledger, violations),
                new Recorder("metastore", false, ledger, violations));
        attach();
    }

    // --- what there is

    SimulatedDisk disk() {
        return disk;
    }

    SimulatedClocks clocks() {
        return clocks;
    }

    Ledger ledger() {
        return ledger;
    }

    Traffic traffic() {
        return traffic;
    }

    List<Recorder> recorders() {
        return recorders;
    }

    /// Whether a force of a segment has failed, so that what was then read from the cache may be damaged after a power cut, or that
    /// of a directory, so that segments may be back which were recycled before others.
    boolean shaken() {
        return pagesLost || namesUnsure;
    }

    List<Violation> violations() {
        return violations;
    }

    boolean running() {
        return node.isPresent();
    }

    void violated(Invariant invariant, String what) {
        violations.add(new Violation(invariant, what));
    }

    /// Does this to the disk of the present process and to that of each later one.
    void onEachDisk(Consumer<SimulatedDisk> newAction) {
        onEachDisk = newAction;
        onEachDisk.accept(disk);
    }

    private void attach() {
        disk.watch(new Watching());
        onEachDisk.accept(disk);
    }

    /// Operations of the disk, over all processes.
    long operations() {
        return operationsBefore + disk.operations();
    }

    /// As [SimulatedDisk#failAt], counted over all processes; for ever is until [#heal].
    void failAt(long operation, Failure failure, boolean forEver) {
        onEachDisk(next -> {
            if (forEver || operation >= operationsBefore) {
                next.failAt(operation - operationsBefore, failure, forEver);
            }
        });
    }

    void heal() {
        onEachDisk = _ -> {};
        disk.heal();
    }

    // --- the process

    /// Starts the node and opens its followers.
    ///
    /// @return whether it runs: a disk that fails stops it
    boolean start() {
        telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        logFailed = false;
        poisonings = 0;
        boolean failing = disk.failing() || disk.usableBytes(Setup.WAL) < 8L * Setup.SEGMENT_BYTES;
        Disk seen = mutation.of(disk);
        try {
            SteppedNode opened = SteppedNode.open(
                    Setup.config(maxSegments), seen, clocks, random, telemetry, () -> poisonings++);
            node = Optional.of(opened);
            for (Recorder recorder : recorders) {
                recorder.open(opened.log());
            }
            return true;
        } catch (IOException e) {
            if (!failing) {
                violated(Invariant.I16_NO_POISON, "the node does not start: " + Simulation.trace(e));
            }
        } catch (RuntimeException e) {
            violated(Invariant.I16_NO_POISON, "the node does not start: " + Simulation.trace(e));
        }
        end(disk.afterKill());
        return false;
    }

    /// The process ends at once; the operating system goes on.
    void kill() {
        end(disk.afterKill());
    }

    /// @param kept says of each thing that was not forced whether it reached the disk
    void cutPower(IntPredicate kept) {
        end(disk.afterPowerCut(kept));
    }

    private void end(SimulatedDisk left) {
        disk.die();
        node.ifPresent(running -> {
            try {
                running.close();
            } catch (IOException _) {
                // The dead disk refuses its last seal; only its memory was to be given back.
            }
        });
        checkDamages();
        waiting.clear();
        node = Optional.empty();
        operationsBefore += disk.operations();
        disk = left;
        attach();
    }

    /// The process ends in order.
    void stop() {
        answerAll();
        Optional<SteppedNode> closing = node;
        node = Optional.empty();
        closing.ifPresent(running -> {
            try {
                running.close();
            } catch (IOException e) {
                if (!disk.failing() && !faultInThisStep) {
                    violated(Invariant.I16_NO_POISON, "the node does not stop in order: " + Simulation.trace(e));
                }
            }
        });
        faultInThisStep = false;
        end(disk.afterKill());
    }

    private void answerAll() {
        for (int i = 0; !waiting.isEmpty() && i < 10; i++) {
            stepWriter();
        }
    }

    /// As the server does it: a node whose log has failed ends.
    void endIfPoisoned() {
        if (node.isPresent() && node.get().poisoned()) {
            if (poisonings != 1) {
                violated(Invariant.I5_FAILED_SYNC, "the node was told " + poisonings + " times that its log has failed");
            }
            Sent late = traffic.plain(1, 0);
            if (!(node.get().offer(late.batch()).outcome().orElse(null) instanceof Outcome.Unavailable)) {
                violated(Invariant.I5_FAILED_SYNC, "a batch was let in after the log had failed");
            }
            kill();
        }
    }

    // --- steps

    int waitingBytes() {
        return waiting.keySet().stream().mapToInt(sent -> sent.batch().bytes() + 200).sum();
    }

    /// @return whether it waits for the writer now
    boolean offer(Sent sent) {
        SteppedNode.Call call = node.orElseThrow().offer(sent.batch());
        if (call.refusedAtOnce()) {
            if (call.outcome().orElseThrow() instanceof Outcome.Accepted) {
                violated(Invariant.I4_SYNC_FIRST, "acknowledged without a look at the log: serial " + sent.serial());
            }
            return false;
        }
        waiting.put(sent, call);
        return true;
    }

    void stepWriter() {
        SteppedNode running = node.orElseThrow();
        if (!waiting.isEmpty()) {
            ledger.attempt(List.copyOf(waiting.keySet()));
        }
        guarded("the writer", running::stepWriter);
        takeAnswers();
    }

    void stepKeeper() {
        guarded("the keeper", node.orElseThrow()::stepKeeper);
    }

    void stepFollower(Recorder recorder, int batches) {
        guarded("follower " + recorder.name(), () -> recorder.step(batches));
    }

    void commit(Recorder recorder) {
        guarded("follower " + recorder.name(), () -> {
            recorder.commit();
            return true;
        });
    }

    @FunctionalInterface
    private interface Step {
        boolean run() throws IOException;
    }

    private void guarded(String who, Step step) {
        try {
            step.run();
        } catch (IOException e) {
            if (!disk.failing() && !faultInThisStep) {
                violated(Invariant.I16_NO_POISON, who + " failed on a whole disk: " + Simulation.trace(e));
            }
        } catch (RuntimeException e) {
            violated(Invariant.I16_NO_POISON, who + " made a mistake: " + Simulation.trace(e));
        } finally {
            faultInThisStep = false;
        }
    }

    /// Looks who has an answer. Called when a step is over, and before each operation of the disk, so that an answer that comes
    /// too early is seen.
    private void takeAnswers() {
        List<Sent> answered = new ArrayList<>();
        waiting.forEach((sent, call) -> call.outcome().ifPresent(outcome -> {
            answered.add(sent);
            if (outcome instanceof Outcome.Accepted accepted) {
                acknowledged(sent, accepted);
            }
        }));
        answered.forEach(waiting::remove);
    }

    private void acknowledged(Sent sent, Outcome.Accepted accepted) {
        String who = "serial " + sent.serial();
        if (accepted.rows() + accepted.duplicates() != sent.rows().length || accepted.rejected() != 0) {
            violated(Invariant.I7_PREFIX, who + " has " + sent.rows().length + " rows and was answered " + accepted);
        }
        if (logFailed) {
            violated(Invariant.I5_FAILED_SYNC, who + " was acknowledged after the log had failed");
        }
        Optional<Path> open = newestSegment();
        if (open.isEmpty() || !groupsAreDurable(open.get())) {
            violated(Invariant.I4_SYNC_FIRST, who + " was acknowledged while " + open + " is not durable");
        }
        ledger.acknowledge(sent, node.orElseThrow().log().durable().bytes());
    }

    private Optional<Path> newestSegment() {
        return disk.names(Setup.WAL).stream()
                .filter(name -> SEGMENT.matcher(name).matches())
                .max(Comparator.naturalOrder())
                .map(Setup.WAL::resolve);
    }

    /// Whether the header of the segment and each of its groups is durable. What stands between and behind them may be an old
    /// segment's.
    private boolean groupsAreDurable(Path segment) {
        ByteBuffer in = ByteBuffer.wrap(disk.content(segment)).order(ByteOrder.LITTLE_ENDIAN);
        long first = in.getLong(FIRST_AT);
        boolean durable = disk.durable(segment, 0, BLOCK_BYTES);
        int at = BLOCK_BYTES;
        while (at + GROUP_HEADER_BYTES <= in.limit() && in.getLong(at + GROUP_FIRST_AT) == first + at) {
            int end = at + GROUP_HEADER_BYTES + (int) in.getLong(at + GROUP_LENGTH_AT);
            durable &= disk.durable(segment, at, end);
            at = end + BLOCK_BYTES - 1 & -BLOCK_BYTES;
        }
        return durable;
    }

    private final class Watching implements SimulatedDisk.Watcher {
        @Override
        public void before(Operation operation, Path path) {
            boolean segment = SEGMENT.matcher(path.getFileName().toString()).matches();
            if (!waiting.isEmpty()) {
                takeAnswers();
            }
            if (segment && (operation == Operation.RENAME || operation == Operation.DELETE)) {
                checkRecycled(path);
            }
            if (segment && operation == Operation.FORCE && logFailed) {
                violated(Invariant.I5_FAILED_SYNC, path + " was forced again after a failure");
            }
        }

        @Override
        public void failed(Operation operation, Path path, Failure failure) {
            faultInThisStep = true;
            boolean segment = SEGMENT.matcher(path.getFileName().toString()).matches();
            pagesLost |= segment && operation == Operation.FORCE;
            namesUnsure |= operation == Operation.SYNC_DIRECTORY;
            boolean fatal = operation == Operation.FORCE
                    || operation == Operation.CLOSE
                    || operation == Operation.WRITE && failure != Failure.ENOSPC;
            logFailed |= segment && fatal;
        }
    }

    private void checkRecycled(Path path) {
        Optional<Path> next = disk.names(Setup.WAL).stream()
                .filter(name -> SEGMENT.matcher(name).matches() && name.compareTo(path.getFileName().toString()) > 0)
                .findFirst()
                .map(Setup.WAL::resolve);
        if (next.isEmpty()) {
            violated(Invariant.I10_RETENTION, path + " is recycled, and it is the last segment");
            return;
        }
        long end = ByteBuffer.wrap(disk.content(next.get())).order(ByteOrder.LITTLE_ENDIAN).getLong(FIRST_AT);
        ledger.acknowledged().forEach((serial, durable) -> {
            for (Recorder recorder : recorders) {
                if (durable <= end && recorder.withRows() && !recorder.passed(serial, durablePosition(recorder))) {
                    violated(
                            Invariant.I10_RETENTION,
                            path + " is recycled before follower " + recorder.name() + " has durably passed serial "
                                    + serial);
                }
            }
        });
    }

    /// Where the follower would begin if the power went now and nothing more reached the disk.
    private long durablePosition(Recorder recorder) {
        ByteBuffer slots = ByteBuffer.wrap(disk.durableContent(Setup.WAL.resolve(recorder.name() + ".position")))
                .order(ByteOrder.LITTLE_ENDIAN);
        long turn = -1;
        long position = 0;
        for (int slot = 0; slot + SLOT_BYTES <= slots.limit(); slot += SLOT_BYTES) {
            if (slots.getLong(slot + TURN_AT) > turn) {
                turn = slots.getLong(slot + TURN_AT);
                position = slots.getLong(slot + POSITION_AT);
            }
        }
        return position;
    }

    private void checkDamages() {
        double damages = telemetry == null ? 0 : telemetry.metrics().walCorruptGroups.get();
        if (damages > 0 && !pagesLost) {
            violated(Invariant.I8_CORRUPTION, damages + " damages were reported, and nothing was damaged: "
                    + telemetry.alarms().standing());
        }
    }

    // --- looks

    /// Looks what a power cut at this moment would leave.
    void auditPowerCut(IntPredicate kept) {
        audit(disk.afterPowerCut(kept));
    }

    /// The same for a kill.
    void auditKill() {
        audit(disk.afterKill());
    }

    /// Opens and reads a disk, which is used up.
    void audit(SimulatedDisk image) {
        image.heal();
        image.capacity(Long.MAX_VALUE);
        violations.addAll(new Audit(image, clocks.copy(), ledger).violations(recorders));
    }

    /// No more faults: everything that was acknowledged comes to everyone.
    void drain() {
        heal();
        disk.capacity(Long.MAX_VALUE);
        if (node.isPresent()) {
            answerAll();
            endIfPoisoned();
        }
        if (node.isEmpty() && !start()) {
            violated(Invariant.I16_NO_POISON, "the node does not start on a disk that is whole again");
            return;
        }
        for (Recorder recorder : recorders) {
            guarded("follower " + recorder.name(), () -> {
                while (recorder.step(100)) {
                    recorder.commit();
                }
                recorder.commit();
                return true;
            });
        }
        for (Recorder recorder : recorders) {
            for (long serial : ledger.acknowledged().keySet()) {
                if (!recorder.hasBatch(serial)) {
                    violated(Invariant.I7_PREFIX, "follower " + recorder.name() + " never got serial " + serial
                            + ", which was acknowledged");
                }
            }
            for (long row : ledger.acknowledgedRows()) {
                if (!recorder.hasRow(row)) {
                    violated(Invariant.I7_PREFIX, "follower " + recorder.name() + " never got row " + row
                            + ", which was acknowledged");
                }
            }
        }
        checkDamages();
    }

    /// Compares every verdict with those of the model.
    void checkVerdicts() {
        List<Delivered> log = new ArrayList<>(recorders.getFirst().stored());
        log.sort(Comparator.comparing(Delivered::id));
        violations.addAll(new ModelJudge(Setup.ROW_WINDOW.toNanos(), Setup.PART_WINDOW.toNanos()).judge(log, ledger));
    }
}
