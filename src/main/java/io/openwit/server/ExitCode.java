package io.openwit.server;

/// What the process says at its end.
final class ExitCode {
    static final int DONE = 0;
    static final int FAILED = 1;

    /// Bad usage or configuration: another try will not help.
    static final int USAGE = 2;

    /// The log's disk failed: what is not durable was not acknowledged, and nothing more will be.
    static final int POISONED = 3;

    private ExitCode() {}
}
