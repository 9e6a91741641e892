package io.openwit.otlp;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.openwit.columnar.Bytes;
import io.openwit.columnar.Columns;
import io.openwit.columnar.Sealer;
import io.openwit.load.OtlpGenerator;
import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a row costs between the wire and the sealed batch, and protobuf-java's parser beside it. Nanoseconds a row.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--add-opens=java.base/java.nio=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED", "-Xmx2g"})
public class DecodeBenchmark {
    private static final int ROWS = 1_000;
    private static final int REQUESTS = Integer.getInteger("reqs", 8);

    /// Requests that make a batch of the default size.
    private static final int REQUESTS_PER_BATCH = 8;

    @Param
    public Signal signal;

    private final byte[][] requests = new byte[REQUESTS][];
    private final OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, Reading.KEY);
    private final ReadResult result = new ReadResult();
    private final Sealer sealer = new Sealer();
    private final byte[] body = new byte[1 << 20];
    private Columns columns;
    private Columns full;
    private int next;

    private final PartTarget target = new PartTarget() {
        @Override
        public Columns columnsFor(long resourceHash) {
            return columns;
        }

        @Override
        public Columns nextPiece(Columns before, long resourceHash) {
            throw new IllegalStateException("a benchmark's request is not cut");
        }
    };

    @Setup
    public void generate() throws MalformedRequestException {
        OtlpGenerator generator = new OtlpGenerator("benchmark", 7, Reading.ARRIVAL - 1_000_000_000L, 1_000);
        long bytes = 0;
        for (int i = 0; i < REQUESTS; i++) {
            generator.write(signal, (long) i * ROWS, ROWS);
            int from = generator.offset();
            requests[i] = Arrays.copyOfRange(
                    generator.array(), from, from + generator.length() + Bytes.SLACK);
            bytes += generator.length();
        }
        columns = Columns.of(signal);
        for (int i = 0; i < REQUESTS_PER_BATCH; i++) {
            decode();
        }
        full = columns;
        columns = Columns.of(signal);
        next = 0;
        Batch sealed = full.seal(sealer);
        System.out.printf("%n%s: %d bytes of OTLP a row, sealed %.2f times smaller%n",
                signal.label(), bytes / ROWS / REQUESTS, (double) bytes / REQUESTS * REQUESTS_PER_BATCH / sealed.rows().remaining());
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Columns decode() throws MalformedRequestException {
        if (next % REQUESTS_PER_BATCH == 0) {
            columns.reset(TenantId.DEFAULT);
        }
        byte[] request = requests[next++ % REQUESTS];
        System.arraycopy(request, 0, body, 0, request.length);
        columns.beginPart(0, 0, false);
        reader.read(signal, body, 0, request.length - Bytes.SLACK, Reading.ARRIVAL, target, result);
        columns.endPart();
        return columns;
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Object parseFrom() throws InvalidProtocolBufferException {
        byte[] request = requests[next++ % REQUESTS];
        java.nio.ByteBuffer body = java.nio.ByteBuffer.wrap(request, 0, request.length - Bytes.SLACK);
        return switch (signal) {
            case LOGS -> ExportLogsServiceRequest.parseFrom(body);
            case TRACES -> ExportTraceServiceRequest.parseFrom(body);
            case METRICS -> ExportMetricsServiceRequest.parseFrom(body);
        };
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS_PER_BATCH * ROWS)
    public Batch seal() {
        return full.seal(sealer);
    }
}
