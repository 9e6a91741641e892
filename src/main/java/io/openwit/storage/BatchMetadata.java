package io.openwit.storage;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.openwit.model.BatchHeader;
import io.openwit.model.BatchId;
import io.openwit.model.MalformedBatchException;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What travels beside a batch as `app_metadata`: UTF-8 JSON, manual.md §5.
///
/// @param sender who sent it, with the sender's epoch: by it a stale sender is known
/// @param senderEpoch 0 where the batch is a replay, which any sender may do
record BatchMetadata(
        BatchId id, TenantId tenant, Signal signal, int rows, Optional<NodeId> sender, long senderEpoch) {
    static final int MAX_BYTES = 16 << 10;

    private static final JsonFactory JSON =
            JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /// Unknown members are ignored, whatever they hold.
    ///
    /// @throws MalformedBatchException it is not such an object, or one of its values is none
    static BatchMetadata parse(byte[] json) throws MalformedBatchException {
        if (json.length > MAX_BYTES) {
            throw new MalformedBatchException("app_metadata has " + json.length + " bytes, at most " + MAX_BYTES);
        }
        String id = null;
        String tenant = null;
        String signal = null;
        String sender = null;
        long rows = -1;
        long senderEpoch = 0;
        try (JsonParser in = JSON.createParser(json)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedBatchException("app_metadata is not a JSON object");
            }
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                switch (name) {
                    case "batch_id" -> id = text(in, name);
                    case "tenant" -> tenant = text(in, name);
                    case "signal" -> signal = text(in, name);
                    case "sender" -> sender = text(in, name);
                    case "rows" -> rows = number(in, name);
                    case "sender_epoch" -> senderEpoch = number(in, name);
                    default -> in.skipChildren();
                }
            }
            if (in.nextToken() != null) {
                throw new MalformedBatchException("app_metadata goes on behind its object");
            }
        } catch (JsonProcessingException e) {
            throw new MalformedBatchException("app_metadata is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new MalformedBatchException("app_metadata is not JSON: " + e.getMessage(), e);
        }
        if (rows < 0 || rows > BatchHeader.MAX_ROWS) {
            throw new MalformedBatchException("app_metadata: rows must be 0 to " + BatchHeader.MAX_ROWS);
        }
        if (senderEpoch > 0 && sender == null) {
            throw new MalformedBatchException("app_metadata: sender_epoch without a sender");
        }
        try {
            BatchId batchId = BatchId.parse(required(id, "batch_id"));
            if (!batchId.toString().equals(id)) {
                throw new MalformedBatchException("app_metadata: batch_id is not in its plain form: " + batchId);
            }
            return new BatchMetadata(
                    batchId,
                    new TenantId(required(tenant, "tenant")),
                    Signal.ofLabel(required(signal, "signal")),
                    (int) rows,
                    sender == null ? Optional.empty() : Optional.of(new NodeId(sender)),
                    senderEpoch);
        } catch (IllegalArgumentException e) {
            throw new MalformedBatchException("app_metadata: " + e.getMessage(), e);
        }
    }

    private static String required(@Nullable String value, String name) throws MalformedBatchException {
        if (value == null) {
            throw new MalformedBatchException("app_metadata lacks " + name);
        }
        return value;
    }

    private static @Nullable String text(JsonParser in, String name) throws IOException, MalformedBatchException {
        return switch (in.currentToken()) {
            case VALUE_STRING -> in.getText();
            case VALUE_NULL -> null;
            default -> throw new MalformedBatchException("app_metadata: " + name + " is not a string");
        };
    }

    private static long number(JsonParser in, String name) throws IOException, MalformedBatchException {
        return switch (in.currentToken()) {
            case VALUE_NUMBER_INT -> {
                long value = in.getLongValue();
                if (value < 0) {
                    throw new MalformedBatchException("app_metadata: " + name + " is negative");
                }
                yield value;
            }
            case VALUE_NULL -> 0;
            default -> throw new MalformedBatchException("app_metadata: " + name + " is not a number");
        };
    }
}
