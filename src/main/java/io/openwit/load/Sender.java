package io.openwit.load;

import io.openwit.model.Signal;

/// One connection to the target. Thread-safe.
interface Sender extends AutoCloseable {
    /// Sends one export request and waits for its answer; a failure of the network is an [Answer.Again].
    ///
    /// @param request borrowed until this returns
    /// @param timeoutNanos after so long it is given up
    /// @throws InterruptedException the request was given up; its fate is unknown
    Answer send(Signal signal, byte[] request, int offset, int length, long timeoutNanos) throws InterruptedException;

    /// Breaks what is in flight, and the connection.
    @Override
    void close();
}
