package io.openwit.ingest.handoff;

import io.openwit.columnar.SealedMessages;
import io.openwit.ingest.wal.Follower;
import io.openwit.ingest.wal.Frame;
import io.openwit.ingest.wal.WalPosition;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what there is to send: the next batch of the log, or one that was read before, and makes Flight messages of
/// it. Owned by the handoff's thread.
final class BatchReader implements AutoCloseable {
    private final Follower follower;
    private final NodeId sender;
    private final long senderEpoch;
    private final UniqueRows uniqueRows = new UniqueRows();
    private WalPosition readTo;
    private WalPosition cursor;
    private boolean caughtUp;

    BatchReader(Follower follower, NodeId sender, long senderEpoch) {
        this.follower = follower;
        this.sender = sender;
        this.senderEpoch = senderEpoch;
        readTo = follower.durable();
        cursor = readTo;
    }

    /// Where the last new batch ends.
    WalPosition readTo() {
        return readTo;
    }

    /// Whether the follower stands at the end of the log, so that one may wait for more there.
    boolean caughtUp() {
        return caughtUp && cursor.equals(readTo);
    }

    /// The next batch that was not read before; null while there is none.
    ///
    /// @throws IOException the log cannot be read; it may be tried again
    @Nullable
    Frame next() throws IOException {
        caughtUp = false;
        seek(readTo);
        Frame frame = follower.next();
        if (frame == null) {
            caughtUp = true;
            return null;
        }
        cursor = frame.end();
        readTo = cursor;
        return frame;
    }

    /// A batch that was read before.
    ///
    /// @return null if the log no longer has it whole
    /// @throws IOException the log cannot be read; it may be tried again
    @Nullable
    Frame again(Delivery delivery) throws IOException {
        seek(delivery.position);
        Frame frame = follower.next();
        if (frame == null) {
            throw new IOException("the log ends before " + delivery.position + ", where " + delivery.id + " was read");
        }
        cursor = frame.end();
        return frame.id().equals(delivery.id) ? frame : null;
    }

    private void seek(WalPosition position) throws IOException {
        if (!cursor.equals(position)) {
            follower.rewind(position);
            cursor = position;
        }
    }

    /// Dictionaries, then the record batch with its metadata.
    ///
    /// @param settled as in [BatchMetadata]
    /// @throws IOException the log cannot be read; it may be tried again
    /// @throws MalformedBatchException the rows are not what was sealed
    List<FlightMessage> messages(Frame frame, @Nullable BatchId settled) throws IOException, MalformedBatchException {
        byte[] metadata = new BatchMetadata(
                        frame.id(),
                        frame.header().tenant(),
                        frame.header().signal(),
                        frame.header().rows() - frame.duplicates(),
                        sender,
                        senderEpoch,
                        settled)
                .json();
        return messages(SealedMessages.of(uniqueRows.of(frame)), metadata);
    }

    /// Dictionaries, then the record batch with its metadata.
    static List<FlightMessage> messages(SealedMessages sealed, byte[] metadata) {
        List<FlightMessage> messages = new ArrayList<>();
        for (SealedMessages.Message message : sealed) {
            messages.add(
                    switch (message.kind()) {
                        case DICTIONARY -> FlightMessage.dictionary(message.metadata(), message.body());
                        case RECORD -> FlightMessage.record(message.metadata(), message.body(), metadata);
                    });
        }
        return messages;
    }

    @Override
    public void close() {
        uniqueRows.close();
    }
}
