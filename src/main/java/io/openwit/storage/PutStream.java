package io.openwit.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.openwit.columnar.Schemas;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import io.openwit.storage.LandingFile.Arrival;
import io.openwit.telemetry.Stage;
import io.openwit.telemetry.Telemetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/// One DoPut stream: a schema, then batches, each with the dictionaries that hold at that moment.
///
/// gRPC calls the listener's methods one after the other on a virtual thread, which waits here while there is no
/// room, so
/// that the stream is not read on. Answers come from the lander's thread; what both touch is under this object's lock.
final class PutStream extends ServerCall.Listener<FlightMessage> {
    private static final int PREFIX_BYTES = 8;

    private final StorageConfig config;
    private final ServerCall<FlightMessage, byte[]> call;
    private final BatchCheck check;
    private final Lander lander;
    private final Telemetry telemetry;
    private final Runnable onEnd;

    private @Nullable Signal signal;
    private final Map<Long, ByteBuffer> dictionaries = new LinkedHashMap<>();
    private long dictionaryBytes;

    private int unanswered;
    private boolean halfClosed;
    private boolean closed;
    private boolean wantsMore;

    /// @param onEnd called once, when the stream is over
    PutStream(
            StorageConfig config,
            ServerCall<FlightMessage, byte[]> call,
            BatchCheck check,
            Lander lander,
            Telemetry telemetry,
            Runnable onEnd) {
        this.config = config;
        this.call = call;
        this.check = check;
        this.lander = lander;
        this.telemetry = telemetry;
        this.onEnd = onEnd;
        call.request(1);
    }

    @Override
    public void onMessage(FlightMessage message) {
        try (message) {
            take(message);
        } catch (MalformedBatchException e) {
            close(Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
        } catch (IOException e) {
            close(Status.INVALID_ARGUMENT.withDescription("the message cannot be read: " + e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close(Status.UNAVAILABLE.withDescription("storage is stopping"));
        }
        requestNext();
    }

    private void take(FlightMessage message) throws MalformedBatchException, IOException, InterruptedException {
        if (isClosed()) {
            return;
        }
        if (message.header().length == 0) {
            if (signal == null) {
                throw new MalformedBatchException("the stream must begin with a schema");
            }
            // Flight allows messages of metadata alone; there is no batch to answer.
            return;
        }
        Message ipc = IpcCheck.message(message.header(), message.bodyBytes());
        switch (ipc.headerType()) {
            case MessageHeader.Schema -> takeSchema(ipc, message);
            case MessageHeader.DictionaryBatch -> takeDictionary(ipc, message);
            case MessageHeader.RecordBatch -> takeBatch(message);
            default -> throw new MalformedBatchException("an IPC message of type " + ipc.headerType());
        }
    }

    private void takeSchema(Message ipc, FlightMessage message) throws MalformedBatchException {
        if (signal != null) {
            throw new MalformedBatchException("a second schema in one stream");
        }
        Schema schema;
        try {
            schema = MessageSerializer.deserializeSchema(ipc);
        } catch (RuntimeException | AssertionError e) {
            // The library throws whatever it meets in bytes that are no schema.
            throw new MalformedBatchException("the schema cannot be read: " + e, e);
        }
        Signal ofSchema = Schemas.signalOf(schema);
        // Batches are kept without their schema: it must be ours to the last field and number of a dictionary.
        List<Field> fields = Schemas.of(ofSchema).getFields();
        for (int i = 0; i < Math.max(fields.size(), schema.getFields().size()); i++) {
            if (i >= fields.size() || i >= schema.getFields().size() || !fields.get(i).equals(schema.getFields().get(i))) {
                throw new MalformedBatchException("the schema is not " + ofSchema.schema() + ": field " + i + " is "
                        + (i < schema.getFields().size() ? schema.getFields().get(i) : "missing") + ", expected "
                        + (i < fields.size() ? fields.get(i) : "none"));
            }
        }
        if (!message.path().isEmpty() && !message.path().equals(List.of(ofSchema.label()))) {
            throw new MalformedBatchException(
                    "descriptor path " + message.path() + " does not fit a schema of " + ofSchema.label());
        }
        signal = ofSchema;
    }

    private void takeDictionary(Message ipc, FlightMessage message) throws MalformedBatchException, IOException {
        Signal ofStream = ofStream();
        DictionaryBatch dictionary = (DictionaryBatch) ipc.header(new DictionaryBatch());
        if (dictionary == null || dictionary.isDelta()) {
            throw new MalformedBatchException("delta dictionaries are not taken: replace dictionary "
                    + (dictionary == null ? "?" : dictionary.id()) + " of " + ofStream.label() + " as a whole");
        }
        ByteBuffer bytes = ByteBuffer.allocate(encapsulatedBytes(message)).order(ByteOrder.LITTLE_ENDIAN);
        encapsulate(message, bytes);
        ByteBuffer old = dictionaries.put(dictionary.id(), bytes.flip());
        dictionaryBytes += bytes.remaining() - (old == null ? 0 : old.remaining());
        if (dictionaryBytes > config.maxBatchBytes()) {
            throw new MalformedBatchException(
                    "dictionaries of " + dictionaryBytes + " bytes, at most " + config.maxBatchBytes());
        }
    }

    private void takeBatch(FlightMessage message) throws MalformedBatchException, IOException, InterruptedException {
        Signal ofStream = ofStream();
        byte[] json = message.appMetadata();
        BatchMetadata metadata = BatchMetadata.parse(json);
        int sealedBytes = Math.toIntExact(dictionaryBytes + encapsulatedBytes(message));
        if (!lander.awaitRoom(sealedBytes, call::isCancelled)) {
            return;
        }
        Telemetry.Timing timing = telemetry.begin(Stage.STORE).with("batch", metadata.id().toString());
        Arrival arrival;
        try {
            if (metadata.signal() != ofStream) {
                throw new MalformedBatchException("it is of " + metadata.signal().label() + " in a stream of "
                        + ofStream.label());
            }
            ByteBuffer sealed = ByteBuffer.allocateDirect(sealedBytes).order(ByteOrder.LITTLE_ENDIAN);
            dictionaries.values().forEach(dictionary -> sealed.put(dictionary.duplicate()));
            encapsulate(message, sealed);
            sealed.flip();
            arrival = new Arrival(metadata, json, sealed, check.newestNanos(metadata, sealed));
        } catch (MalformedBatchException e) {
            lander.giveBack(sealedBytes);
            timing.failed(String.valueOf(e.getMessage())).close();
            telemetry.metrics().storageBatches.labelValues(ofStream.label(), "refused").inc();
            throw new MalformedBatchException("batch " + metadata.id() + ": " + e.getMessage(), e);
        } catch (IOException | InterruptedException | RuntimeException e) {
            lander.giveBack(sealedBytes);
            timing.failed(e.toString()).close();
            throw e;
        }
        synchronized (this) {
            unanswered++;
        }
        lander.offer(arrival, verdict -> {
            lander.giveBack(sealedBytes);
            timing.close();
            answer(metadata, verdict);
        });
    }

    private Signal ofStream() throws MalformedBatchException {
        if (signal == null) {
            throw new MalformedBatchException("the stream must begin with a schema");
        }
        return signal;
    }

    private static int encapsulatedBytes(FlightMessage message) {
        return PREFIX_BYTES + padded(message.header().length) + padded(message.bodyBytes());
    }

    /// Writes the message as it stands in files: mark, length, flatbuffer, body, each padded to 8 bytes.
    private static void encapsulate(FlightMessage message, ByteBuffer out) throws IOException {
        int header = message.header().length;
        out.putInt(0xffffffff).putInt(padded(header)).put(message.header());
        out.position(out.position() + padded(header) - header);
        message.copyBody(out);
        out.position(out.position() + padded(message.bodyBytes()) - message.bodyBytes());
    }

    private static int padded(int bytes) {
        return (bytes + 7) & -8;
    }

    private void answer(BatchMetadata metadata, Lander.Verdict verdict) {
        switch (verdict) {
            case Lander.Stored stored -> answerStored(metadata);
            case Lander.StaleSender stale ->
                close(Status.ABORTED.withDescription("batch " + metadata.id() + ": sender " + stale.sender()
                        + " has epoch " + stale.epoch() + ", epoch " + stale.highest() + " has replaced it"));
            case Lander.NotNow notNow ->
                close(Status.UNAVAILABLE.withDescription("batch " + metadata.id() + ": " + notNow.detail()));
        }
    }

    private synchronized void answerStored(BatchMetadata metadata) {
        unanswered--;
        if (closed) {
            return;
        }
        call.sendMessage(metadata.id().toString().getBytes(US_ASCII));
        if (halfClosed && unanswered == 0) {
            close(Status.OK);
        }
    }

    /// Asks for the next message, but not while the other end leaves its answers unread.
    private synchronized void requestNext() {
        if (closed) {
            return;
        }
        if (call.isReady()) {
            call.request(1);
        } else {
            wantsMore = true;
        }
    }

    @Override
    public synchronized void onReady() {
        if (wantsMore && !closed && call.isReady()) {
            wantsMore = false;
            call.request(1);
        }
    }

    @Override
    public synchronized void onHalfClose() {
        halfClosed = true;
        if (unanswered == 0) {
            close(Status.OK);
        }
    }

    @Override
    public void onCancel() {
        end();
    }

    @Override
    public void onComplete() {
        end();
    }

    /// gRPC calls either [#onCancel] or [#onComplete], once.
    private synchronized void end() {
        closed = true;
        dictionaries.clear();
        onEnd.run();
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void close(Status status) {
        if (!closed) {
            closed = true;
            call.close(status, new Metadata());
        }
    }
}
