package io.openwit.simulation;

import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.LongStream;

/// A batch that was sent. What a client sends again has another serial and the same rows.
///
/// @param serial names this sending; it stands in the header's `sourceBytes`
record Sent(long serial, TenantId tenant, Signal signal, List<Part> parts, Batch batch) {
    /// One request's rows, each named by a number. An odd one is datable.
    ///
    /// @param named whether the client gave it a name, so that it matches as a whole
    record Part(boolean named, long... rows) {
        boolean matches() {
            return named || LongStream.of(rows).anyMatch(Sent::datable);
        }

        long high() {
            return fingerprint(3);
        }

        long low() {
            return fingerprint(4);
        }

        private long fingerprint(int salt) {
            long print = mix(named ? 1 : 0, salt);
            for (long row : rows) {
                print = mix(print ^ row, salt);
            }
            return print;
        }
    }

    /// @param filler what stands behind the rows' numbers
    static Sent of(long serial, TenantId tenant, Signal signal, List<Part> parts, byte[] filler) {
        int count = parts.stream().mapToInt(part -> part.rows.length).sum();
        BatchHeader.Writer header = new BatchHeader.Writer(signal, tenant, count, parts.size(), List.of());
        ByteBuffer rows = ByteBuffer.allocate(Long.BYTES * (count + 1) + filler.length);
        rows.putLong(serial);
        for (Part part : parts) {
            for (long row : part.rows) {
                header.row(mix(row, 1), mix(row, 2), datable(row));
                rows.putLong(row);
            }
        }
        for (Part part : parts) {
            header.part(part.high(), part.low(), part.rows.length, part.matches());
        }
        header.sourceBytes(serial);
        return new Sent(serial, tenant, signal, parts, new Batch(header.finish(), rows.put(filler).flip()));
    }

    static boolean datable(long row) {
        return (row & 1) == 1;
    }

    long[] rows() {
        return parts.stream().flatMapToLong(part -> LongStream.of(part.rows)).toArray();
    }

    static long mix(long value, int salt) {
        long mixed = (value + salt * 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 31) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 29;
    }
}
