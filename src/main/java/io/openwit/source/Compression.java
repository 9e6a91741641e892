package io.openwit.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// How the bytes of a body are compressed, by the name that HTTP and gRPC have for it.
public enum Compression {
    IDENTITY("identity"),
    GZIP("gzip"),
    ZSTD("zstd");

    private static final Compression[] ALL = values();

    private final String label;

    Compression(String label) {
        this.label = label;
    }

    /// The name in `Content-Encoding` and in `grpc-encoding`.
    public String label() {
        return label;
    }

    /// The compression of this name, in letters of either case; empty where it is none of ours.
    public static Optional<Compression> ofLabel(String label) {
        for (Compression compression : ALL) {
            if (compression.label.equalsIgnoreCase(label)) {
                return Optional.of(compression);
            }
        }
        return Optional.empty();
    }

    /// The decompressed bytes of `in`, in constant memory. Closing it frees native memory and closes `in`.
    ///
    /// Its reads throw [CorruptBodyException] where the bytes are corrupt, cut, or followed by something else, and pass
    /// on what `in` throws. How much comes out is for the reader to limit.
    public InputStream decompress(InputStream in) throws IOException {
        return switch (this) {
            case IDENTITY -> in;
            case GZIP -> new GzipInput(in);
            case ZSTD -> new ZstdInput(in);
        };
    }
}
