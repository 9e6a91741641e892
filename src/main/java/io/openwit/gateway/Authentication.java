package io.openwit.gateway;

import io.openwit.model.Outcome;

/// What the headers of a request say about its sender.
public sealed interface Authentication {
    record Known(Caller caller) implements Authentication {}

    /// @param outcome UNAUTHENTICATED, FORBIDDEN (foreign tenant or signal), or MALFORMED (no tenant's name)
    record Refused(Outcome.Rejected outcome) implements Authentication {}
}
