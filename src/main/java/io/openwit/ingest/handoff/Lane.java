package io.openwit.ingest.handoff;

import io.openwit.model.Signal;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The stream of one signal with what travels on it and what waits for it.
///
/// There are two a signal: one for many batches in flight, and one for *suspects*, batches that were in flight when a
/// stream was refused. A suspect travels alone on a stream of its own, so that a refusal names it.
final class Lane {
    final Signal signal;
    final boolean suspects;
    final Backoff backoff;

    /// In log order, by position.
    private final TreeMap<Long, Delivery> waiting = new TreeMap<>();

    private final Set<Delivery> inFlight = new LinkedHashSet<>();
    private @Nullable PutStream stream;
    private boolean schemaSent;
    private boolean finishing;
    private int sentOnStream;
    private long progressAtNanos;
    private long retryAtNanos;
    private String trouble = "";

    /// @param nowNanos the monotonic clock
    Lane(Signal signal, boolean suspects, Backoff backoff, long nowNanos) {
        this.signal = signal;
        this.suspects = suspects;
        this.backoff = backoff;
        retryAtNanos = nowNanos;
        progressAtNanos = nowNanos;
    }

    void await(Delivery delivery) {
        waiting.put(delivery.position.bytes(), delivery);
    }

    boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    /// The first that may go now; it stays until [#take].
    @Nullable
    Delivery firstDue(long now) {
        for (Map.Entry<Long, Delivery> entry : waiting.entrySet()) {
            if (now - entry.getValue().retryAtNanos >= 0) {
                return entry.getValue();
            }
        }
        return null;
    }

    /// Where in the log the first that waits lies; `Long.MAX_VALUE` if none does.
    long firstWaitingBytes() {
        return waiting.isEmpty() ? Long.MAX_VALUE : waiting.firstKey();
    }

    void take(Delivery delivery) {
        waiting.remove(delivery.position.bytes());
    }

    @Nullable
    PutStream stream() {
        return stream;
    }

    void opened(PutStream opened, long now) {
        stream = opened;
        schemaSent = false;
        finishing = false;
        sentOnStream = 0;
        progressAtNanos = now;
    }

    boolean backingOff(long now) {
        return now - retryAtNanos < 0;
    }

    /// Whether a batch may be sent at once.
    boolean takes() {
        PutStream open = stream;
        return open != null && !finishing && (!suspects || sentOnStream == 0) && open.ready();
    }

    boolean schemaSent() {
        return schemaSent;
    }

    void sentSchema() {
        schemaSent = true;
    }

    void sent(Delivery delivery, long now) {
        if (inFlight.isEmpty()) {
            progressAtNanos = now;
        }
        inFlight.add(delivery);
        sentOnStream++;
    }

    int sentOnStream() {
        return sentOnStream;
    }

    boolean finishing() {
        return finishing;
    }

    /// Says that no more is sent on this stream.
    void finish(long now) {
        PutStream open = stream;
        if (open != null && !finishing) {
            finishing = true;
            progressAtNanos = now;
            open.finish();
        }
    }

    /// @return whether it was in flight here
    boolean answered(Delivery delivery, long now) {
        progressAtNanos = now;
        return inFlight.remove(delivery);
    }

    Set<Delivery> inFlight() {
        return inFlight;
    }

    /// How long the endpoint has owed us a word: an answer, or that the connection stands.
    ///
    /// @return nanoseconds; 0 while it owes none
    long silentNanos(long now) {
        boolean owes = stream != null && (!inFlight.isEmpty() || finishing || !schemaSent);
        return owes ? now - progressAtNanos : 0;
    }

    /// The stream is gone. What was in flight is the caller's to place.
    void closed() {
        stream = null;
        inFlight.clear();
    }

    void failed(long now, String why) {
        trouble = why;
        retryAtNanos = now + backoff.next();
    }

    void recovered() {
        trouble = "";
        backoff.reset();
    }

    /// Why it fails at present; empty while it does not.
    String trouble() {
        return trouble;
    }

    /// When the next batch may be tried, if nothing else happens; `Long.MAX_VALUE` if none waits, or if it is for the
    /// endpoint to say something first.
    long nanosUntilDue(long now) {
        if (waiting.isEmpty() || (stream != null && !takes())) {
            return Long.MAX_VALUE;
        }
        long due = Long.MAX_VALUE;
        for (Delivery delivery : waiting.values()) {
            due = Math.min(due, Math.max(0, delivery.retryAtNanos - now));
            if (due == 0) {
                break;
            }
        }
        return Math.max(due, Math.max(0, retryAtNanos - now));
    }
}
