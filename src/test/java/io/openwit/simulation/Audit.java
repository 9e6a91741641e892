package io.openwit.simulation;

import io.openwit.ingest.SteppedNode;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Opens the log on a disk of its own, reads all of it with a follower that knows nothing, and says what is wrong with it.
final class Audit {
    private static final Pattern RECORD = Pattern.compile("damage-(\\d+)-(\\d+)\\.txt");

    private final Ledger ledger;
    private final List<Delivered> seen = new ArrayList<>();
    private final List<Violation> violations = new ArrayList<>();
    private final double damages;

    private final Map<String, String> alarms;

    /// Whether the log says that it lacks its end: everything behind the last batch.
    private final boolean endMissing;

    /// First position that is known to be lost, to the one behind it.
    private final TreeMap<Long, Long> located = new TreeMap<>();

    /// @param image used up by this
    Audit(SimulatedDisk image, SimulatedClocks clocks, Ledger ledger) {
        this(image, clocks, ledger, "audit");
    }

    /// @param followerName a new one begins at the oldest rows, another where it was
    Audit(SimulatedDisk image, SimulatedClocks clocks, Ledger ledger, String followerName) {
        this.ledger = ledger;
        Telemetry telemetry = new Telemetry(clocks, OpenTelemetry.noop());
        try (SteppedNode node = SteppedNode.open(
                Setup.config(64), image, clocks, new Random(ledger.all().size()), telemetry, () -> {})) {
            Follower follower = node.log().follower(followerName, true);
            for (Frame frame = follower.next(); frame != null; frame = follower.next()) {
                seen.add(Delivered.of(frame, ledger, true, violations));
            }
        } catch (IOException | RuntimeException e) {
            violations.add(new Violation(Invariant.I16_NO_POISON, "the log cannot be opened and read: " + Simulation.trace(e)));
        }
        damages = telemetry.metrics().walCorruptGroups.get();
        alarms = telemetry.alarms().standing();
        endMissing = alarms.containsKey("wal-end-missing");
        if (image.exists(Setup.WAL)) {
            for (String name : image.names(Setup.WAL)) {
                Matcher record = RECORD.matcher(name);
                if (record.matches()) {
                    located.merge(Long.parseLong(record.group(1)), Long.parseLong(record.group(2)), Math::max);
                }
            }
        }
    }

    /// In the order of the log.
    List<Delivered> seen() {
        return seen;
    }

    /// Whether this start has found damage, and counted it.
    boolean damaged() {
        return damages > 0 || endMissing;
    }

    /// Whether a record of damage names the position.
    boolean located(long position) {
        boolean behindAll = seen.isEmpty() || position >= seen.getLast().end();
        return endMissing && behindAll || located.headMap(position, true).values().stream().anyMatch(end -> position < end);
    }

    /// Those that stand, by name.
    Map<String, String> alarms() {
        return alarms;
    }

    /// What is wrong by itself: it does not open, or gives what was not sent.
    List<Violation> ownViolations() {
        return violations;
    }

    /// All that is wrong with the log of a disk on which nothing is damaged.
    ///
    /// @param followers where they have passed a batch, it need not be there any more
    List<Violation> violations(List<Recorder> followers) {
        List<Violation> wrong = new ArrayList<>(violations);
        if (wrong.isEmpty()) {
            checkOrder(wrong);
            checkGroups(wrong);
            checkAcknowledged(followers, wrong);
        }
        return wrong;
    }

    private void checkOrder(List<Violation> wrong) {
        Delivered before = null;
        for (Delivered batch : seen) {
            if (before != null) {
                boolean ordered = batch.position() >= before.end()
                        && batch.id().compareTo(before.id()) > 0
                        && batch.arrival() >= before.arrival()
                        && batch.age() >= before.age()
                        && ledger.groupOf(batch.serial()) >= ledger.groupOf(before.serial());
                if (!ordered) {
                    wrong.add(new Violation(Invariant.I7_PREFIX, "out of order: " + before + " and then " + batch));
                }
            }
            before = batch;
        }
    }

    private void checkGroups(List<Violation> wrong) {
        Set<Long> serials = new HashSet<>();
        seen.forEach(batch -> serials.add(batch.serial()));
        for (Delivered batch : seen) {
            int group = ledger.groupOf(batch.serial());
            if (group < 0) {
                wrong.add(new Violation(Invariant.I7_PREFIX, "the writer never took it up: " + batch));
            } else if (!serials.containsAll(ledger.group(group))) {
                wrong.add(new Violation(
                        Invariant.I7_PREFIX, "a part of the group " + ledger.group(group) + " is missing beside " + batch));
            }
        }
    }

    private void checkAcknowledged(List<Recorder> followers, List<Violation> wrong) {
        Set<Long> serials = new HashSet<>();
        Set<Long> rows = new HashSet<>();
        for (Delivered batch : seen) {
            serials.add(batch.serial());
            rows.addAll(batch.rows(ledger));
        }
        for (long serial : ledger.acknowledged().keySet()) {
            boolean passed = !followers.isEmpty()
                    && followers.stream().allMatch(follower -> !follower.withRows() || follower.hasBatch(serial));
            if (!serials.contains(serial) && !passed) {
                wrong.add(new Violation(
                        Invariant.I7_PREFIX, "serial " + serial + " was acknowledged and is not in the log after a crash"));
            }
        }
        for (long row : ledger.acknowledgedRows()) {
            boolean stored = !followers.isEmpty()
                    && followers.stream().allMatch(follower -> !follower.withRows() || follower.hasRow(row));
            if (!rows.contains(row) && !stored) {
                wrong.add(new Violation(
                        Invariant.I7_PREFIX, "row " + row + " was acknowledged and is in no batch of the log after a crash"));
            }
        }
    }
}
