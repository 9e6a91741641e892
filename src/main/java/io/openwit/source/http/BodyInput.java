package io.openwit.source.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/// The body of a request as it arrives, for one virtual thread, which waits for it.
///
/// Design note: Jetty has such a stream too, but its wait ends only when nothing at all arrives; a byte now and then
/// would keep it for ever. This one also ends with [#expire], whenever that is.
final class BodyInput extends InputStream {
    private final Request request;
    private final byte[] single = new byte[1];

    /// Holds a permit when there may be something to read, or the time is over.
    private final Semaphore arrived = new Semaphore(0);

    private volatile boolean expired;
    private long maxBytes;
    private Content.@Nullable Chunk chunk;
    private long bytesRead;

    /// Nothing more can be read.
    private boolean broken;

    /// @param maxBytes as they arrive, so compressed if they are
    BodyInput(Request request, int maxBytes) {
        this.request = request;
        this.maxBytes = maxBytes;
    }

    /// Ends the present and all further waits. Called by any thread.
    void expire() {
        expired = true;
        arrived.release();
    }

    /// The next bytes, over Jetty's own buffer, until the next call; null at the end.
    ///
    /// @throws StalledBodyException they did not arrive in time
    /// @throws LargeBodyException they are more than the limit
    /// @throws IOException the connection broke, or what arrives is no HTTP
    @Nullable ByteBuffer next() throws IOException {
        Content.Chunk previous = chunk;
        if (previous != null && previous.isLast()) {
            release();
            chunk = Content.Chunk.EOF;
            return null;
        }
        release();
        Content.Chunk next = await();
        if (Content.Chunk.isFailure(next)) {
            broken = true;
            throw failure(next.getFailure());
        }
        chunk = next;
        bytesRead += next.remaining();
        if (bytesRead > maxBytes) {
            throw new LargeBodyException();
        }
        if (next.isLast() && !next.hasRemaining()) {
            return null;
        }
        return next.getByteBuffer();
    }

    private Content.Chunk await() throws StalledBodyException {
        while (!expired) {
            Content.Chunk next = request.read();
            if (next != null) {
                return next;
            }
            request.demand(arrived::release);
            arrived.acquireUninterruptibly();
        }
        broken = true;
        throw new StalledBodyException();
    }

    /// Takes what is still to come, and throws it away, until [#expire].
    ///
    /// @throws IOException as [#next]
    void discard() throws IOException {
        maxBytes = Long.MAX_VALUE;
        while (!broken && next() != null) {
            continue;
        }
    }

    private static IOException failure(Throwable failure) {
        return failure instanceof TimeoutException
                ? new StalledBodyException()
                : new IOException("the body cannot be read: " + failure.getMessage(), failure);
    }

    @Override
    public int read() throws IOException {
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
    }

    @Override
    public int read(byte[] out, int offset, int count) throws IOException {
        if (count == 0) {
            return 0;
        }
        ByteBuffer bytes = chunk == null ? next() : chunk.getByteBuffer();
        while (bytes != null && !bytes.hasRemaining()) {
            bytes = next();
        }
        if (bytes == null) {
            return -1;
        }
        int taken = Math.min(count, bytes.remaining());
        bytes.get(out, offset, taken);
        return taken;
    }

    /// Gives the buffer back that is being read; what has not arrived is left to Jetty.
    @Override
    public void close() {
        release();
    }

    private void release() {
        Content.Chunk held = chunk;
        chunk = null;
        if (held != null) {
            held.release();
        }
    }
}
