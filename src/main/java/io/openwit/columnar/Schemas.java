package io.openwit.columnar;

import static java.util.Objects.requireNonNull;

import io.openwit.model.MalformedBatchException;
import io.openwit.model.Signal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;

/// The Arrow schema of each signal: what the columns of a row are called, and of which type they are.
///
/// A schema is made from the columns themselves, so that the two cannot differ. Thread-safe.
public final class Schemas {
    /// The key in a schema's metadata that names signal and version, such as `logs.v1`.
    public static final String VERSION_KEY = "openwit.schema";

    private static final int CONTINUATION = 0xFFFFFFFF;
    private static final int PREFIX_BYTES = 8;

    private static final Map<Signal, Schema> SCHEMAS = new EnumMap<>(Signal.class);
    private static final Map<Signal, byte[]> MESSAGES = new EnumMap<>(Signal.class);

    static {
        for (Signal signal : Signal.values()) {
            Schema schema = new Schema(Columns.of(signal).fields(), Map.of(VERSION_KEY, signal.schema()));
            SCHEMAS.put(signal, schema);
            MESSAGES.put(signal, encapsulated(schema));
        }
    }

    private Schemas() {}

    /// The schema as it stands in a message: dictionary columns are `utf8` with a dictionary's number.
    public static Schema of(Signal signal) {
        return requireNonNull(SCHEMAS.get(signal));
    }

    /// The schema message with which a stream or file of this signal begins: marker, length, flatbuffer, padding.
    public static byte[] schemaMessage(Signal signal) {
        return requireNonNull(MESSAGES.get(signal)).clone();
    }

    /// @throws MalformedBatchException the schema is none of ours, or of a version that is not known
    public static Signal signalOf(Schema schema) throws MalformedBatchException {
        String version = schema.getCustomMetadata() == null ? null : schema.getCustomMetadata().get(VERSION_KEY);
        if (version == null) {
            throw new MalformedBatchException("schema without " + VERSION_KEY + " in its metadata");
        }
        for (Signal signal : Signal.values()) {
            if (signal.schema().equals(version)) {
                return signal;
            }
        }
        throw new MalformedBatchException("schema " + version + " is not known; known are logs.v1, traces.v1, metrics.v1");
    }

    private static byte[] encapsulated(Schema schema) {
        ByteBuffer metadata = MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT);
        int length = metadata.remaining();
        Bytes out = new Bytes(PREFIX_BYTES + length + PREFIX_BYTES);
        out.putInt(CONTINUATION);
        out.putInt(length + PREFIX_BYTES - 1 & -PREFIX_BYTES);
        int at = out.room(length);
        metadata.get(out.array, at, length);
        out.putZeros(-length & PREFIX_BYTES - 1);
        return Arrays.copyOf(out.array, out.size);
    }
}
