package io.openwit.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.SealedRows;
import io.openwit.ingest.wal.LogVerifier.BatchReader;
import io.openwit.ingest.wal.LogVerifier.Damage;
import io.openwit.ingest.wal.LogVerifier.StoredBatch;
import io.openwit.model.Batch;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.otlp.ByteSink;
import io.openwit.otlp.MalformedRequestException;
import io.openwit.otlp.OtlpJsonWriter;
import io.openwit.otlp.OtlpWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes rows of a log as lines of JSON:
///
/// ```
/// {"batch_id":"n1-5e0f93aa-3-8192","position":4168,"tenant":"acme","signal":"logs",
///  "arrival":"2027-01-15T08:00:00.001000000Z","row":0,"duplicate":false,"otlp":{"resourceLogs":[…]}}
/// ```
///
/// `otlp` is an export request of this row alone, so it may be posted as it is. In a batch of nothing but duplicates it is null:
/// their content stands where they stood first. One batch is in memory at a time.
final class WalDump implements BatchReader {
    /// What the rows of one batch may come to, opened. A batch beyond it is told as damage.
    private static final long MAX_OPENED_BYTES = 256L << 20;

    private static final byte[] NULL = "null".getBytes(UTF_8);
    private static final byte[] END_OF_LINE = "}\n".getBytes(UTF_8);

    private static final DateTimeFormatter ARRIVAL =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Selection selection;
    private final OutputStream out;
    private final Consumer<Damage> told;
    private final ByteSink request = new ByteSink(ByteSink.MAX_BYTES);
    private final ByteSink json = new ByteSink(ByteSink.MAX_BYTES);
    private final OtlpJsonWriter jsonWriter = new OtlpJsonWriter();
    private long lines;
    private boolean whole = true;
    private boolean batchFound;
    private @Nullable IOException outFailure;

    /// Which rows are written.
    ///
    /// @param limit lines at most
    /// @param duplicates whether rows that repeat earlier ones are written, too
    record Selection(
            Optional<TenantId> tenant, Optional<Signal> signal, Optional<BatchId> batch, long limit, boolean duplicates) {}

    /// @param out not flushed
    /// @param told takes what is damaged, when it is found
    WalDump(Selection selection, OutputStream out, Consumer<Damage> told) {
        this.selection = selection;
        this.out = out;
        this.told = told;
    }

    /// Whether nothing that was read was damaged.
    boolean whole() {
        return whole;
    }

    /// Why rows could not be written, which ended the reading.
    Optional<IOException> outFailure() {
        return Optional.ofNullable(outFailure);
    }

    /// Whether a batch was met that was asked for, be it with rows to write or not.
    boolean batchFound() {
        return batchFound;
    }

    @Override
    public boolean wants(StoredBatch batch) {
        boolean asked = selection.tenant().map(batch.header().tenant()::equals).orElse(true)
                && selection.signal().map(batch.header().signal()::equals).orElse(true)
                && selection.batch().map(batch.id()::equals).orElse(true);
        batchFound |= asked;
        return asked && (selection.duplicates() || batch.duplicates() < batch.header().rows());
    }

    @Override
    public void batch(StoredBatch batch, ByteBuffer rows) {
        if (!rows.hasRemaining()) {
            for (int row = 0; row < batch.header().rows() && !enough(); row++) {
                line(batch, row, NULL, NULL.length);
            }
            return;
        }
        try {
            SealedRows opened = SealedRows.open(new Batch(batch.header(), rows), MAX_OPENED_BYTES);
            OtlpWriter writer = new OtlpWriter(opened);
            for (int row = 0; row < opened.rows() && !enough(); row++) {
                if (selection.duplicates() || !batch.duplicate(row)) {
                    otlp(batch.header().signal(), writer, row);
                    line(batch, row, json.array(), json.length());
                }
            }
        } catch (MalformedBatchException | MalformedRequestException e) {
            damaged(new Damage(
                    batch.file(), batch.offset(), batch.position(), batch.header().rows() - batch.duplicates(), true,
                    "the checksums of batch " + batch.id() + " are right, but its rows cannot be opened: "
                            + e.getMessage()));
        }
    }

    private void otlp(Signal signal, OtlpWriter writer, int row)
            throws MalformedBatchException, MalformedRequestException {
        request.clear();
        writer.write(row, row + 1, request);
        json.clear();
        jsonWriter.toJson(signal, request.array(), 0, request.length(), json);
    }

    /// No name that it writes needs escaping.
    private void line(StoredBatch batch, int row, byte[] otlp, int length) {
        lines++;
        long nanos = batch.arrivalNanos();
        Instant arrival = Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
        String line = "{\"batch_id\":\"" + batch.id() + "\",\"position\":" + batch.position() + ",\"tenant\":\""
                + batch.header().tenant() + "\",\"signal\":\"" + batch.header().signal().label() + "\",\"arrival\":\""
                + ARRIVAL.format(arrival) + "\",\"row\":" + row + ",\"duplicate\":" + batch.duplicate(row) + ",\"otlp\":";
        try {
            out.write(line.getBytes(UTF_8));
            out.write(otlp, 0, length);
            out.write(END_OF_LINE);
        } catch (IOException e) {
            outFailure = e; // told by whoever gave `out`, once reading has ended
        }
    }

    @Override
    public boolean enough() {
        return lines >= selection.limit() || outFailure != null;
    }

    @Override
    public void damaged(Damage damage) {
        whole = false;
        told.accept(damage);
    }
}
