package io.openwit.simulation;

import io.openwit.ingest.SteppedNode;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;

/// Damages a log that was closed in order, one thing at a time, and looks whether the damage is counted and located, whether
/// everything else is delivered, and whether no wrong byte is.
final class Damaging {
    private static final Pattern SEGMENT = Pattern.compile("\\d{6,}\\.wal");
    private static final String FOLLOWER = "laggard";
    private static final int BLOCK_BYTES = 4096;
    private static final int GROUP_HEADER_BYTES = 72;

    private final SimulatedDisk whole;
    private final SimulatedClocks clocks;
    private final Ledger ledger;
    private final Random random;
    private final List<Delivered> expected;
    private final List<Violation> violations = new ArrayList<>();

    /// A group's place in its segment.
    ///
    /// @param begin offset of its header
    /// @param end behind its last frame
    private record Extent(long segment, long begin, long end, List<Delivered> batches) {}

    private final List<Extent> groups = new ArrayList<>();

    Damaging(World world, Random random) {
        this(world.disk(), world.clocks(), world.ledger(), random, world.shaken());
    }

    /// @param shaken whether there may be damage already
    Damaging(SimulatedDisk whole, SimulatedClocks clocks, Ledger ledger, Random random, boolean shaken) {
        this.whole = whole.afterKill();
        this.clocks = clocks;
        this.ledger = ledger;
        this.random = random;
        placeFollower();
        Audit audit = new Audit(this.whole.afterKill(), clocks.copy(), ledger, FOLLOWER);
        violations.addAll(audit.ownViolations());
        if (audit.damaged() && !shaken) {
            violations.add(new Violation(Invariant.I8_CORRUPTION, "damage is reported before anything is damaged: " + audit.alarms()));
        }
        expected = audit.seen();
        List<Delivered> group = new ArrayList<>();
        for (Delivered batch : expected) {
            if (!group.isEmpty() && group.getFirst().arrival() != batch.arrival()) {
                addGroup(group);
                group = new ArrayList<>();
            }
            group.add(batch);
        }
        if (!group.isEmpty()) {
            addGroup(group);
        }
    }

    /// One that has done the first batch and needs the rest: what it does not get is lost to it. The start that this takes is
    /// the last segment of the log, so that what is behind in the others is below what is durable.
    private void placeFollower() {
        try (SteppedNode node = SteppedNode.open(
                Setup.config(64), whole, clocks.copy(), random, new Telemetry(clocks, OpenTelemetry.noop()), () -> {})) {
            Follower follower = node.log().follower(FOLLOWER, true);
            Frame first = follower.next();
            if (first != null) {
                follower.advance(first.end());
                follower.commit();
            }
        } catch (IOException | RuntimeException e) {
            violations.add(new Violation(Invariant.I16_NO_POISON, "the log cannot be opened: " + Simulation.trace(e)));
        }
    }

    private void addGroup(List<Delivered> group) {
        Delivered last = group.getLast();
        groups.add(new Extent(
                group.getFirst().segment(),
                group.getFirst().offset() - GROUP_HEADER_BYTES,
                last.offset() + last.end() - last.position(),
                List.copyOf(group)));
    }

    /// Every file, by name, but the records of earlier damage: by them a follower that stands between a damaged group and its copy
    /// knows that it needs the copy, so losing them is a second fault.
    List<Path> files() {
        return whole.names(Setup.WAL).stream()
                .filter(name -> !name.startsWith("damage-"))
                .map(Setup.WAL::resolve)
                .toList();
    }

    int size(Path file) {
        return whole.content(file).length;
    }

    /// So many damages, drawn.
    List<Violation> violations(int count) {
        List<Path> files = files();
        for (int i = 0; i < count && violations.isEmpty(); i++) {
            Path file = files.get(random.nextInt(files.size()));
            int size = size(file);
            switch (size == 0 ? 2 : random.nextInt(5)) {
                case 0 -> cut(file, random.nextInt(size));
                case 1 -> drop(file);
                default -> {
                    if (size > 0) {
                        flip(file, interesting(file, size), 1 << random.nextInt(8));
                    }
                }
            }
        }
        return violations;
    }

    /// Where something stands, rather than in the zeros behind it.
    private int interesting(Path file, int size) {
        List<Extent> here = groups.stream().filter(group -> name(group.segment()).equals(file.getFileName().toString())).toList();
        if (here.isEmpty() || random.nextInt(4) == 0) {
            return random.nextInt(size);
        }
        Extent group = here.get(random.nextInt(here.size()));
        return (int) (group.begin + random.nextLong(group.end - group.begin));
    }

    private static String name(long segment) {
        return String.format("%06d.wal", segment);
    }

    /// Bytes at which a group begins and ends, and the file's own: where a cut or a flip is most telling.
    List<Long> edges(Path file) {
        List<Long> edges = new ArrayList<>(List.of(0L, (long) BLOCK_BYTES));
        for (Extent group : groups) {
            if (name(group.segment()).equals(file.getFileName().toString())) {
                edges.add(group.begin);
                edges.add(group.end);
            }
        }
        return edges;
    }

    void flip(Path file, long offset, int mask) {
        SimulatedDisk damaged = whole.afterKill();
        damaged.flip(file, offset, mask);
        check(damaged, file, "flipped bits " + mask + " at " + offset, offset, offset + 1, false);
    }

    void cut(Path file, long size) {
        SimulatedDisk damaged = whole.afterKill();
        damaged.cut(file, size);
        check(damaged, file, "cut to " + size, size, Long.MAX_VALUE, false);
    }

    void drop(Path file) {
        SimulatedDisk damaged = whole.afterKill();
        damaged.drop(file);
        check(damaged, file, "dropped", 0, Long.MAX_VALUE, true);
    }

    /// @param gone whether the whole file is
    private void check(SimulatedDisk damaged, Path file, String how, long from, long to, boolean gone) {
        String what = file.getFileName() + " " + how;
        Audit audit = new Audit(damaged, clocks.copy(), ledger, FOLLOWER);
        audit.ownViolations().forEach(own -> violations.add(new Violation(own.invariant(), what + ": " + own.what())));
        Set<Long> seen = new HashSet<>();
        audit.seen().forEach(batch -> seen.add(batch.serial()));
        boolean segment = SEGMENT.matcher(file.getFileName().toString()).matches();
        for (Extent group : groups) {
            boolean here = segment && name(group.segment).equals(file.getFileName().toString());
            boolean hit = here && (gone || from < BLOCK_BYTES || from < group.end && to > group.begin);
            for (Delivered batch : group.batches) {
                if (!seen.contains(batch.serial())) {
                    if (!hit) {
                        violations.add(new Violation(Invariant.I8_CORRUPTION, what + ": lost with it is " + batch));
                    } else if (!audit.damaged()) {
                        violations.add(new Violation(Invariant.I8_CORRUPTION, what + ": lost and not counted is " + batch));
                    } else if (!audit.located(batch.position())) {
                        violations.add(new Violation(Invariant.I8_CORRUPTION, what + ": lost and not located is " + batch));
                    }
                }
            }
        }
    }

    List<Violation> violations() {
        return violations;
    }
}
