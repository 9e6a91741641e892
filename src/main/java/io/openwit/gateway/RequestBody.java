package io.openwit.gateway;

import io.openwit.model.Outcome;
import io.openwit.model.Outcome.Refusal;
import io.openwit.telemetry.Metrics;
import java.nio.ByteBuffer;

/// The bytes of one request after decompression: grows as they come, and takes a permit for each before it is kept.
///
/// Belongs to one thread at a time: the door's, then from [Gateway#export] until that returns the gateway's. While it
/// grows, the smaller array that it outgrows lives on for the time of one copy, outside the permits.
public final class RequestBody implements AutoCloseable {
    /// Bytes behind the last one, of no meaning, which the reader of the wire may touch.
    public static final int SLACK_BYTES = 8;

    /// Room that is made on a client's word alone.
    public static final int MAX_EXPECTED_BYTES = 1 << 20;

    private static final byte[] NONE = new byte[SLACK_BYTES];

    private final Permits permits;
    private final BufferPool pool;
    private final Metrics metrics;
    private final String source;
    private final int maxBytes;
    private byte[] array = NONE;
    private int length;
    private long takenBytes;
    private boolean closed;

    /// The permit for the request has been taken.
    RequestBody(Permits permits, BufferPool pool, Metrics metrics, String source, int maxBytes) {
        this.permits = permits;
        this.pool = pool;
        this.metrics = metrics;
        this.source = source;
        this.maxBytes = maxBytes;
    }

    /// Makes room at once where the length is said before the bytes come, so that less is copied later; for no more than
    /// [#MAX_EXPECTED_BYTES], as whoever says a length need not send so much.
    ///
    /// @throws BodyRefusedException as [#write(byte\[\], int, int)]
    public void expect(long bytes) throws BodyRefusedException {
        refuseBeyondLimit(bytes);
        ensure(Math.min(bytes, MAX_EXPECTED_BYTES));
    }

    /// Takes what remains in `bytes`.
    ///
    /// @throws BodyRefusedException as [#write(byte\[\], int, int)]
    public void write(ByteBuffer bytes) throws BodyRefusedException {
        int count = bytes.remaining();
        ensure((long) length + count);
        bytes.get(array, length, count);
        length += count;
    }

    /// @throws BodyRefusedException TOO_LARGE beyond the limit of a request, *Throttled* where no permit is left; the
    ///     body stays as it was and is to be closed
    public void write(byte[] bytes, int offset, int count) throws BodyRefusedException {
        ensure((long) length + count);
        System.arraycopy(bytes, offset, array, length, count);
        length += count;
    }

    public int length() {
        return length;
    }

    /// The bytes from 0 to [#length], and at least [#SLACK_BYTES] behind them; another array after the next write.
    public byte[] array() {
        return array;
    }

    /// Returns the array and all permits. A second call does nothing.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        releaseArray();
        permits.giveBytes(takenBytes);
        takenBytes = 0;
        permits.giveRequest();
    }

    /// Lets the array go when it has been read; permits for [#length] stay, for the rows in the columns, until
    /// [#close].
    void releaseArray() {
        if (array != NONE) {
            pool.give(array);
            array = NONE;
            permits.giveBytes(takenBytes - length);
            takenBytes = length;
        }
    }

    private void refuseBeyondLimit(long bytes) throws BodyRefusedException {
        if (bytes > maxBytes) {
            throw refused(
                    "too_large",
                    new Outcome.Rejected(
                            Refusal.TOO_LARGE,
                            "the request is larger than " + maxBytes + " bytes after decompression"));
        }
    }

    private void ensure(long bytes) throws BodyRefusedException {
        refuseBeyondLimit(bytes);
        if (bytes + SLACK_BYTES <= array.length) {
            return;
        }
        int capacity = pool.capacityFor((int) bytes);
        if (!permits.takeBytes(capacity - takenBytes)) {
            throw refused("overload", permits.throttled("the buffer for requests is full"));
        }
        takenBytes = capacity;
        byte[] larger = pool.take(capacity);
        System.arraycopy(array, 0, larger, 0, length);
        if (array != NONE) {
            pool.give(array);
        }
        array = larger;
    }

    private BodyRefusedException refused(String reason, Outcome outcome) {
        metrics.requestsRefused.labelValues(source, reason).inc();
        return new BodyRefusedException(outcome);
    }

    @Override
    public String toString() {
        return "RequestBody[" + length + " bytes]" + (closed ? " closed" : "");
    }
}
