package io.openwit.simulation;

import io.openwit.ingest.IngestConfig;
import io.openwit.model.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// How the simulated node is configured: the smallest segments that there are, so that a short run fills many.
final class Setup {
    static final Path DATA = Path.of("/simulated/n1");
    static final Path WAL = DATA.resolve("wal");
    static final NodeId NODE = new NodeId("n1");
    static final int SEGMENT_BYTES = 64 << 10;
    static final int RESERVE_BYTES = 128 << 10;
    static final Duration ROW_WINDOW = Duration.ofSeconds(60);
    static final Duration PART_WINDOW = Duration.ofHours(1);

    /// What is offered between two steps of the writer has less than that, so it is one group.
    static final int GROUP_BYTES = 32 << 10;

    private Setup() {}

    static IngestConfig config(int maxSegments) {
        return new IngestConfig(
                DATA,
                NODE,
                SEGMENT_BYTES,
                (long) maxSegments * SEGMENT_BYTES,
                RESERVE_BYTES,
                true,
                true,
                Map.of(),
                ROW_WINDOW,
                100_000,
                PART_WINDOW,
                100_000,
                1 << 20);
    }
}
