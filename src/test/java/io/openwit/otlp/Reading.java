package io.openwit.otlp;

import com.google.protobuf.MessageLite;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.OpenedRows;
import io.openwit.columnar.Sealer;
import io.openwit.model.Batch;
import io.openwit.model.FingerprintKey;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One request after the other into the columns of one batch, as a gateway with one route does it.
public final class Reading {
    static final long ARRIVAL = 1_790_000_000_123_456_789L;
    static final FingerprintKey KEY = new FingerprintKey(0x1234567890abcdefL, 0x0fedcba987654321L);

    final Signal signal;
    final ReadResult result = new ReadResult();
    final Columns columns;
    private final OtlpReader reader;

    public Reading(Signal signal) {
        this(signal, ReaderLimits.DEFAULT);
    }

    Reading(Signal signal, ReaderLimits limits) {
        this.signal = signal;
        reader = new OtlpReader(limits, KEY);
        columns = Columns.of(signal);
        columns.reset(new TenantId("acme"));
    }

    public Reading read(MessageLite request) throws MalformedRequestException {
        return read(request.toByteArray());
    }

    /// The request stands in the middle of its array, between bytes that must not be read.
    Reading read(byte[] request) throws MalformedRequestException {
        int offset = 5;
        byte[] body = new byte[offset + request.length + Bytes.SLACK];
        Arrays.fill(body, (byte) 0xAA);
        System.arraycopy(request, 0, body, offset, request.length);
        columns.beginPart(0, 0, false);
        try {
            reader.read(signal, body, offset, request.length, ARRIVAL, new OneBatch(columns), result);
            columns.endPart();
        } catch (MalformedRequestException e) {
            columns.abandonPart();
            throw e;
        }
        return this;
    }

    public Batch seal() {
        return columns.seal(new Sealer());
    }

    List<Map<String, @Nullable Object>> rows() throws IOException {
        return OpenedRows.of(signal, seal().rows());
    }

    /// The only row.
    Map<String, @Nullable Object> row() throws IOException {
        List<Map<String, @Nullable Object>> rows = rows();
        if (rows.size() != 1) {
            throw new AssertionError("rows: " + rows.size());
        }
        return rows.getFirst();
    }

    /// Each row's fingerprint as 32 hex digits.
    List<String> fingerprints() {
        Batch batch = seal();
        List<String> all = new ArrayList<>();
        for (int row = 0; row < batch.header().rows(); row++) {
            all.add(String.format(
                    "%016x%016x", batch.header().fingerprintHigh(row), batch.header().fingerprintLow(row)));
        }
        return all;
    }
}
