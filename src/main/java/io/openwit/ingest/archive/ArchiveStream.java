package io.openwit.ingest.archive;

import io.openwit.ingest.wal.DiskFile;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// An Arrow stream of one tenant and signal that is not ended. Owned by the archive's thread.
final class ArchiveStream {
    /// Whose rows a stream holds.
    record Key(TenantId tenant, Signal signal) {}

    final Key key;

    /// Its number in its day.
    final int file;

    final Path path;

    /// Bytes written.
    long length;

    /// Null while no handle is held.
    @Nullable
    DiskFile handle;

    /// There are bytes that are not forced.
    boolean dirty;

    ArchiveStream(Key key, int file, Path path, long length) {
        this.key = key;
        this.file = file;
        this.path = path;
        this.length = length;
    }
}
