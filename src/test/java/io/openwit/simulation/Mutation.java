package io.openwit.simulation;

import io.openwit.ingest.wal.Disk;

/// What is done to the disk before the log gets it; the log as it is gets it unchanged.
@FunctionalInterface
interface Mutation {
    Mutation NONE = disk -> disk;

    Disk of(SimulatedDisk disk);
}
