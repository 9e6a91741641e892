package io.openwit.server;

import org.jspecify.annotations.Nullable;

/// A command ends without having done what it was asked. The message is one line: what, where, and what to do.
final class CommandException extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    private CommandException(int exitCode, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    /// Something in the world failed.
    static CommandException failed(String message) {
        return new CommandException(ExitCode.FAILED, message, null);
    }

    static CommandException failed(String message, Throwable cause) {
        return new CommandException(ExitCode.FAILED, message, cause);
    }

    /// Whoever typed it has to type something else.
    static CommandException usage(String message) {
        return new CommandException(ExitCode.USAGE, message, null);
    }

    static CommandException usage(String message, Throwable cause) {
        return new CommandException(ExitCode.USAGE, message, cause);
    }

    int exitCode() {
        return exitCode;
    }
}
