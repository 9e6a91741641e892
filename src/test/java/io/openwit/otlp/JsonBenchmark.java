package io.openwit.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedInputStream;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.openwit.columnar.Columns;
import io.openwit.load.OtlpGenerator;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a log row costs that comes as JSON: 8 attributes, 513 bytes as protobuf. Figures are nanoseconds and bytes a row.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(JsonBenchmark.ROWS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class JsonBenchmark {
    static final int ROWS = 1000;

    private final JsonTranscoder transcoder = new JsonTranscoder();
    private final ByteSink sink = new ByteSink(16 << 20);
    private final OtlpReader reader = new OtlpReader(ReaderLimits.DEFAULT, Reading.KEY);
    private final ReadResult result = new ReadResult();
    private final Columns columns = Columns.of(Signal.LOGS);
    private final PartTarget target = new OneBatch(columns);

    private byte[] json = {};

    @Setup
    public void makeRequest() throws IOException {
        OtlpGenerator generator = new OtlpGenerator("bench", 1, Reading.ARRIVAL, 1000);
        generator.write(Signal.LOGS, 0, ROWS);
        ExportLogsServiceRequest request = ExportLogsServiceRequest.parseFrom(
                CodedInputStream.newInstance(generator.array(), generator.offset(), generator.length()));
        json = OtlpJson.plain().print(request).getBytes(UTF_8);
    }

    @Benchmark
    public int toProtobuf() throws MalformedRequestException {
        sink.clear();
        return transcoder.toProtobuf(Signal.LOGS, json, 0, json.length, sink);
    }

    @Benchmark
    public int toColumns() throws MalformedRequestException {
        int length = toProtobuf();
        columns.reset(TenantId.DEFAULT);
        result.clear();
        columns.beginPart(0, 0, false);
        reader.read(Signal.LOGS, sink.array(), 0, length, Reading.ARRIVAL, target, result);
        columns.endPart();
        return columns.rows();
    }
}
