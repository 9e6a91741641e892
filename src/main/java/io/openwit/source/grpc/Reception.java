package io.openwit.source.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Watches the bytes of one call's message while gRPC collects them, and ends the call where there are too many.
///
/// Design note: gRPC's own limit is for one message alone, while the unfinished messages of all calls stand in memory
/// before the gateway can take a permit for them; and it logs a stack trace for each message that is too large, which
/// is a gift to an attacker.
///
/// gRPC calls it from the thread of the connection; [#onExcess] is called before the call asks for its message.
final class Reception extends ServerStreamTracer {
    static final String TOO_MUCH = "too many messages arrive at once";

    /// What to do when there are too many bytes; a call that has not said it is closed by gRPC with a status.
    interface Excess {
        /// The message alone is over the limit.
        void messageTooLarge();

        /// All messages that are being received are, together.
        void tooMuchAtOnce();
    }

    private static final Context.Key<Reception> KEY = Context.key("openwit-reception");

    private final int maxMessageBytes;
    private final long maxTotalBytes;
    private final AtomicLong totalBytes;

    /// Bytes of this call that count in `totalBytes`. Only the connection's thread adds; what ends the call takes all.
    private final AtomicLong heldBytes = new AtomicLong();

    private final AtomicBoolean ended = new AtomicBoolean();
    private long messageBytes;
    private @Nullable Excess excess;

    private Reception(int maxMessageBytes, long maxTotalBytes, AtomicLong totalBytes) {
        this.maxMessageBytes = maxMessageBytes;
        this.maxTotalBytes = maxTotalBytes;
        this.totalBytes = totalBytes;
    }

    /// Watches every call of a server.
    static final class Factory extends ServerStreamTracer.Factory {
        private final int maxMessageBytes;
        private final long maxTotalBytes;
        private final AtomicLong totalBytes = new AtomicLong();

        /// @param maxMessageBytes of one message as it travels
        /// @param maxTotalBytes of all messages that have not arrived whole
        Factory(int maxMessageBytes, long maxTotalBytes) {
            this.maxMessageBytes = maxMessageBytes;
            this.maxTotalBytes = maxTotalBytes;
        }

        @Override
        public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
            return new Reception(maxMessageBytes, maxTotalBytes, totalBytes);
        }
    }

    /// The reception of the call that is being started.
    static Reception current() {
        return KEY.get();
    }

    @Override
    public Context filterContext(Context context) {
        return context.withValue(KEY, this);
    }

    void onExcess(Excess excess) {
        this.excess = excess;
    }

    @Override
    public void inboundWireSize(long bytes) {
        if (ended.get()) {
            return;
        }
        messageBytes += bytes;
        heldBytes.addAndGet(bytes);
        long total = totalBytes.addAndGet(bytes);
        Excess excess = this.excess;
        if (messageBytes > maxMessageBytes) {
            end();
            if (excess == null) {
                throw tooLarge(maxMessageBytes);
            }
            excess.messageTooLarge();
        } else if (total > maxTotalBytes) {
            end();
            if (excess == null) {
                throw Status.UNAVAILABLE.withDescription(TOO_MUCH).asRuntimeException();
            }
            excess.tooMuchAtOnce();
        }
    }

    /// What a message over the limit is answered with.
    static StatusRuntimeException tooLarge(int maxMessageBytes) {
        return Status.RESOURCE_EXHAUSTED
                .withDescription("the message is larger than " + maxMessageBytes + " bytes")
                .asRuntimeException();
    }

    @Override
    public void inboundMessageRead(int sequence, long wireBytes, long bytes) {
        messageBytes = 0;
        giveBack();
    }

    @Override
    public void streamClosed(Status status) {
        end();
    }

    private void end() {
        ended.set(true);
        giveBack();
    }

    private void giveBack() {
        totalBytes.addAndGet(-heldBytes.getAndSet(0));
    }
}
