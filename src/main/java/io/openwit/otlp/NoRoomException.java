package io.openwit.otlp;

/// The memory of a [ByteSink] did not grow: its owner had no room at the moment. Nothing is said about the request.
public final class NoRoomException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int bytes;

    NoRoomException(int bytes) {
        super("no room for " + bytes + " bytes of protobuf");
        this.bytes = bytes;
    }

    /// What the array would have had to hold.
    public int bytes() {
        return bytes;
    }
}
