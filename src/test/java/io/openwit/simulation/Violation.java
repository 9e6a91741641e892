package io.openwit.simulation;

/// An invariant that did not hold, and where.
record Violation(Invariant invariant, String what) {
    @Override
    public String toString() {
        return invariant + ": " + what;
    }
}
