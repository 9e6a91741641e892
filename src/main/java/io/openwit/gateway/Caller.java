package io.openwit.gateway;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.Set;

/// Who sends a request, and what may be sent: known before the body is read.
///
/// @param tenant whose rows they become
/// @param name the token's id, for people; `anonymous` where authentication is off. Never the token itself
/// @param signals what this caller may send
public record Caller(TenantId tenant, String name, Set<Signal> signals) {
    public Caller {
        signals = Set.copyOf(signals);
    }

    public boolean maySend(Signal signal) {
        return signals.contains(signal);
    }
}
