package io.openwit.server;

import java.util.Locale;

/// What a process is: everything, or one part of the way.
enum Role {
    /// All parts in one process, Postgres and storage inside.
    STANDALONE,
    /// The doors and the gateway; sends to ingest nodes.
    GATEWAY,
    /// The log and its followers.
    INGEST,
    /// The storage endpoint and its SQL.
    STORAGE,
    /// Membership and routing.
    CONTROL;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean hasGateway() {
        return this == STANDALONE || this == GATEWAY;
    }

    boolean hasIngest() {
        return this == STANDALONE || this == INGEST;
    }

    boolean hasStorage() {
        return this == STANDALONE || this == STORAGE;
    }
}
