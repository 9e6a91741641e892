package io.openwit.otlp;

/// A request is larger than its receiver takes, whatever else it is.
public final class LargeRequestException extends MalformedRequestException {
    private static final long serialVersionUID = 1;

    LargeRequestException(String message) {
        super(message);
    }
}
