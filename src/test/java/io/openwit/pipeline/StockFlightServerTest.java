package io.openwit.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Any Flight server can be the storage: flight-core's own reads every batch that the handoff sends.
class StockFlightServerTest {
    private static final int REQUESTS = 30;
    private static final int ROWS = 50;

    @Test
    @Timeout(90)
    void flightCoreReadsEveryBatch(@TempDir Path directory) throws Exception {
        // Never closed: a stock server leaks what a stream held that its client ended, and closing would complain of that.
        BufferAllocator allocator = new RootAllocator();
        try (Receiver receiver = new Receiver(allocator)) {
            Map<String, String> settings = Shape.common(directory.resolve("data"), "n1");
            settings.put("handoff.flight.endpoint", "grpc://127.0.0.1:" + receiver.server.getPort());
            try (NodeProcess node = NodeProcess.start(directory, "standalone", settings)) {
                for (int i = 0; i < REQUESTS; i++) {
                    for (String signal : List.of("logs", "traces", "metrics")) {
                        byte[] body = switch (signal) {
                            case "logs" -> Otlp.logs("shop", i * ROWS, ROWS);
                            case "traces" -> Otlp.traces("shop", i * ROWS, ROWS);
                            default -> Otlp.metrics("shop", i * ROWS, ROWS);
                        };
                        assertThat(Otlp.post(node, signal, body).statusCode()).isEqualTo(200);
                    }
                }

                await().atMost(Duration.ofSeconds(30)).until(() -> receiver.rows.size() == 3 * REQUESTS * ROWS);
                assertThat(receiver.failures).isEmpty();
                assertThat(receiver.batches).allSatisfy(id -> assertThat(id).startsWith("n1-"));
            }
        }
    }

    /// A stock server that keeps `signal tenant service n` of each row, decoded by Arrow's own classes.
    private static final class Receiver extends NoOpFlightProducer implements AutoCloseable {
        final Set<String> rows = ConcurrentHashMap.newKeySet();
        final Set<String> batches = ConcurrentHashMap.newKeySet();
        final List<Throwable> failures = new CopyOnWriteArrayList<>();
        final FlightServer server;
        private final BufferAllocator allocator;

        Receiver(BufferAllocator allocator) throws IOException {
            this.allocator = allocator;
            server = FlightServer.builder(allocator, Location.forGrpcInsecure("127.0.0.1", 0), this)
                    .build()
                    .start();
        }

        @Override
        public Runnable acceptPut(CallContext context, FlightStream stream, StreamListener<PutResult> answers) {
            return () -> {
                try {
                    String signal = stream.getDescriptor().getPath().getFirst();
                    while (stream.next()) {
                        byte[] metadata = new byte[(int) stream.getLatestMetadata().readableBytes()];
                        stream.getLatestMetadata().getBytes(0, metadata);
                        JsonNode about = new ObjectMapper().readTree(metadata);
                        VectorSchemaRoot root = stream.getRoot();
                        assertThat(about.get("rows").asInt()).isEqualTo(root.getRowCount());
                        assertThat(about.get("signal").asText()).isEqualTo(signal);
                        String id = about.get("batch_id").asText();
                        if (batches.add(id)) {
                            read(stream, root, signal);
                        }
                        answer(answers, id);
                    }
                    answers.onCompleted();
                } catch (Exception | AssertionError e) {
                    failures.add(e);
                    answers.onError(CallStatus.INTERNAL.withCause(e).toRuntimeException());
                }
            };
        }

        private void read(FlightStream stream, VectorSchemaRoot root, String signal) {
            try (FieldVector tenants = decoded(stream, root.getVector("tenant"));
                    FieldVector services = decoded(stream, root.getVector("service_name"))) {
                MapVector attributes = (MapVector) root.getVector("attributes");
                FieldVector values = attributes.getDataVector().getChildrenFromFields().get(1);
                try (FieldVector texts = decoded(stream, values)) {
                    for (int row = 0; row < root.getRowCount(); row++) {
                        int first = attributes.getElementStartIndex(row);
                        assertThat(attributes.getElementEndIndex(row)).isEqualTo(first + 1);
                        rows.add(signal + " " + tenants.getObject(row) + " " + services.getObject(row) + " "
                                + texts.getObject(first));
                    }
                }
            }
        }

        private static FieldVector decoded(FlightStream stream, FieldVector indices) {
            long dictionary = indices.getField().getDictionary().getId();
            return (FieldVector) DictionaryEncoder.decode(
                    indices, stream.getDictionaryProvider().lookup(dictionary));
        }

        private void answer(StreamListener<PutResult> answers, String id) {
            byte[] bytes = id.getBytes(UTF_8);
            ArrowBuf buffer = allocator.buffer(bytes.length);
            buffer.writeBytes(bytes);
            // Closing the result releases the buffer.
            try (PutResult result = PutResult.metadata(buffer)) {
                answers.onNext(result);
            }
        }

        @Override
        public void close() throws Exception {
            server.close();
        }
    }
}
