package io.openwit.source;

import java.io.IOException;

/// The bytes of a body are not what its compression says they are. The sender's fault, unlike other I/O trouble.
public final class CorruptBodyException extends IOException {
    private static final long serialVersionUID = 1;

    private final String reason;

    /// @param reason one line for the caller
    public CorruptBodyException(String reason) {
        super(reason);
        this.reason = reason;
    }

    /// @param reason one line for the caller
    public CorruptBodyException(String reason, Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /// What is wrong, in one line for the caller.
    public String reason() {
        return reason;
    }
}
