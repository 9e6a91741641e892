package io.openwit.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Decompresses one or more gzip members, strictly: checksums and lengths must agree, and nothing may follow the last
/// member. Not thread-safe.
///
/// Design note: not `GZIPInputStream`, which takes whatever follows a member and is no gzip for the end of the stream,
/// so that a body that was damaged there would be accepted in part.
///
/// Source: RFC 1952.
final class GzipInput extends InputStream {
    private static final int BUFFER_BYTES = 1 << 14;
    private static final int MAGIC_1 = 0x1F;
    private static final int MAGIC_2 = 0x8B;
    private static final int DEFLATE = 8;
    private static final int HAS_CHECKSUM = 2;
    private static final int HAS_EXTRA = 4;
    private static final int HAS_NAME = 8;
    private static final int HAS_COMMENT = 16;
    private static final int RESERVED = 0xE0;

    private final InputStream in;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final byte[] single = new byte[1];

    /// The unread bytes of `buffer`: the inflater reads them from there without taking them over.
    private int at;

    private int end;
    private boolean inMember;
    private boolean finished;
    private boolean closed;

    GzipInput(InputStream in) {
        this.in = in;
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
        while (!finished) {
            if (!inMember) {
                header();
                inMember = true;
            }
            int inflated = inflate(out, offset, count);
            if (inflater.finished()) {
                trailer();
            }
            if (inflated > 0) {
                return inflated;
            }
        }
        return -1;
    }

    private int inflate(byte[] out, int offset, int count) throws IOException {
        if (at == end && !inflater.finished() && !fill()) {
            throw cut();
        }
        inflater.setInput(buffer, at, end - at);
        try {
            int inflated = inflater.inflate(out, offset, count);
            if (inflater.needsDictionary()) {
                throw new CorruptBodyException("the body is not gzip: it wants a dictionary");
            }
            checksum.update(out, offset, inflated);
            at = end - inflater.getRemaining();
            return inflated;
        } catch (DataFormatException e) {
            throw new CorruptBodyException("the body is not gzip: its compressed data are corrupt", e);
        }
    }

    private void header() throws IOException {
        if (required() != MAGIC_1 || required() != MAGIC_2 || required() != DEFLATE) {
            throw new CorruptBodyException("the body is not gzip: it does not begin like that");
        }
        int flags = required();
        if ((flags & RESERVED) != 0) {
            throw new CorruptBodyException("the body is not gzip: reserved flags are set");
        }
        // Time, extra flags, operating system.
        skip(6);
        if ((flags & HAS_EXTRA) != 0) {
            skip(required() | required() << 8);
        }
        if ((flags & HAS_NAME) != 0) {
            skipText();
        }
        if ((flags & HAS_COMMENT) != 0) {
            skipText();
        }
        if ((flags & HAS_CHECKSUM) != 0) {
            skip(2);
        }
    }

    private void skip(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            required();
        }
    }

    private void skipText() throws IOException {
        int letter;
        do {
            letter = required();
        } while (letter != 0);
    }

    private void trailer() throws IOException {
        boolean sound = int32() == (int) checksum.getValue() && int32() == (int) inflater.getBytesWritten();
        if (!sound) {
            throw new CorruptBodyException("the body is corrupt: gzip's checksum or length differs");
        }
        inflater.reset();
        checksum.reset();
        inMember = false;
        // What follows, if anything, must be a further member.
        finished = at == end && !fill();
    }

    private int int32() throws IOException {
        return required() | required() << 8 | required() << 16 | required() << 24;
    }

    private int required() throws IOException {
        if (at == end && !fill()) {
            throw cut();
        }
        return buffer[at++] & 0xFF;
    }

    private boolean fill() throws IOException {
        int count = in.read(buffer, 0, buffer.length);
        at = 0;
        end = Math.max(count, 0);
        return count > 0;
    }

    private static CorruptBodyException cut() {
        return new CorruptBodyException("the body is cut: gzip has not come to its end");
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            inflater.end();
            in.close();
        }
    }
}
