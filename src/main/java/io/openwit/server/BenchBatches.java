package io.openwit.server;

import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.Sealer;
import io.openwit.load.OtlpGenerator;
import io.openwit.model.Batch;
import io.openwit.model.BatchHeader;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import io.openwit.otlp.MalformedRequestException;
import io.openwit.otlp.OtlpReader;
import io.openwit.otlp.PartTarget;
import io.openwit.otlp.ReadResult;
import io.openwit.otlp.ReaderLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Batches for benchmarks: of real requests, or of noise, which a log cannot tell apart.
final class BenchBatches {
    /// Rows are sent with times about this; in 2026.
    static final long ARRIVAL = 1_790_000_000_000_000_000L;

    private static final FingerprintKey KEY = new FingerprintKey(0x6f70656e77697431L, 0x62656e63686d6172L);
    private static final long NANOS_PER_ROW = 1_000;

    private BenchBatches() {}

    /// All rows of all requests stand in one batch.
    private record OneBatch(Columns columns) implements PartTarget {
        @Override
        public Columns columnsFor(long resourceHash) {
            return columns;
        }

        @Override
        public Columns nextPiece(Columns full, long resourceHash) {
            return full;
        }
    }

    /// Reads requests into one batch after another, on one thread.
    static final class Decoder {
        private final Signal signal;
        private final OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, KEY);
        private final ReadResult result = new ReadResult();
        private final Sealer sealer = new Sealer();
        private final Columns columns;
        private final PartTarget target;

        Decoder(Signal signal) {
            this.signal = signal;
            columns = Columns.of(signal);
            target = new OneBatch(columns);
        }

        void begin(TenantId tenant) {
            columns.reset(tenant);
        }

        /// @param request with [Bytes#SLACK] bytes behind it
        void read(byte[] request) {
            columns.beginPart(0, 0, false);
            try {
                reader.read(signal, request, 0, request.length - Bytes.SLACK, ARRIVAL, target, result);
            } catch (MalformedRequestException e) {
                throw new IllegalStateException("a request of the generator cannot be read: " + e.getMessage(), e);
            }
            columns.endPart();
        }

        Batch seal() {
            return columns.seal(sealer);
        }
    }

    /// OTLP requests with [Bytes#SLACK] bytes behind each.
    static byte[][] requests(Signal signal, int requests, int rows) {
        OtlpGenerator generator = new OtlpGenerator("bench", 7, ARRIVAL - 1_000_000_000L, NANOS_PER_ROW);
        byte[][] all = new byte[requests][];
        for (int i = 0; i < requests; i++) {
            generator.write(signal, (long) i * rows, rows);
            int from = generator.offset();
            all[i] = Arrays.copyOfRange(generator.array(), from, from + generator.length() + Bytes.SLACK);
        }
        return all;
    }

    static Batch ofRequests(Signal signal, int requests, int rows) {
        Decoder decoder = new Decoder(signal);
        decoder.begin(TenantId.DEFAULT);
        for (byte[] request : requests(signal, requests, rows)) {
            decoder.read(request);
        }
        return decoder.seal();
    }

    /// One request of so many rows whose header and rows have `bytes` together.
    static Batch ofNoise(int rows, int bytes) {
        BatchHeader.Writer header = new BatchHeader.Writer(Signal.LOGS, TenantId.DEFAULT, rows, 1, List.of());
        header.sourceBytes(bytes).times(ARRIVAL, ARRIVAL);
        SplittableRandom random = new SplittableRandom(bytes);
        for (int row = 0; row < rows; row++) {
            header.row(random.nextLong(), random.nextLong(), true);
        }
        header.part(random.nextLong(), random.nextLong(), rows, true);
        BatchHeader finished = header.finish();
        byte[] noise = new byte[bytes - finished.encodedBytes()];
        random.nextBytes(noise);
        return new Batch(finished, ByteBuffer.wrap(noise));
    }

    /// The same rows once more, but with fingerprints that nobody has seen: new to every window.
    ///
    /// @param salt another for each batch
    static Batch anew(Batch like, long salt, TenantId tenant) {
        BatchHeader of = like.header();
        BatchHeader.Writer header = new BatchHeader.Writer(of.signal(), tenant, of.rows(), of.parts(), of.sources());
        header.sourceBytes(of.sourceBytes()).times(of.minTime(), of.maxTime());
        long change = (salt + 1) * 0x9E3779B97F4A7C15L;
        for (int row = 0; row < of.rows(); row++) {
            header.row(of.fingerprintHigh(row) ^ change, of.fingerprintLow(row) + change, of.datable(row));
        }
        for (int part = 0; part < of.parts(); part++) {
            header.part(of.partHigh(part) ^ change, of.partLow(part) + change, of.partRows(part), of.partMatches(part));
        }
        return new Batch(header.finish(), like.rows());
    }
}
