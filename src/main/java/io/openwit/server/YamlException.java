package io.openwit.server;

/// A YAML document cannot be read.
final class YamlException extends Exception {
    private static final long serialVersionUID = 1;

    private final int line;

    /// @param line from 1; 0 where it is not known
    /// @param message one line
    YamlException(int line, String message) {
        super(message);
        this.line = line;
    }

    int line() {
        return line;
    }
}
