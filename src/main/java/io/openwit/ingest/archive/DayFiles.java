package io.openwit.ingest.archive;

import io.openwit.ingest.wal.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Where the files of a day lie: `day=2026-11-24/tenant=acme/signal=logs/n1-5e0f93aa-3-8192.arrows`.
final class DayFiles {
    static final String STREAM_SUFFIX = ".arrows";

    private DayFiles() {}

    /// The folders of a day that hold streams, by tenant and signal.
    static List<Path> folders(Disk disk, Path day) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (Path tenant : below(disk, day, "tenant=")) {
            folders.addAll(below(disk, tenant, "signal="));
        }
        return folders;
    }

    /// The streams in them.
    static List<Path> streams(Disk disk, Path day) throws IOException {
        List<Path> streams = new ArrayList<>();
        for (Path folder : folders(disk, day)) {
            for (String name : disk.list(folder)) {
                if (name.endsWith(STREAM_SUFFIX)) {
                    streams.add(folder.resolve(name));
                }
            }
        }
        return streams;
    }

    /// What stands behind the `=` in a folder's name.
    static String valueOf(Path folder) {
        String name = String.valueOf(folder.getFileName());
        return name.substring(name.indexOf('=') + 1);
    }

    private static List<Path> below(Disk disk, Path parent, String prefix) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (String name : disk.list(parent)) {
            if (name.startsWith(prefix)) {
                folders.add(parent.resolve(name));
            }
        }
        return folders;
    }
}
