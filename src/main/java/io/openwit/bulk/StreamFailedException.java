package io.openwit.bulk;

/// A stream to an ingest node could not be opened. The message says why, in one line.
final class StreamFailedException extends Exception {
    private static final long serialVersionUID = 1;

    StreamFailedException(String message) {
        super(message);
    }
}
