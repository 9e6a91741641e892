package io.openwit.server;

import io.openwit.console.AdminApi.Format;
import io.openwit.console.AdminApi.Viewer;
import io.openwit.console.QueryRefusedException;
import io.openwit.model.Bell;
import io.openwit.model.Stepper;
import io.openwit.storage.QueryCsv;
import io.openwit.storage.QueryFailedException;
import io.openwit.storage.QueryJson;
import io.openwit.storage.QueryTable;
import io.openwit.storage.StorageConfig;
import io.openwit.storage.StorageNode;
import io.openwit.storage.Visible;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/// The storage of this process: its threads, its Flight door, its SQL.
final class StoragePart {
    private final Wiring wiring;
    private final StorageNode storage;

    /// Reads what an earlier run left, and opens the Flight door.
    ///
    /// @param tokens who may send; empty: anybody
    static StoragePart start(Wiring wiring, Optional<Predicate<String>> tokens) throws IOException, CommandException {
        HostPort bind = wiring.get(ConfigKeys.STORAGE_BIND);
        StorageConfig config = StorageConfig.of(wiring.directory().resolve("storage"), bind.host(), bind.port())
                .withFlush(
                        Duration.ofSeconds(wiring.get(ConfigKeys.STORAGE_FLUSH_SECONDS)),
                        wiring.get(ConfigKeys.STORAGE_FLUSH_ROWS))
                .withSql(
                        wiring.get(ConfigKeys.STORAGE_SQL_MEMORY),
                        wiring.get(ConfigKeys.STORAGE_SQL_THREADS),
                        Duration.ofSeconds(wiring.get(ConfigKeys.STORAGE_SQL_TIMEOUT)),
                        wiring.get(ConfigKeys.STORAGE_SQL_ROWS));
        StorageNode storage = StorageNode.open(
                config, tokens, wiring.clocks(), wiring.random(), wiring.telemetry(), wiring.virtualThreads());
        StoragePart part = new StoragePart(wiring, storage);
        wiring.loops().start("storage-lander", storage.lander());
        wiring.loops().start("storage-parquet", storage.converter());
        wiring.loops().start("storage-watch", part.new Watch());
        wiring.doors().open("flight", ConfigKeys.STORAGE_BIND, bind.host(), bind.port(), () -> {
            storage.start();
            return storage.port();
        });
        return part;
    }

    private StoragePart(Wiring wiring, StorageNode storage) {
        this.wiring = wiring;
        this.storage = storage;
    }

    /// Where this process's own handoff reaches it.
    HostPort address() {
        String host = wiring.get(ConfigKeys.STORAGE_BIND).host();
        return new HostPort(HostPort.isLoopback(host) ? host : "127.0.0.1", storage.port());
    }

    /// For the admin address.
    void query(String sql, Viewer viewer, Format format, Appendable out) throws QueryRefusedException, IOException {
        Visible visible = viewer.tenant().map(Visible::only).orElse(Visible.ALL);
        try {
            switch (format) {
                case JSON -> {
                    QueryJson rows = new QueryJson(out);
                    storage.sql().query(sql, visible, rows);
                    rows.finish();
                }
                case CSV -> storage.sql().query(sql, visible, new QueryCsv(out));
                case TABLE -> {
                    QueryTable rows = new QueryTable(out);
                    storage.sql().query(sql, visible, rows);
                    rows.finish();
                }
            }
        } catch (QueryFailedException e) {
            throw new QueryRefusedException(kind(e), String.valueOf(e.getMessage()), e);
        }
    }

    private static QueryRefusedException.Kind kind(QueryFailedException e) {
        return switch (e.reason()) {
            case INVALID -> QueryRefusedException.Kind.INVALID;
            case FORBIDDEN -> QueryRefusedException.Kind.FORBIDDEN;
            case TOO_LARGE -> QueryRefusedException.Kind.TOO_LARGE;
            case BUSY -> QueryRefusedException.Kind.BUSY;
            case FAILED -> QueryRefusedException.Kind.FAILED;
        };
    }

    /// Closes the door, ends the threads, closes the files.
    void stop() throws IOException {
        storage.stop(Duration.ofSeconds(1));
        wiring.loops().stop("storage-watch", wiring.stopTimeout());
        boolean ended = wiring.loops().stop("storage-lander", wiring.stopTimeout())
                & wiring.loops().stop("storage-parquet", wiring.stopTimeout());
        if (ended) {
            storage.close();
        }
    }

    /// Ends the process when storage's disk has failed: only a new start can say what is safe.
    private final class Watch implements Stepper {
        private final Bell bell = new Bell();

        @Override
        public boolean step() {
            if (storage.poisoned()) {
                wiring.fatal().accept("storage's disk failed: nothing is stored any more; see the log, mend the"
                        + " disk, start again");
            }
            return false;
        }

        @Override
        public void awaitWork(long maxNanos) {
            bell.await(maxNanos);
        }
    }
}
