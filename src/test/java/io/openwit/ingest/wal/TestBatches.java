package io.openwit.ingest.wal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/// Batches whose rows are named by texts: equal texts are equal rows.
public final class TestBatches {
    public static final TenantId TENANT = new TenantId("acme");

    private TestBatches() {}

    /// One part of datable rows.
    public static Batch of(String... rows) {
        return parts(List.of(new Part(true, true, rows)));
    }

    /// One request's rows.
    ///
    /// @param datable whether its rows match by themselves
    /// @param matches whether it matches as a whole
    public record Part(boolean datable, boolean matches, String... rows) {}

    public static Batch parts(List<Part> parts) {
        int rows = parts.stream().mapToInt(part -> part.rows.length).sum();
        BatchHeader.Writer writer = new BatchHeader.Writer(Signal.LOGS, TENANT, rows, parts.size(), List.of());
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            for (String row : part.rows) {
                writer.row(hash(row, 1), hash(row, 2), part.datable);
                text.append(row).append('\n');
            }
        }
        for (Part part : parts) {
            String all = String.join(",", part.rows);
            writer.part(hash(all, 3), hash(all, 4), part.rows.length, part.matches);
        }
        return new Batch(writer.finish(), ByteBuffer.wrap(text.toString().getBytes(UTF_8)));
    }

    /// One row of so many random bytes.
    public static Batch ofBytes(String row, int bytes) {
        byte[] noise = new byte[bytes];
        new Random(row.hashCode()).nextBytes(noise);
        return new Batch(of(row).header(), ByteBuffer.wrap(noise));
    }

    public static Log.Entry entry(Batch batch) {
        return new Log.Entry(batch.header(), new long[0], 0, batch.rows());
    }

    private static long hash(String text, int salt) {
        long hash = 1125899906842597L * salt;
        for (int i = 0; i < text.length(); i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash * 0x9E3779B97F4A7C15L ^ hash >>> 29;
    }
}
