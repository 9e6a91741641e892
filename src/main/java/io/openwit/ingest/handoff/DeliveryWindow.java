package io.openwit.ingest.handoff;

import io.openwit.ingest.handoff.Delivery.State;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The batches from the oldest unanswered one to the last that was read, in log order. Owned by the handoff's thread.
final class DeliveryWindow {
    private final int limit;
    private final ArrayDeque<Delivery> deliveries = new ArrayDeque<>();
    private final Map<String, Delivery> byId = new HashMap<>();
    private @Nullable BatchId lastDone;
    private long done;

    /// @param limit batches that it holds at most
    DeliveryWindow(int limit) {
        this.limit = limit;
    }

    boolean full() {
        return deliveries.size() >= limit;
    }

    /// Adds what was read behind all others. An id that is here already needs no second sending: it is done when its
    /// first is.
    void add(Delivery delivery) {
        deliveries.addLast(delivery);
        if (byId.putIfAbsent(delivery.idText, delivery) != null) {
            delivery.state = State.ANSWERED;
        }
    }

    @Nullable
    Delivery find(String id) {
        return byId.get(id);
    }

    /// Drops the prefix that is answered.
    ///
    /// @return where it ends; null where the first is unanswered
    @Nullable
    WalPosition slide() {
        WalPosition end = null;
        for (Delivery first = deliveries.peekFirst();
                first != null && first.state == State.ANSWERED;
                first = deliveries.peekFirst()) {
            deliveries.removeFirst();
            byId.remove(first.idText, first);
            BatchId before = lastDone;
            lastDone = before == null || before.compareTo(first.id) < 0 ? first.id : before;
            done++;
            end = first.end;
        }
        return end;
    }

    /// The highest id that has left; null before the first.
    @Nullable
    BatchId lastDone() {
        return lastDone;
    }

    /// How many have left.
    long done() {
        return done;
    }
}
