package io.openwit.model;

/// Bytes that should be a batch are none: of an unknown version, cut, or contradicting themselves.
public final class MalformedBatchException extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedBatchException(String message) {
        super(message);
    }

    public MalformedBatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
