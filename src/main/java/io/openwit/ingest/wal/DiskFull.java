package io.openwit.ingest.wal;

import java.io.IOException;
import java.util.Locale;

/// Tells ENOSPC from every other failure of a disk, which Java tells by its message alone.
final class DiskFull {
    private DiskFull() {}

    static boolean is(IOException e) {
        String message = e.getMessage();
        if (message == null) {
            return false;
        }
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("no space left on device") || lower.contains("disk quota exceeded");
    }
}
