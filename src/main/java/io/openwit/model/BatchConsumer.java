package io.openwit.model;

/// The seam: from the gateway down there is one call, in one process or between two.
@FunctionalInterface
public interface BatchConsumer {
    /// Takes a batch and answers when its fate is known: *Accepted* only when each of its rows is durable, or repeats a row
    /// that is.
    ///
    /// Blocks the calling thread, which is a virtual one. Thread-safe.
    ///
    /// @param batch borrowed until this returns
    Outcome consume(Batch batch);
}
