package io.openwit.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.Sealer;
import io.openwit.load.OtlpGenerator;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a row leaves to the garbage collector: nothing of its own.
class AllocationTest {
    private static final int ROWS_PER_REQUEST = 1_000;
    private static final int REQUESTS = 8;
    private static final int BATCHES = 125;
    private static final int WARM_UP_BATCHES = 25;

    private final OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, Reading.KEY);
    private final ReadResult result = new ReadResult();
    private final Sealer sealer = new Sealer();

    @ParameterizedTest
    @EnumSource
    void aMillionRowsAreReadIntoWarmColumnsWithoutAllocation(Signal signal) throws Exception {
        assertThat(bytesPerRow(signal, false)).isLessThanOrEqualTo(1.0);
    }

    /// The sealed bytes themselves are memory that leaves with the batch, and are not counted.
    @ParameterizedTest
    @EnumSource
    void sealingThemAllocatesLittleBesideTheBatch(Signal signal) throws Exception {
        assertThat(bytesPerRow(signal, true)).isLessThanOrEqualTo(20.0);
    }

    private double bytesPerRow(Signal signal, boolean seal) throws MalformedRequestException {
        byte[][] requests = requests(signal);
        Columns columns = Columns.of(signal);
        PartTarget target = new OneBatch(columns);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = 0;
        long sealed = 0;
        for (int batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            columns.reset(TenantId.DEFAULT);
            for (byte[] request : requests) {
                columns.beginPart(0, 0, false);
                reader.read(signal, request, 0, request.length - Bytes.SLACK, Reading.ARRIVAL, target, result);
                columns.endPart();
            }
            int bytes = 0;
            if (seal) {
                var done = columns.seal(sealer);
                bytes = done.rows().remaining() + done.header().encodedBytes();
            }
            if (batch >= 0) {
                allocated += threads.getCurrentThreadAllocatedBytes() - before;
                sealed += bytes;
            }
        }
        assertThat(result.rows()).isEqualTo((long) (BATCHES + WARM_UP_BATCHES) * REQUESTS * ROWS_PER_REQUEST);
        return (double) (allocated - sealed) / BATCHES / REQUESTS / ROWS_PER_REQUEST;
    }

    private static byte[][] requests(Signal signal) {
        OtlpGenerator generator = new OtlpGenerator("allocation", 7, Reading.ARRIVAL - 1_000_000_000L, 1_000);
        byte[][] requests = new byte[REQUESTS][];
        for (int i = 0; i < REQUESTS; i++) {
            generator.write(signal, (long) i * ROWS_PER_REQUEST, ROWS_PER_REQUEST);
            int from = generator.offset();
            requests[i] =
                    Arrays.copyOfRange(generator.array(), from, from + generator.length() + Bytes.SLACK);
        }
        return requests;
    }
}
