package io.openwit.load;

import io.openwit.model.Signal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/// A server of OTLP on a real port that answers as it is told, and keeps what it has got.
interface Target extends AutoCloseable {
    /// One answer; what is not scripted is answered OK.
    sealed interface Reply {
        /// OK with this export response.
        record Ok(byte[] response) implements Reply {}

        /// @param delay zero says nothing of a delay
        record Busy(Duration delay) implements Reply {}

        /// Over a quota: 429 or RESOURCE_EXHAUSTED.
        ///
        /// @param delay zero says nothing of a delay
        record OverQuota(Duration delay) implements Reply {}

        /// Refused for good, with a `google.rpc.Status`.
        record Bad(String message) implements Reply {}

        /// The connection ends without an answer.
        record Cut() implements Reply {}

        /// No answer until the target is closed.
        record Silence() implements Reply {}
    }

    /// @param atNanos by the monotonic clock
    record Received(Signal signal, byte[] body, long atNanos, String authorization, String tenant) {}

    int port();

    Script script();

    @Override
    void close();

    /// Replies in order, and what was received. Protected by its own monitor.
    final class Script {
        private final Queue<Reply> replies = new ArrayDeque<>();
        private final List<Received> received = new ArrayList<>();

        synchronized void then(Reply... next) {
            replies.addAll(List.of(next));
        }

        synchronized Reply receive(Received request) {
            received.add(request);
            Reply reply = replies.poll();
            return reply == null ? new Reply.Ok(new byte[0]) : reply;
        }

        synchronized List<Received> received() {
            return List.copyOf(received);
        }
    }
}
