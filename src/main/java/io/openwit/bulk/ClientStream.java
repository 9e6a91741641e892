package io.openwit.bulk;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.openwit.bulk.AppendResponse.Answer;
import io.openwit.bulk.AppendResponse.Hello;
import io.openwit.model.Batch;
import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Throttled;
import io.openwit.model.Outcome.Unavailable;
import io.openwit.telemetry.Metrics;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One stream to an ingest node, from its handshake to its end. What waits when it ends hears *Unavailable*.
///
/// Thread-safe: the lock guards the order of what was sent, and all else; gRPC calls the listener from its own threads.
final class ClientStream extends ClientCall.Listener<AppendResponse> {
    /// When to come again, where the node left no room for a batch within the timeout.
    private static final Duration NO_ROOM_DELAY = Duration.ofSeconds(1);

    private final ClientCall<Batch, AppendResponse> call;
    private final long maxBytesInFlight;
    private final Metrics metrics;
    private final String node;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final CompletableFuture<Hello> hello = new CompletableFuture<>();
    /// In the order of sending; the first gets the next answer.
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();

    private long bytesInFlight;
    private @Nullable Status end;

    /// A batch that is on its way.
    private record Sent(CompletableFuture<Outcome> answer, long bytes) {}

    /// @param node the label of the metrics
    ClientStream(
            ClientCall<Batch, AppendResponse> call, long maxBytesInFlight, Metrics metrics, String node) {
        this.call = call;
        this.maxBytesInFlight = maxBytesInFlight;
        this.metrics = metrics;
        this.node = node;
    }

    /// Opens the stream and waits for the node's hello. Nothing is sent before that.
    ///
    /// @throws StreamFailedException the node cannot be reached, refuses, or says nothing in time
    Hello open(Metadata headers, Duration timeout) throws StreamFailedException, InterruptedException {
        call.start(this, headers);
        call.request(1);
        try {
            return hello.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            giveUp("no hello in " + timeout.toMillis() + " ms");
            throw new StreamFailedException("no hello in " + timeout.toMillis() + " ms");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw new StreamFailedException(cause == null ? e.toString() : String.valueOf(cause.getMessage()));
        } catch (InterruptedException e) {
            giveUp("interrupted");
            throw e;
        }
    }

    boolean alive() {
        lock.lock();
        try {
            return end == null;
        } finally {
            lock.unlock();
        }
    }

    /// Sends a batch and waits for its answer, each for at most `timeout`.
    Outcome send(Batch batch, Duration timeout) {
        long bytes = AppendRequest.bytesOf(batch);
        CompletableFuture<Outcome> answer = new CompletableFuture<>();
        lock.lock();
        try {
            long nanos = timeout.toNanos();
            while (end == null && bytesInFlight > 0 && bytesInFlight + bytes > maxBytesInFlight) {
                if (nanos <= 0) {
                    return new Throttled(false, NO_ROOM_DELAY, "the ingest node is slow: no room to send to it");
                }
                nanos = room.awaitNanos(nanos);
            }
            if (end != null) {
                return ended(end);
            }
            sent.add(new Sent(answer, bytes));
            bytesInFlight += bytes;
            metrics.bulkBytesInFlight.labelValues(node).inc(bytes);
            // The stream is open since the hello, so gRPC copies the batch's bytes before this returns.
            call.sendMessage(batch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Unavailable("interrupted before the batch was sent");
        } catch (RuntimeException e) {
            // The order of what was sent is in doubt now.
            giveUp("sending failed: " + e);
            return new Unavailable("sending to the ingest node failed");
        } finally {
            lock.unlock();
        }
        return await(answer, timeout);
    }

    private Outcome await(CompletableFuture<Outcome> answer, Duration timeout) {
        try {
            return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            // Answers come in order, so those behind this one wait in vain as well.
            giveUp("no answer in " + timeout.toMillis() + " ms");
            return new Unavailable("the ingest node does not answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Unavailable("interrupted before the answer came");
        } catch (ExecutionException e) {
            throw new IllegalStateException("answers are completed with outcomes only", e);
        }
    }

    /// Ends the stream from this side.
    void giveUp(String why) {
        call.cancel(why, null);
        end(Status.CANCELLED.withDescription(why));
    }

    @Override
    public void onMessage(AppendResponse response) {
        switch (response) {
            case Hello first -> {
                if (!hello.complete(first)) {
                    giveUp("protocol error: a second hello");
                }
            }
            case Answer(Outcome outcome) -> answered(outcome);
        }
        call.request(1);
    }

    private void answered(Outcome outcome) {
        Sent first;
        lock.lock();
        try {
            first = sent.poll();
            if (first != null) {
                bytesInFlight -= first.bytes;
                metrics.bulkBytesInFlight.labelValues(node).dec(first.bytes);
                room.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (first == null) {
            giveUp("protocol error: an answer to nothing");
        } else {
            first.answer.complete(outcome);
        }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        end(status);
    }

    private void end(Status status) {
        ArrayDeque<Sent> unanswered;
        lock.lock();
        try {
            if (end != null) {
                return;
            }
            end = status;
            unanswered = new ArrayDeque<>(sent);
            sent.clear();
            metrics.bulkBytesInFlight.labelValues(node).dec(bytesInFlight);
            bytesInFlight = 0;
            room.signalAll();
        } finally {
            lock.unlock();
        }
        hello.completeExceptionally(new StreamFailedException(describe(status)));
        unanswered.forEach(batch -> batch.answer.complete(ended(status)));
    }

    private static Outcome ended(Status status) {
        return new Unavailable("the stream to the ingest node ended: " + describe(status));
    }

    private static String describe(Status status) {
        StringBuilder text = new StringBuilder(status.getCode().name());
        if (status.getDescription() != null) {
            text.append(": ").append(status.getDescription());
        }
        Throwable cause = status.getCause();
        if (cause != null && cause.getMessage() != null) {
            text.append(" (").append(cause.getMessage()).append(')');
        }
        return text.toString().replaceAll("\\p{Cntrl}+", " ");
    }
}
