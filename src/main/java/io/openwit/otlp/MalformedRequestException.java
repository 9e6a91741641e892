package io.openwit.otlp;

/// The bytes of a request cannot be understood as OTLP; nothing of it is kept.
///
/// The message is one line for the caller: what is wrong and where, without the payload.
public class MalformedRequestException extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedRequestException(String message) {
        super(message);
    }

    public MalformedRequestException(String message, Throwable cause) {
        super(message, cause);
    }
}
