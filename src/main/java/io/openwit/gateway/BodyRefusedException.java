package io.openwit.gateway;

import io.openwit.model.Outcome;

/// There is no room for a body, or not for more of it. The door answers [#outcome] and reads no further.
public final class BodyRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Outcome outcome;

    /// @param outcome TOO_LARGE, or *Throttled* with the delay after which there should be room
    BodyRefusedException(Outcome outcome) {
        // Made under overload and expected there: no stack trace.
        super(outcome.toString(), null, false, false);
        this.outcome = outcome;
    }

    public Outcome outcome() {
        return outcome;
    }
}
