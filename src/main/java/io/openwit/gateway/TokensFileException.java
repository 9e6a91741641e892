package io.openwit.gateway;

/// A tokens file cannot be read. The message is one line: file or line, and what is wrong there; never a token or a
/// hash.
public final class TokensFileException extends Exception {
    private static final long serialVersionUID = 1;

    public TokensFileException(String message) {
        super(message);
    }

    public TokensFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
