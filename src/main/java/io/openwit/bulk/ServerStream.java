package io.openwit.bulk;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.openwit.bulk.AppendResponse.Answer;
import io.openwit.bulk.AppendResponse.Hello;
import io.openwit.model.BatchConsumer;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Refusal;
import io.openwit.model.Outcome.Rejected;
import io.openwit.model.Outcome.Unavailable;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One gateway's stream at the ingest node: batches are consumed at the same time, and answered in their order.
///
/// The lock guards all state and the sending. A message is asked for only when the last one has come, the gateway takes
/// its answers, and the server's budget has bytes left.
final class ServerStream extends ServerCall.Listener<byte[]> {
    private static final Logger LOG = Logger.getLogger(ServerStream.class.getName());

    private final ServerCall<byte[], AppendResponse> call;
    private final BatchConsumer consumer;
    private final Executor virtualThreads;
    private final ReadBudget budget;
    private final Consumer<ServerStream> onEnd;
    private final ReentrantLock lock = new ReentrantLock();
    /// In the order in which they came.
    private final ArrayDeque<Slot> slots = new ArrayDeque<>();

    private boolean asked;
    private boolean halfClosed;
    private boolean draining;
    private boolean ended;

    /// The place of an answer.
    private static final class Slot {
        private @Nullable Outcome outcome;
    }

    /// @param onEnd called once, when the stream has ended
    ServerStream(
            ServerCall<byte[], AppendResponse> call,
            BatchConsumer consumer,
            Executor virtualThreads,
            ReadBudget budget,
            Consumer<ServerStream> onEnd) {
        this.call = call;
        this.consumer = consumer;
        this.virtualThreads = virtualThreads;
        this.budget = budget;
        this.onEnd = onEnd;
    }

    /// Says hello, and begins to read.
    void begin(Hello hello) {
        lock.lock();
        try {
            call.sendHeaders(new Metadata());
            call.sendMessage(hello);
        } finally {
            lock.unlock();
        }
        readOn();
    }

    /// Asks for the next message, if one may come.
    void readOn() {
        lock.lock();
        try {
            if (!asked && !halfClosed && !draining && !ended && call.isReady() && budget.admits(this)) {
                asked = true;
                call.request(1);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Reads no further, answers what has come, and ends the stream.
    void drain() {
        lock.lock();
        try {
            draining = true;
            endIfDone();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onReady() {
        readOn();
    }

    @Override
    public void onMessage(byte[] message) {
        Slot slot = new Slot();
        budget.take(message.length);
        lock.lock();
        try {
            asked = false;
            slots.add(slot);
        } finally {
            lock.unlock();
        }
        try {
            virtualThreads.execute(() -> settle(slot, consume(message), message.length));
        } catch (RejectedExecutionException e) {
            settle(slot, new Unavailable("the ingest node is stopping"), message.length);
        }
        readOn();
    }

    @Override
    public void onHalfClose() {
        lock.lock();
        try {
            halfClosed = true;
            endIfDone();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onCancel() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
        onEnd.accept(this);
    }

    @Override
    public void onComplete() {
        onEnd.accept(this);
    }

    private Outcome consume(byte[] message) {
        try {
            return consumer.consume(AppendRequest.decode(message));
        } catch (MalformedBatchException e) {
            return new Rejected(Refusal.MALFORMED, String.valueOf(e.getMessage()));
        } catch (RuntimeException | Error e) {
            // Whatever it was, the gateway waits for an answer, and those behind it too.
            LOG.log(Level.SEVERE, "batch not taken: bytes=" + message.length, e);
            return new Unavailable("the ingest node failed to take the batch");
        }
    }

    private void settle(Slot slot, Outcome outcome, long bytes) {
        lock.lock();
        try {
            slot.outcome = outcome;
            for (Slot first = slots.peek(); first != null; first = slots.peek()) {
                Outcome next = first.outcome;
                if (next == null) {
                    break;
                }
                slots.remove();
                if (!ended) {
                    call.sendMessage(new Answer(next));
                }
            }
            endIfDone();
        } finally {
            lock.unlock();
            budget.give(bytes);
        }
    }

    private void endIfDone() {
        if (ended || !slots.isEmpty() || !(halfClosed || draining)) {
            return;
        }
        ended = true;
        call.close(
                halfClosed ? Status.OK : Status.UNAVAILABLE.withDescription("the ingest node is stopping"),
                new Metadata());
    }
}
