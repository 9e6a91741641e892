package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.openwit.columnar.Schemas;
import io.openwit.ingest.handoff.Delivery.State;
import io.openwit.ingest.handoff.HandoffConfig.Acknowledge;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import io.openwit.model.Bell;
import io.openwit.model.Clocks;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Follows the log and sends every batch to an Arrow Flight endpoint until the endpoint has answered it.
///
/// The *window* holds, in log order, each batch from the oldest unanswered one to the last that was read, at most
/// [#MAX_WINDOW]. Many are in flight, bounded by bytes, and are answered in any order; the follower's durable position
/// is the end of the prefix that is answered. When a stream breaks, or is silent for too long, what it had in flight
/// waits, is read from the log again and is resent, and nothing else is.
///
/// What happens to what was in flight, by how its stream ended:
///
/// | ended with | then |
/// |---|---|
/// | OK, and `acknowledge: per_stream` | all are answered |
/// | INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED | all are *suspects* |
/// | ABORTED | resent after a pause, with alarm `stale-sender`: a younger start of this node has been at the endpoint |
/// | anything else, silence, an answer for an id never sent | resent after a pause, with alarm `storage-unreachable` |
///
/// A suspect goes alone, one a stream. One that is refused alone is tried again for ever, with alarm `batch-refused`,
/// and holds up no other before the window is full.
///
/// Owned by the thread that steps it, but for [#storedBytes] and [#sentBytes].
public final class Handoff implements Stepper, AutoCloseable {
    /// Batches from the oldest unanswered one to the last read: what storage must remember the ids of.
    public static final int MAX_WINDOW = 65_536;

    private static final Logger LOG = Logger.getLogger(Handoff.class.getName());
    private static final String NAME = "handoff";
    private static final String UNREACHABLE = "storage-unreachable";
    private static final String REFUSED = "batch-refused";
    private static final String STALE = "stale-sender";
    private static final String UNREADABLE = "handoff-cannot-read";
    private static final String NO_ANSWERS =
            "; for endpoints without answers set handoff.flight.acknowledge: per_stream";
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final int MAX_STEP = 256;
    private static final int BATCHES_PER_COMMIT = 1_000;
    private static final long COMMIT_NANOS = 200_000_000L;

    /// A batch whose lane does not take it for so long makes way for those of other signals.
    private static final long MAX_HELD_NANOS = 1_000_000_000L;

    /// While more waits than may be sent, it is looked at again this often, also without news.
    private static final long LOOK_NANOS = 20_000_000L;

    private final HandoffConfig config;
    private final Follower follower;
    private final Clocks clocks;
    private final RandomGenerator random;
    private final Telemetry telemetry;
    private final String endpoint;
    private final ManagedChannel channel;
    private final BatchReader reader;
    private final NodeId sender;

    private final ConcurrentLinkedQueue<PutStream.Event> events = new ConcurrentLinkedQueue<>();
    private final Bell bell = new Bell();
    private final Map<Signal, Lane> laneOf = new EnumMap<>(Signal.class);
    private final Map<Signal, Lane> suspectsOf = new EnumMap<>(Signal.class);
    private final List<Lane> lanes = new ArrayList<>();
    private final Map<Signal, FlightMessage> schemas = new EnumMap<>(Signal.class);

    private final DeliveryWindow window = new DeliveryWindow(MAX_WINDOW);
    private final Set<BatchId> refused = new TreeSet<>();
    private final Backoff readBackoff;
    private @Nullable Prepared held;
    private long readRetryAtNanos;
    private long inFlightBytes;
    private @Nullable BatchId settled;
    private long committed;
    private long nextCommitNanos;
    private volatile long storedBytes;
    private volatile long sentBytes;

    /// A batch that is read and ready to go.
    ///
    /// @param messages dictionaries, then the record batch
    private record Prepared(Delivery delivery, Lane lane, List<FlightMessage> messages, int bytes, long sinceNanos) {}

    /// @param follower of the log, named `handoff`, with rows; owned by this from now on
    /// @param sender this node
    /// @param senderEpoch its present epoch
    public Handoff(
            HandoffConfig config,
            Follower follower,
            NodeId sender,
            long senderEpoch,
            Clocks clocks,
            RandomGenerator random,
            Telemetry telemetry) {
        this.config = config;
        this.follower = follower;
        this.sender = sender;
        this.clocks = clocks;
        this.random = random;
        this.telemetry = telemetry;
        endpoint = config.endpoint().toString();
        channel = channel(config);
        long now = clocks.monotonicNanos();
        for (Signal signal : Signal.values()) {
            laneOf.put(signal, new Lane(signal, false, new Backoff(random), now));
            suspectsOf.put(signal, new Lane(signal, true, new Backoff(random), now));
            schemas.put(signal, schema(signal));
        }
        lanes.addAll(suspectsOf.values());
        lanes.addAll(laneOf.values());
        readBackoff = new Backoff(random);
        readRetryAtNanos = now;
        nextCommitNanos = now;
        reader = new BatchReader(follower, sender, senderEpoch);
        storedBytes = reader.readTo().bytes();
        sentBytes = storedBytes;
    }

    /// The connection to the endpoint; nothing is sent yet.
    static ManagedChannel channel(HandoffConfig config) {
        // gRPC's own threads only fill a queue of events, so they need no executor between.
        return NettyChannelBuilder.forAddress(
                        config.endpoint().host(), config.endpoint().port())
                .usePlaintext()
                .directExecutor()
                .disableRetry()
                .maxInboundMessageSize(1 << 20)
                .build();
    }

    /// The first message of a stream: the schema message's flatbuffer, without marker and length.
    static FlightMessage schema(Signal signal) {
        ByteBuffer message = ByteBuffer.wrap(Schemas.schemaMessage(signal));
        return FlightMessage.schema(signal.label(), message.slice(8, message.remaining() - 8));
    }

    /// What travels with a stream: the token, read anew.
    ///
    /// @throws IOException the token file cannot be read
    static Metadata headers(HandoffConfig config) throws IOException {
        Metadata headers = new Metadata();
        Optional<Path> tokenFile = config.tokenFile();
        if (tokenFile.isPresent()) {
            headers.put(AUTHORIZATION, "Bearer " + Files.readString(tokenFile.get(), UTF_8).strip());
        }
        return headers;
    }

    /// Everything before it is answered by the endpoint, and that is forced; in bytes since the log began. Thread-safe.
    public long storedBytes() {
        return storedBytes;
    }

    /// Everything before it has been sent; in bytes since the log began. Thread-safe.
    public long sentBytes() {
        return sentBytes;
    }

    @Override
    public boolean step() {
        long now = clocks.monotonicNanos();
        boolean worked = hear(now);
        checkSilence(now);
        try {
            worked |= send(now);
            commit(now);
            if (readBackoff.failing()) {
                readBackoff.reset();
                telemetry.alarms().clear(UNREADABLE);
            }
        } catch (IOException e) {
            readRetryAtNanos = now + readBackoff.next();
            telemetry
                    .alarms()
                    .raise(UNREADABLE, "the handoff cannot read the log, or force its position: " + e.getMessage());
        }
        publishSent();
        return worked;
    }

    @Override
    public void awaitWork(long maxNanos) {
        if (!events.isEmpty()) {
            return;
        }
        long now = clocks.monotonicNanos();
        long wait = maxNanos;
        if (window.done() > committed) {
            wait = Math.min(wait, Math.max(0, nextCommitNanos - now));
        }
        if (now - readRetryAtNanos < 0) {
            bell.await(Math.min(wait, readRetryAtNanos - now));
        } else if (held != null || !reader.caughtUp()) {
            // There is more in the log than may be sent now: the endpoint has news, or a pause ends.
            bell.await(Math.min(wait, LOOK_NANOS));
        } else {
            for (Lane lane : lanes) {
                wait = Math.min(wait, lane.nanosUntilDue(now));
            }
            follower.awaitMore(wait);
        }
    }

    /// Ends the streams without waiting for answers; what has none is sent again at the next start.
    ///
    /// Call it when no thread steps any more.
    @Override
    public void close() throws IOException {
        for (Lane lane : lanes) {
            PutStream stream = lane.stream();
            if (stream != null) {
                stream.cancel("the sender is stopping");
            }
        }
        channel.shutdownNow();
        try {
            if (!channel.awaitTermination(2, TimeUnit.SECONDS)) {
                LOG.warning("connection to storage is slow to end: endpoint=" + endpoint);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        reader.close();
        if (window.done() > committed) {
            follower.commit();
        }
    }

    // --- what the endpoint says

    private boolean hear(long now) {
        boolean heard = false;
        for (PutStream.Event event = events.poll(); event != null; event = events.poll()) {
            heard = true;
            Lane lane = laneWith(event.stream());
            if (lane == null) {
                continue; // a stream that we have given up
            }
            switch (event) {
                case PutStream.Event.Answered answered -> hearAnswer(lane, answered, now);
                case PutStream.Event.Ended ended -> hearEnd(lane, ended.status(), now);
            }
        }
        return heard;
    }

    /// Called by gRPC's threads.
    private void news() {
        bell.ring();
        follower.wake();
    }

    private @Nullable Lane laneWith(PutStream stream) {
        for (Lane lane : lanes) {
            if (lane.stream() == stream) {
                return lane;
            }
        }
        return null;
    }

    private void hearAnswer(Lane lane, PutStream.Event.Answered answer, long now) {
        answer.stream().took();
        if (config.acknowledge() == Acknowledge.PER_STREAM) {
            return; // such an endpoint's answers mean nothing by themselves
        }
        String id = new String(answer.appMetadata(), UTF_8);
        Delivery delivery = window.find(id);
        if (delivery == null || !delivery.sentBefore) {
            count("unknown_answer");
            String said = id.isEmpty() ? "without a batch id" : shortened(id) + ", which was not sent";
            breakOff(lane, now, "it answered " + said + NO_ANSWERS);
            return;
        }
        answered(lane, delivery, now);
        if (lane.suspects && lane.inFlight().isEmpty()) {
            lane.finish(now);
        }
    }

    private void answered(Lane lane, Delivery delivery, long now) {
        lane.recovered();
        lane.answered(delivery, now);
        if (delivery.state == State.IN_FLIGHT) {
            endTransfer(delivery, "");
        }
        if (delivery.state != State.ANSWERED) {
            for (Lane other : lanes) {
                other.take(delivery);
            }
            delivery.state = State.ANSWERED;
            count("answered");
            telemetry
                    .metrics()
                    .followerLagSeconds
                    .labelValues(NAME)
                    .observe(Math.max(0, clocks.wallNanos() - delivery.arrivalNanos) / 1e9);
        }
        if (refused.remove(delivery.id) && refused.isEmpty()) {
            telemetry.alarms().clear(REFUSED);
        }
        telemetry.alarms().clear(STALE);
        clearUnreachable();
        slide();
    }

    /// Moves the durable position over the prefix that is answered.
    private void slide() {
        WalPosition end = window.slide();
        if (end != null) {
            follower.advance(end);
        }
    }

    private void hearEnd(Lane lane, Status status, long now) {
        List<Delivery> unanswered = List.copyOf(lane.inFlight());
        boolean idle = unanswered.isEmpty() && lane.schemaSent();
        if (status.isOk() && config.acknowledge() == Acknowledge.PER_STREAM && lane.finishing()) {
            unanswered.forEach(delivery -> answered(lane, delivery, now));
            lane.closed();
            return;
        }
        lane.closed();
        if (idle) {
            return; // nobody waits for it; the next batch opens another
        }
        String why = words(status);
        unanswered.forEach(delivery -> endTransfer(delivery, why));
        switch (status.getCode()) {
            case INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED -> refusedStream(lane, unanswered, why, now);
            case ABORTED -> {
                unanswered.forEach(delivery -> waitAgain(lane, delivery));
                lane.failed(now, why);
                telemetry.alarms().raise(STALE, endpoint + " takes this node for one that has been replaced: " + why
                        + "; stop the other process that runs as node " + sender);
            }
            default -> {
                unanswered.forEach(delivery -> waitAgain(lane, delivery));
                unreachable(lane, now, status.isOk() ? "it ended the stream with batches unanswered" : why);
            }
        }
    }

    private void refusedStream(Lane lane, List<Delivery> unanswered, String why, long now) {
        if (unanswered.isEmpty()) {
            // Refused before a batch was sent: no batch can be at fault.
            unreachable(lane, now, why);
            return;
        }
        count("refused");
        if (!lane.suspects) {
            Lane suspects = suspectLane(lane.signal);
            unanswered.forEach(delivery -> waitAgain(suspects, delivery));
            lane.failed(now, "");
            return;
        }
        for (Delivery delivery : unanswered) {
            refused.add(delivery.id);
            delivery.retryAtNanos = now + delivery.refusals.next();
            waitAgain(lane, delivery);
            telemetry.alarms().raise(REFUSED, endpoint + " refuses batch " + delivery.id + ": " + why
                    + "; it is tried again, others go on");
        }
        lane.recovered();
        clearUnreachable();
    }

    private Lane suspectLane(Signal signal) {
        return requireNonNull(suspectsOf.get(signal));
    }

    private void checkSilence(long now) {
        for (Lane lane : lanes) {
            PutStream stream = lane.stream();
            if (stream == null || lane.silentNanos(now) <= config.answerTimeout().toNanos()) {
                continue;
            }
            if (lane.inFlight().isEmpty() && lane.schemaSent()) {
                stream.cancel("the stream was ended and its end was not answered");
                lane.closed();
            } else {
                breakOff(lane, now, "it has been silent for " + config.answerTimeout().toMillis() + " ms"
                        + (config.acknowledge() == Acknowledge.PER_BATCH && lane.schemaSent()
                                ? NO_ANSWERS
                                : ""));
            }
        }
    }

    private void breakOff(Lane lane, long now, String why) {
        PutStream stream = lane.stream();
        if (stream != null) {
            stream.cancel(why);
        }
        List<Delivery> unanswered = List.copyOf(lane.inFlight());
        lane.closed();
        for (Delivery delivery : unanswered) {
            endTransfer(delivery, why);
            waitAgain(lane, delivery);
        }
        unreachable(lane, now, why);
    }

    private void unreachable(Lane lane, long now, String why) {
        lane.failed(now, why);
        telemetry.alarms().raise(UNREACHABLE, endpoint + ": " + why + "; batches are kept and sent when it is back");
    }

    private void clearUnreachable() {
        for (Lane lane : lanes) {
            if (!lane.trouble().isEmpty()) {
                return;
            }
        }
        telemetry.alarms().clear(UNREACHABLE);
    }

    private void waitAgain(Lane lane, Delivery delivery) {
        delivery.state = State.WAITING;
        lane.await(delivery);
    }

    private void endTransfer(Delivery delivery, String why) {
        inFlightBytes -= delivery.bytesInFlight;
        delivery.bytesInFlight = 0;
        Telemetry.Timing transfer = delivery.transfer;
        if (transfer != null) {
            delivery.transfer = null;
            if (!why.isEmpty()) {
                transfer.failed(why);
            }
            transfer.close();
        }
    }

    // --- what we send

    private boolean send(long now) throws IOException {
        boolean worked = false;
        for (int i = 0; i < MAX_STEP; i++) {
            Prepared next = held;
            if (next == null) {
                next = now - readRetryAtNanos < 0 ? null : prepareNext(now);
                if (next == null) {
                    break;
                }
                held = next;
            }
            Lane lane = next.lane;
            if (lane.stream() == null && !lane.backingOff(now)) {
                open(lane, now);
            }
            if (fits(next) && lane.takes()) {
                held = null;
                send(next, now);
                worked = true;
                continue;
            }
            if (lane.backingOff(now) || now - next.sinceNanos > MAX_HELD_NANOS) {
                held = null;
                lane.await(next.delivery);
                worked = true;
                continue;
            }
            finishFullStream(lane, now);
            return worked;
        }
        if (held == null) {
            lanes.forEach(lane -> finishFullStream(lane, now));
        }
        return worked;
    }

    /// Where the end of the stream is the answer, it ends when nothing more can be sent.
    private void finishFullStream(Lane lane, long now) {
        if (config.acknowledge() == Acknowledge.PER_STREAM && !lane.inFlight().isEmpty()) {
            lane.finish(now);
        }
    }

    private boolean fits(Prepared next) {
        return inFlightBytes == 0 || inFlightBytes + next.bytes <= config.maxInFlightBytes();
    }

    private @Nullable Prepared prepareNext(long now) throws IOException {
        for (Lane lane : lanes) {
            boolean open = lane.stream() == null ? !lane.backingOff(now) : lane.takes();
            Delivery due = open ? lane.firstDue(now) : null;
            if (due == null) {
                continue;
            }
            Frame frame = reader.again(due);
            if (frame == null) {
                lose(lane, due);
                continue;
            }
            Prepared again = prepare(lane, due, frame, now);
            if (again != null) {
                return again;
            }
        }
        return prepareNew(now);
    }

    private @Nullable Prepared prepareNew(long now) throws IOException {
        for (int i = 0; i < MAX_STEP && !window.full(); i++) {
            Frame frame = reader.next();
            if (frame == null) {
                return null;
            }
            Delivery delivery = new Delivery(
                    frame.id(), frame.position(), frame.end(), frame.arrivalNanos(), new Backoff(random));
            delivery.retryAtNanos = now;
            if (frame.headerOnly()) {
                delivery.state = State.ANSWERED;
            }
            window.add(delivery);
            if (delivery.state == State.ANSWERED) {
                slide();
                continue;
            }
            Lane lane = requireNonNull(laneOf.get(frame.header().signal()));
            boolean mustWait = lane.hasWaiting() || lane.backingOff(now);
            // It waits also while it is prepared, so that it is not forgotten if that fails.
            lane.await(delivery);
            Prepared prepared = mustWait ? null : prepare(lane, delivery, frame, now);
            if (prepared != null) {
                return prepared;
            }
        }
        return null;
    }

    /// The log has found the batch damaged since it was read first, and has raised an alarm of its own: it is passed
    /// over here as it would have been at the first reading.
    private void lose(Lane lane, Delivery delivery) {
        LOG.warning("batch was damaged in the log before it was stored: batch=" + delivery.id + " position="
                + delivery.position + " endpoint=" + endpoint);
        count("lost");
        lane.take(delivery);
        delivery.state = State.ANSWERED;
        slide();
    }

    /// Reads the rows and makes messages of them.
    ///
    /// @return null if the rows cannot be sent: then the batch waits and is tried again
    private @Nullable Prepared prepare(Lane lane, Delivery delivery, Frame frame, long now) throws IOException {
        try (Telemetry.Timing _ =
                telemetry.begin(Stage.PLAN).with("batch_id", delivery.idText).with("signal", lane.signal.label())) {
            List<FlightMessage> messages = reader.messages(frame, settled);
            lane.take(delivery);
            int bytes = messages.stream().mapToInt(FlightMessage::bytes).sum();
            return new Prepared(delivery, lane, messages, bytes, now);
        } catch (MalformedBatchException e) {
            refused.add(delivery.id);
            delivery.retryAtNanos = now + delivery.refusals.next();
            Lane suspects = suspectLane(lane.signal);
            lane.take(delivery);
            suspects.await(delivery);
            telemetry.alarms().raise(REFUSED, "batch " + delivery.id + " at " + delivery.position.bytes()
                    + " cannot be read and is not sent: " + e.getMessage() + "; it is tried again, others go on");
            return null;
        }
    }

    private void open(Lane lane, long now) {
        Metadata headers;
        try {
            headers = headers(config);
        } catch (IOException e) {
            unreachable(lane, now, "handoff.flight.token_file " + config.tokenFile().orElseThrow()
                    + " cannot be read: " + e);
            return;
        }
        if (lane.backoff.failing()) {
            // The channel has a backoff of its own, of up to two minutes: ours decides.
            channel.resetConnectBackoff();
        }
        lane.opened(new PutStream(channel, headers, events, this::news), now);
    }

    private void send(Prepared batch, long now) {
        Lane lane = batch.lane;
        PutStream stream = requireNonNull(lane.stream());
        if (!lane.schemaSent()) {
            stream.send(requireNonNull(schemas.get(lane.signal)));
            lane.sentSchema();
        }
        batch.messages.forEach(stream::send);
        Delivery delivery = batch.delivery;
        if (delivery.sentBefore) {
            count("resent");
        }
        delivery.sentBefore = true;
        delivery.state = State.IN_FLIGHT;
        delivery.bytesInFlight = batch.bytes;
        delivery.transfer = telemetry
                .begin(Stage.TRANSFER)
                .with("batch_id", delivery.idText)
                .with("signal", lane.signal.label())
                .with("bytes", batch.bytes);
        inFlightBytes += batch.bytes;
        telemetry.metrics().handoffBytesSent.labelValues(endpoint).inc(batch.bytes);
        lane.sent(delivery, now);
        boolean full = lane.suspects || lane.sentOnStream() >= config.streamBatches();
        if (config.acknowledge() == Acknowledge.PER_STREAM && full) {
            lane.finish(now);
        }
    }

    private void commit(long now) throws IOException {
        long uncommitted = window.done() - committed;
        if (uncommitted == 0 || (uncommitted < BATCHES_PER_COMMIT && now - nextCommitNanos < 0)) {
            return;
        }
        nextCommitNanos = now + COMMIT_NANOS;
        follower.commit();
        committed = window.done();
        settled = window.lastDone();
        storedBytes = follower.durable().bytes();
        telemetry.metrics().followerLagBytes.labelValues(NAME).set(follower.lagBytes());
    }

    private void publishSent() {
        long sent = reader.readTo().bytes();
        Prepared waiting = held;
        if (waiting != null) {
            sent = Math.min(sent, waiting.delivery.position.bytes());
        }
        for (Lane lane : lanes) {
            sent = Math.min(sent, lane.firstWaitingBytes());
        }
        // What was sent once has been handed off, also if it must be sent once more.
        sentBytes = Math.max(sentBytes, sent);
    }

    private void count(String result) {
        telemetry.metrics().handoffBatches.labelValues(endpoint, result).inc();
    }

    /// A line of an endpoint's words.
    static String words(Status status) {
        String description = status.getDescription() == null ? "" : " " + status.getDescription();
        Throwable cause = status.getCause();
        return shortened(status.getCode() + description + (cause == null ? "" : " (" + cause.getMessage() + ")"));
    }

    /// A line of at most 300 characters.
    static String shortened(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ");
        return line.length() <= 300 ? line : line.substring(0, 300) + "…";
    }
}
