package io.openwit.ingest.wal;

import java.io.IOException;

/// There is no room for a group, on the volume or within `processing.wal.max_bytes`. The group counts as not written, and the
/// log goes on: what is appended when there is room again opens a new segment.
public final class WalFullException extends IOException {
    private static final long serialVersionUID = 1;

    public WalFullException(String message) {
        super(message);
    }

    WalFullException(String message, IOException cause) {
        super(message, cause);
    }
}
