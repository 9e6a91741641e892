package io.openwit.ingest.wal;

import java.io.IOException;

/// The folder holds the log of another node, or of a version that this program does not know. Nothing in it was changed.
public final class ForeignLogException extends IOException {
    private static final long serialVersionUID = 1;

    /// @param message names the file and both values, and says what to do
    ForeignLogException(String message) {
        super(message);
    }
}
