package io.openwit.ingest.wal;

import java.io.IOException;

/// A segment's first block is damaged, or belongs to another segment: nothing in the file can be read.
final class DamagedSegmentException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedSegmentException(String message) {
        super(message);
    }
}
