package io.openwit.storage;

/// A query that has no answer; the message is one line for the person who asked.
public final class QueryFailedException extends Exception {
    private static final long serialVersionUID = 1;

    /// Whose fault it was.
    public enum Reason {
        /// The text is not SQL, names what is not there, or computes what cannot be.
        INVALID,
        /// It reaches for something besides the views.
        FORBIDDEN,
        /// It took too long, or its answer is too large: ask for less.
        TOO_LARGE,
        /// Too many queries wait: ask again later.
        BUSY,
        /// Storage itself failed.
        FAILED
    }

    private final Reason reason;

    public QueryFailedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public QueryFailedException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
