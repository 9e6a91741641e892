package io.openwit.storage;

import static org.awaitility.Awaitility.await;

import io.openwit.model.Clocks;
import io.openwit.model.Stepper;
import io.openwit.telemetry.Telemetry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A storage node with its threads. The converter runs only when asked for, so that a test decides what is still
/// landed.
public final class RunningStorage implements AutoCloseable {
    public static final Clocks CLOCKS = new Clocks() {
        @Override
        public long wallNanos() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000_000 + now.getNano();
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    };

    public final StorageNode node;
    final Telemetry telemetry = new Telemetry(CLOCKS, OpenTelemetry.noop());
    private final ExecutorService streams = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    static StorageConfig config(Path dir) {
        return StorageConfig.of(dir, "127.0.0.1", 0)
                .withFlush(Duration.ofHours(1), 1_000_000)
                .withSql(256L << 20, 2, Duration.ofSeconds(20), 10_000);
    }

    /// Closes the landing file after each group.
    static StorageConfig eager(Path dir) {
        return config(dir).withFlush(Duration.ofHours(1), 1);
    }

    public static RunningStorage start(StorageConfig config) throws IOException {
        return new RunningStorage(config, Optional.empty());
    }

    RunningStorage(StorageConfig config, Optional<Predicate<String>> tokens) throws IOException {
        node = StorageNode.open(config, tokens, CLOCKS, new Random(7), telemetry, streams);
        node.start();
        run("storage-lander", node.lander());
    }

    RunningStorage convert() {
        run("storage-parquet", node.converter());
        return this;
    }

    /// Converts all that has landed, on this thread; the configuration is [#eager].
    void convertAll() {
        await().pollInterval(Duration.ofMillis(5)).until(() -> {
            node.converter().step();
            return node.pendingRows() == 0;
        });
    }

    private void run(String name, Stepper stepper) {
        threads.add(Thread.ofPlatform().name(name).start(() -> {
            while (!stopping) {
                if (!stepper.step()) {
                    stepper.awaitWork(5_000_000);
                }
            }
        }));
    }

    RawPut put() {
        return new RawPut(node.port(), "");
    }

    /// The answer as JSON.
    String json(String sql) throws QueryFailedException {
        return json(sql, Visible.ALL);
    }

    String json(String sql, Visible visible) throws QueryFailedException {
        StringBuilder out = new StringBuilder();
        QueryJson json = new QueryJson(out);
        try {
            node.sql().query(sql, visible, json);
            json.finish();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toString();
    }

    /// The one number of an answer.
    long number(String sql) throws QueryFailedException {
        return number(sql, Visible.ALL);
    }

    long number(String sql, Visible visible) throws QueryFailedException {
        long[] number = new long[1];
        try {
            node.sql().query(sql, visible, new RowSink() {
                @Override
                public void columns(List<Column> columns) {}

                @Override
                public void row(List<@Nullable Object> values) {
                    number[0] = (Long) values.getFirst();
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return number[0];
    }

    @Override
    public void close() throws IOException {
        node.stop(Duration.ofMillis(200));
        stopping = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        node.close();
        streams.close();
    }
}
