package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.openwit.columnar.SealedMessages;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.model.BatchId;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Sends batches that a log no longer has to an Arrow Flight endpoint: what a restore is made of.
///
/// As the [Handoff] does it, but for what belongs to a node: no position, no `sender_epoch` and no `settled` beside a
/// batch, so that the endpoint looks the id up; and no trying for ever. A stream that breaks, or an endpoint that is
/// silent for longer than `answerTimeout`, ends it with an [IOException]. Batches of a stream that was refused for its
/// content go once more, one a stream, and one that is refused alone is told to the listener, and others go on.
///
/// Owned by one thread, which waits in here.
public final class Redelivery implements AutoCloseable {
    private static final long LOOK_NANOS = 50_000_000L;

    private final HandoffConfig config;
    private final Clocks clocks;
    private final String endpoint;
    private final ManagedChannel channel;
    private final Metadata headers;
    private final ConcurrentLinkedQueue<PutStream.Event> events = new ConcurrentLinkedQueue<>();
    private final Bell bell = new Bell();
    private final Map<Signal, Lane> lanes = new EnumMap<>(Signal.class);
    private AnswerListener onAnswer = id -> {};
    private Consumer<String> onRefusal = why -> {};
    private long inFlightBytes;
    private long heardAtNanos;

    /// Is told of each batch that the endpoint has.
    public interface AnswerListener {
        /// @throws IOException it cannot be noted; nothing more is sent
        void answered(BatchId id) throws IOException;
    }

    /// The stream of a signal, with what is on it.
    private static final class Lane {
        final Map<String, Sent> inFlight = new LinkedHashMap<>();
        @Nullable PutStream stream;
        int sentOnStream;
        boolean finishing;
    }

    /// @param messages dictionaries, then the record batch
    private record Sent(BatchId id, Signal signal, List<FlightMessage> messages, int bytes) {}

    /// @throws IOException the token file cannot be read
    public Redelivery(HandoffConfig config, Clocks clocks) throws IOException {
        this.config = config;
        this.clocks = clocks;
        endpoint = config.endpoint().toString();
        headers = Handoff.headers(config);
        channel = Handoff.channel(config);
        heardAtNanos = clocks.monotonicNanos();
    }

    /// Where batches go, `grpc://host:9401`.
    public String endpoint() {
        return endpoint;
    }

    /// Who hears of what the endpoint says from now on, in [#send] and [#awaitAnswers].
    ///
    /// @param refusals is told a line for each batch that is refused for its content
    public void listen(AnswerListener answers, Consumer<String> refusals) {
        onAnswer = answers;
        onRefusal = refusals;
    }

    /// Sends a batch, and waits before that while too much is in flight.
    ///
    /// @param rows of the batch
    /// @param messages its dictionaries and its record batch, from position to limit; not to be changed any more
    /// @throws IOException the endpoint failed, or is silent; what was not answered is to be sent again
    /// @throws MalformedBatchException these are no such messages; nothing was sent
    public void send(BatchId id, TenantId tenant, Signal signal, int rows, ByteBuffer messages)
            throws IOException, MalformedBatchException, InterruptedException {
        byte[] metadata = new BatchMetadata(id, tenant, signal, rows, id.node(), BatchMetadata.REPLAY, null).json();
        List<FlightMessage> flight = BatchReader.messages(SealedMessages.of(messages), metadata);
        Sent batch = new Sent(id, signal, flight, flight.stream().mapToInt(FlightMessage::bytes).sum());
        Lane lane = lanes.computeIfAbsent(signal, _ -> new Lane());
        await(() -> !lane.finishing && (inFlightBytes == 0 || inFlightBytes + batch.bytes <= config.maxInFlightBytes()));
        put(lane, batch);
    }

    /// Returns when every batch is answered, or refused.
    ///
    /// @throws IOException as [#send]
    public void awaitAnswers() throws IOException, InterruptedException {
        for (Lane lane : lanes.values()) {
            finish(lane);
        }
        await(() -> lanes.values().stream().allMatch(lane -> lane.inFlight.isEmpty()));
    }

    @Override
    public void close() {
        for (Lane lane : lanes.values()) {
            PutStream stream = lane.stream;
            if (stream != null) {
                stream.cancel("the sender is stopping");
            }
        }
        channel.shutdownNow();
        try {
            channel.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void put(Lane lane, Sent batch) throws IOException, InterruptedException {
        if (lane.stream == null) {
            PutStream opened = new PutStream(channel, headers, events, bell::ring);
            opened.send(Handoff.schema(batch.signal));
            lane.stream = opened;
            lane.sentOnStream = 0;
        }
        await(() -> {
            PutStream stream = lane.stream;
            return stream == null || stream.ready();
        });
        PutStream stream = lane.stream;
        if (stream == null) {
            put(lane, batch); // the endpoint ended it meanwhile, owing nothing
            return;
        }
        if (inFlightBytes == 0) {
            heardAtNanos = clocks.monotonicNanos();
        }
        lane.inFlight.put(batch.id.toString(), batch);
        inFlightBytes += batch.bytes;
        batch.messages.forEach(stream::send);
        lane.sentOnStream++;
        if (config.acknowledge() == Acknowledge.PER_STREAM && lane.sentOnStream >= config.streamBatches()) {
            finish(lane);
        }
    }

    private static void finish(Lane lane) {
        PutStream stream = lane.stream;
        if (stream != null && !lane.finishing) {
            lane.finishing = true;
            stream.finish();
        }
    }

    private void await(BooleanSupplier condition) throws IOException, InterruptedException {
        long since = clocks.monotonicNanos();
        hear();
        while (!condition.getAsBoolean()) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while " + endpoint + " was to answer");
            }
            long quietSince = since - heardAtNanos > 0 ? since : heardAtNanos;
            long silent = clocks.monotonicNanos() - (inFlightBytes == 0 ? quietSince : heardAtNanos);
            if (silent > config.answerTimeout().toNanos()) {
                throw new IOException(endpoint + " has been silent for " + silent / 1_000_000 + " ms, with "
                        + inFlight() + " batches unanswered");
            }
            bell.await(LOOK_NANOS);
            hear();
        }
    }

    private int inFlight() {
        return lanes.values().stream().mapToInt(lane -> lane.inFlight.size()).sum();
    }

    private void hear() throws IOException, InterruptedException {
        for (PutStream.Event event = events.poll(); event != null; event = events.poll()) {
            heardAtNanos = clocks.monotonicNanos();
            for (Lane lane : lanes.values()) {
                if (lane.stream == event.stream()) {
                    switch (event) {
                        case PutStream.Event.Answered answer -> hearAnswer(lane, answer);
                        case PutStream.Event.Ended ended -> hearEnd(lane, ended.status());
                    }
                    break;
                }
            }
        }
    }

    private void hearAnswer(Lane lane, PutStream.Event.Answered answer) throws IOException {
        answer.stream().took();
        if (config.acknowledge() == Acknowledge.PER_STREAM) {
            return; // such an endpoint's answers mean nothing by themselves
        }
        String id = new String(answer.appMetadata(), UTF_8);
        if (!lane.inFlight.containsKey(id)) {
            throw new IOException(endpoint + " answered "
                    + (id.isEmpty() ? "without a batch id" : Handoff.shortened(id) + ", which was not sent")
                    + "; for endpoints without answers say --acknowledge per_stream");
        }
        answered(lane, id);
    }

    private void answered(Lane lane, String id) throws IOException {
        Sent sent = lane.inFlight.remove(id);
        if (sent != null) {
            inFlightBytes -= sent.bytes;
            onAnswer.answered(sent.id);
        }
    }

    private void hearEnd(Lane lane, Status status) throws IOException, InterruptedException {
        boolean finished = lane.finishing;
        lane.stream = null;
        lane.finishing = false;
        if (status.isOk() && finished && config.acknowledge() == Acknowledge.PER_STREAM) {
            for (String id : List.copyOf(lane.inFlight.keySet())) {
                answered(lane, id);
            }
        }
        if (status.isOk() && lane.inFlight.isEmpty()) {
            return;
        }
        switch (status.getCode()) {
            case INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED -> {
                if (lane.inFlight.isEmpty()) {
                    throw new IOException(endpoint + " refuses the stream: " + Handoff.words(status));
                }
                refused(lane, Handoff.words(status));
            }
            default -> throw new IOException(endpoint + " ended the stream with " + inFlight()
                    + " batches unanswered: " + Handoff.words(status));
        }
    }

    /// Sends what was on the stream once more, each alone, so that a refusal names it.
    private void refused(Lane lane, String why) throws IOException, InterruptedException {
        List<Sent> suspects = new ArrayList<>(lane.inFlight.values());
        lane.inFlight.clear();
        suspects.forEach(sent -> inFlightBytes -= sent.bytes);
        if (suspects.size() == 1) {
            onRefusal.accept(endpoint + " refuses batch " + suspects.getFirst().id + ": " + why);
            return;
        }
        for (Sent suspect : suspects) {
            put(lane, suspect);
            finish(lane);
            await(() -> lane.inFlight.isEmpty() && lane.stream == null);
        }
    }
}
