package io.openwit.console;

/// A query without an answer. The message is one line for the person who asked.
public final class QueryRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /// Whose fault it was, and so the status.
    public enum Kind {
        /// It is no SQL, or computes what cannot be.
        INVALID(400),
        /// It reaches for what it may not see.
        FORBIDDEN(403),
        /// Its answer is too large, or takes too long.
        TOO_LARGE(413),
        /// Too many others run; it may be asked again.
        BUSY(503),
        /// The node failed.
        FAILED(500);

        private final int status;

        Kind(int status) {
            this.status = status;
        }
    }

    public QueryRefusedException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    int status() {
        return kind.status;
    }
}
