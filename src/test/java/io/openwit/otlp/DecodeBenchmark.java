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
import java.nio.ByteBuffer;
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
@Fork(1)
public class DecodeBenchmark {
    private static final int ROWS = 1_000;

    /// They make a batch of the default size.
    private static final int REQUESTS = 8;

    @Param
    public Signal signal;

    private final byte[][] requests = new byte[REQUESTS][];
    private final OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, Reading.KEY);
    private final ReadResult result = new ReadResult();
    private final Sealer sealer = new Sealer();
    private final byte[] body = new byte[1 << 20];
    private Columns columns = Columns.of(Signal.LOGS);
    private Columns full = columns;
    private PartTarget target = new OneBatch(columns);
    private int next;

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
        open();
        for (int i = 0; i < REQUESTS; i++) {
            decode();
        }
        full = columns;
        open();
        Batch sealed = full.seal(sealer);
        System.out.printf("%n%s: %d bytes of OTLP a row, sealed %.2f times smaller%n",
                signal.label(), bytes / ROWS / REQUESTS, (double) bytes / sealed.rows().remaining());
    }

    private void open() {
        columns = Columns.of(signal);
        target = new OneBatch(columns);
        next = 0;
    }

    /// With the copy that brings a request from the network's buffers into one piece.
    @Benchmark
    @OperationsPerInvocation(ROWS)
    public Columns decode() throws MalformedRequestException {
        if (next % REQUESTS == 0) {
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
        ByteBuffer message = ByteBuffer.wrap(request, 0, request.length - Bytes.SLACK);
        return switch (signal) {
            case LOGS -> ExportLogsServiceRequest.parseFrom(message);
            case TRACES -> ExportTraceServiceRequest.parseFrom(message);
            case METRICS -> ExportMetricsServiceRequest.parseFrom(message);
        };
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS * ROWS)
    public Batch seal() {
        return full.seal(sealer);
    }
}
