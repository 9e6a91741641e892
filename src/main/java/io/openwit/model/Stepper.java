package io.openwit.model;

/// What owns state and does its work in bounded steps.
///
/// A named thread of `server` calls [#step] in a loop, and [#awaitWork] whenever a step did nothing; a simulation calls
/// [#step] in an order drawn from a seed. Both methods are called by that one thread alone.
public interface Stepper {
    /// Does a bounded amount of work.
    ///
    /// Expected failures (disk, network, Postgres) are dealt with inside; what is thrown is a mistake of ours.
    ///
    /// @return whether it did something: if not, the caller waits in [#awaitWork] before the next step
    boolean step();

    /// Returns when there may be work, and after `maxNanos` at the latest.
    void awaitWork(long maxNanos);
}
