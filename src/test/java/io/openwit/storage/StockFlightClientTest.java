package io.openwit.storage;

import static io.openwit.storage.StorageNodeTest.id;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.openwit.columnar.Schemas;
import io.openwit.model.Signal;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampNanoVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a stock `flight-core` client of somebody else sees: plain Arrow, dictionaries once at the start of the stream.
class StockFlightClientTest {
    @TempDir
    Path dir;

    private final BufferAllocator allocator = new RootAllocator();
    private RunningStorage storage;
    private FlightClient client;

    @BeforeEach
    void start() throws Exception {
        storage = RunningStorage.start(RunningStorage.eager(dir));
        client = FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", storage.node.port()))
                .build();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        storage.close();
        allocator.close();
    }

    /// An empty root of the signal's schema; its tenant dictionary holds `acme` and `other`.
    private ArrowReader columns(Signal signal) throws Exception {
        ArrowReader reader = new ArrowStreamReader(new ByteArrayInputStream(Schemas.schemaMessage(signal)), allocator);
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        long tenants = root.getVector("tenant").getField().getDictionary().getId();
        for (Map.Entry<Long, Dictionary> each :
                reader.getDictionaryVectors().entrySet()) {
            VarCharVector values = (VarCharVector) each.getValue().getVector();
            List<String> texts = each.getKey() == tenants ? List.of("acme", "other") : List.of("x");
            for (int i = 0; i < texts.size(); i++) {
                values.setSafe(i, texts.get(i).getBytes(UTF_8));
            }
            values.setValueCount(texts.size());
        }
        return reader;
    }

    private static void fill(VectorSchemaRoot root, int rows, int tenant) {
        root.allocateNew();
        for (int i = 0; i < rows; i++) {
            ((IntVector) root.getVector("tenant")).setSafe(i, tenant);
            for (FieldVector vector : root.getFieldVectors()) {
                if (vector instanceof TimeStampNanoVector times) {
                    times.setSafe(i, SealedLogs.MIDNIGHT + i);
                } else if (vector instanceof FixedSizeBinaryVector ids) {
                    ids.setSafe(i, new byte[ids.getByteWidth()]);
                }
            }
        }
        root.setRowCount(rows);
    }

    private ArrowBuf metadata(Signal signal, String id, int rows) {
        byte[] json = StorageNodeTest.metadata("acme", id, rows)
                .replace("logs", signal.label())
                .getBytes(UTF_8);
        ArrowBuf buffer = allocator.buffer(json.length);
        buffer.writeBytes(json);
        return buffer;
    }

    private static final class Answers extends AsyncPutListener {
        private final List<String> ids = new ArrayList<>();

        @Override
        public void onNext(PutResult result) {
            byte[] id = new byte[(int) result.getApplicationMetadata().readableBytes()];
            result.getApplicationMetadata().getBytes(0, id);
            ids.add(new String(id, UTF_8));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBatchPutTwiceIsAnsweredTwiceAndStoredOnce(Signal signal) throws Exception {
        for (int round = 0; round < 2; round++) {
            Answers answers = new Answers();
            try (ArrowReader reader = columns(signal)) {
                VectorSchemaRoot root = reader.getVectorSchemaRoot();
                FlightClient.ClientStreamListener put =
                        client.startPut(FlightDescriptor.path(signal.label()), root, reader, answers);
                fill(root, 7, 0);
                put.putNext(metadata(signal, id(1), 7));
                fill(root, 2, 0);
                put.putNext(metadata(signal, id(2), 2));
                fill(root, 0, 0);
                put.putNext(metadata(signal, id(3), 0));
                put.completed();
                put.getResult();
            }
            assertThat(answers.ids).containsExactly(id(1), id(2), id(3));
            assertThat(storage.number("select count(*) from " + signal.label())).isEqualTo(9);
            storage.convertAll();
            assertThat(storage.number("select count(*) from " + signal.label())).isEqualTo(9);
        }
        assertThat(storage.json("select * from " + signal.label())).contains("2026-01-01T00:00:00.000000006Z");
    }

    private CallStatus refusal(Schema schema, int tenant, int rows, String id) throws Exception {
        Answers answers = new Answers();
        try (ArrowReader reader = columns(Signal.LOGS);
                VectorSchemaRoot root = schema == null ? reader.getVectorSchemaRoot() : VectorSchemaRoot.create(schema, allocator)) {
            FlightClient.ClientStreamListener put =
                    client.startPut(FlightDescriptor.path("logs"), root, reader, answers);
            if (schema == null) {
                fill(root, 3, tenant);
            } else {
                root.setRowCount(3);
            }
            put.putNext(metadata(Signal.LOGS, id, rows));
            put.completed();
            put.getResult();
            throw new AssertionError("it was taken: " + answers.ids);
        } catch (FlightRuntimeException e) {
            assertThat(answers.ids).isEmpty();
            return e.status();
        } catch (IllegalStateException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aBatchOfAnotherTenantOrOfOtherRowsIsRefusedByName() throws Exception {
        CallStatus tenant = refusal(null, 1, 3, id(1));
        assertThat(tenant.code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
        assertThat(tenant.description()).contains(id(1)).contains("not of tenant acme");
        CallStatus rows = refusal(null, 0, 4, id(2));
        assertThat(rows.code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
        assertThat(rows.description()).contains(id(2)).contains("3 rows").contains("says 4");
        assertThat(refusal(null, 0, 3, "nonsense").description()).contains("not a batch id");
        assertThat(storage.number("select count(*) from logs")).isZero();
    }

    @Test
    void anUnknownSchemaIsRefusedByName() throws Exception {
        Schema logs = Schemas.of(Signal.LOGS);
        Schema without = new Schema(logs.getFields().subList(1, 3), logs.getCustomMetadata());
        Schema newer = new Schema(logs.getFields().subList(1, 3), Map.of(Schemas.VERSION_KEY, "logs.v9"));
        Schema foreign = new Schema(logs.getFields().subList(1, 3));
        assertThat(refusal(without, 0, 3, id(1)).description()).contains("the schema is not logs.v1");
        assertThat(refusal(newer, 0, 3, id(1)).description()).contains("logs.v9");
        assertThat(refusal(foreign, 0, 3, id(1)).description()).contains("openwit.schema");
    }

    @Test
    void otherCallsAreUnimplemented() {
        assertThatThrownBy(() -> client.getInfo(FlightDescriptor.path("logs")))
                .isInstanceOfSatisfying(FlightRuntimeException.class, e -> assertThat(e.status().code())
                        .isEqualTo(FlightStatusCode.UNIMPLEMENTED));
        assertThatThrownBy(() -> client.getStream(new Ticket(new byte[] {1})).next())
                .isInstanceOfSatisfying(FlightRuntimeException.class, e -> assertThat(e.status().code())
                        .isEqualTo(FlightStatusCode.UNIMPLEMENTED));
    }
}
