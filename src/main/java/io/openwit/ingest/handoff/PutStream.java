package io.openwit.ingest.handoff;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Queue;

/// One DoPut call. What the endpoint says is put into a queue, for the handoff's thread to take; nothing is decided on
/// gRPC's threads.
final class PutStream {
    /// Bytes that gRPC holds before [#ready] is false.
    static final int READY_THRESHOLD_BYTES = 1 << 20;

    /// Answers that may wait in the queue: more are not asked for until some are taken.
    static final int MAX_WAITING_ANSWERS = 1024;

    /// What the endpoint said.
    sealed interface Event {
        PutStream stream();

        /// A PutResult.
        record Answered(PutStream stream, byte[] appMetadata) implements Event {}

        /// The stream is over; nothing follows.
        record Ended(PutStream stream, Status status) implements Event {}
    }

    private final ClientCall<FlightMessage, byte[]> call;

    PutStream(Channel channel, Metadata headers, Queue<Event> events, Runnable news) {
        call = channel.newCall(FlightPut.METHOD, CallOptions.DEFAULT.withOnReadyThreshold(READY_THRESHOLD_BYTES));
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] appMetadata) {
                        events.add(new Event.Answered(PutStream.this, appMetadata));
                        news.run();
                    }

                    @Override
                    public void onReady() {
                        news.run();
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        events.add(new Event.Ended(PutStream.this, status));
                        news.run();
                    }
                },
                headers);
        call.request(MAX_WAITING_ANSWERS);
    }

    /// Whether a message would go to the network soon.
    boolean ready() {
        return call.isReady();
    }

    void send(FlightMessage message) {
        call.sendMessage(message);
    }

    /// Says that no more is sent; the endpoint's last word follows.
    void finish() {
        call.halfClose();
    }

    void cancel(String why) {
        call.cancel(why, null);
    }

    /// Makes room for another answer.
    void took() {
        call.request(1);
    }
}
