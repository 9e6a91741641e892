package io.openwit.storage;

import java.nio.file.Path;
import java.time.Duration;

/// What a storage node may use, and when it makes Parquet of what has landed.
///
/// @param dir directory of its own, made where missing: `landing/`, `parquet/`, `tmp/` and `senders` are below it
/// @param bindHost host or address of the Flight door
/// @param port 0 takes a free one
/// @param flushAfter age of a landing file's first batch at which it is closed and made into Parquet
/// @param flushRows rows at which a landing file is closed
/// @param flushBytes bytes (as sent) at which a landing file is closed
/// @param maxPendingRows rows that have landed and are not yet Parquet: beyond it the streams are not read on
/// @param maxBatchBytes largest message of a stream
/// @param maxStreams streams open at once; the next one gets RESOURCE_EXHAUSTED
/// @param maxBytesInFlight bytes received and not yet answered, over all streams
/// @param sqlMemoryBytes memory of the SQL engine; what does not fit goes to `tmp/`
/// @param sqlThreads threads of the SQL engine
/// @param queryTimeout after it a query is stopped
/// @param maxQueryRows rows that one query may answer with
/// @param maxQueries queries that run at once; others wait, for `queryTimeout` at most
public record StorageConfig(
        Path dir,
        String bindHost,
        int port,
        Duration flushAfter,
        int flushRows,
        long flushBytes,
        long maxPendingRows,
        int maxBatchBytes,
        int maxStreams,
        long maxBytesInFlight,
        long sqlMemoryBytes,
        int sqlThreads,
        Duration queryTimeout,
        long maxQueryRows,
        int maxQueries) {

    public StorageConfig {
        if (flushRows < 1 || flushBytes < 1 || maxPendingRows < flushRows) {
            throw new IllegalArgumentException("flushRows and flushBytes are at least 1, maxPendingRows at least flushRows");
        }
        if (maxBatchBytes < 1 || maxStreams < 1 || maxBytesInFlight < maxBatchBytes) {
            throw new IllegalArgumentException("maxBytesInFlight must hold at least one batch of maxBatchBytes");
        }
        if (sqlThreads < 1 || sqlMemoryBytes < 64L << 20 || maxQueries < 1 || maxQueryRows < 1) {
            throw new IllegalArgumentException("the SQL engine needs a thread and 64 MiB");
        }
    }

    /// The values of production: 250,000 rows, 64 MiB or 30 s a file, 1 GiB and two threads for SQL.
    public static StorageConfig of(Path dir, String bindHost, int port) {
        return new StorageConfig(
                dir,
                bindHost,
                port,
                Duration.ofSeconds(30),
                250_000,
                64L << 20,
                1_000_000,
                64 << 20,
                64,
                256L << 20,
                1L << 30,
                2,
                Duration.ofSeconds(60),
                1_000_000,
                4);
    }

    public StorageConfig withFlush(Duration after, int rows) {
        return new StorageConfig(
                dir,
                bindHost,
                port,
                after,
                rows,
                flushBytes,
                Math.max(maxPendingRows, rows),
                maxBatchBytes,
                maxStreams,
                maxBytesInFlight,
                sqlMemoryBytes,
                sqlThreads,
                queryTimeout,
                maxQueryRows,
                maxQueries);
    }

    public StorageConfig withSql(long memoryBytes, int threads, Duration timeout, long maxRows) {
        return new StorageConfig(
                dir,
                bindHost,
                port,
                flushAfter,
                flushRows,
                flushBytes,
                maxPendingRows,
                maxBatchBytes,
                maxStreams,
                maxBytesInFlight,
                memoryBytes,
                threads,
                timeout,
                maxRows,
                maxQueries);
    }
}
