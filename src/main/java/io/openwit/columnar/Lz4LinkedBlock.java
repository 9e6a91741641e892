package io.openwit.columnar;

import java.nio.ByteBuffer;

/// Decompresses one LZ4 block whose matches reach back into the blocks before it. Other writers make such frames; ours
/// does not, so plain Java is fast enough.
///
/// Source: LZ4 Block Format Description.
final class Lz4LinkedBlock {
    private static final int MIN_MATCH = 4;

    private final ByteBuffer in;
    private final int end;
    private final ByteBuffer out;
    private final int start;
    private int at;
    private int written;

    /// @param written where in `out` the block begins; everything before it may be referred to
    Lz4LinkedBlock(ByteBuffer in, int from, int length, ByteBuffer out, int written) {
        this.in = in;
        this.at = from;
        this.end = from + length;
        this.out = out;
        this.start = written;
        this.written = written;
    }

    /// @return bytes written
    /// @throws IllegalArgumentException the bytes are not a block
    int decompress() {
        while (true) {
            int token = next();
            literals(length(token >>> 4));
            if (at == end) {
                return written - start;
            }
            int offset = next() | next() << 8;
            match(offset, length(token & 15) + MIN_MATCH);
        }
    }

    private int length(int nibble) {
        int length = nibble;
        if (nibble == 15) {
            int more;
            do {
                more = next();
                length += more;
                if (length > out.limit()) {
                    throw Lz4Frame.malformed("a length leaves its block");
                }
            } while (more == 255);
        }
        return length;
    }

    private void literals(int length) {
        if (length > end - at || length > out.limit() - written) {
            throw Lz4Frame.malformed("literals leave their block");
        }
        out.put(written, in, at, length);
        at += length;
        written += length;
    }

    private void match(int offset, int length) {
        if (offset == 0 || offset > written || length > out.limit() - written) {
            throw Lz4Frame.malformed("a match leaves the content");
        }
        for (int i = 0; i < length; i++, written++) {
            out.put(written, out.get(written - offset));
        }
    }

    private int next() {
        if (at == end) {
            throw Lz4Frame.malformed("a block is cut");
        }
        return in.get(at++) & 0xff;
    }
}
