package io.openwit.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.Columns;
import io.openwit.columnar.EnvelopeColumns;
import io.openwit.columnar.LogColumns;
import io.openwit.columnar.MapColumn;
import io.openwit.columnar.Sealer;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Sealed batches of logs as the gateway makes them: LZ4, dictionaries of their own.
final class SealedLogs {
    static final long MIDNIGHT = 1_767_225_600_000_000_000L; // 2026-01-01T00:00:00Z

    private SealedLogs() {}

    /// Row `i` has time [#MIDNIGHT] + i (the third has none but an observed time), a body `PREFIX-i`, the service of
    /// the
    /// tenant, and the attributes `code` and `PREFIX`.
    static ByteBuffer of(String tenant, int rows, String prefix) {
        return of(tenant, rows, prefix, MIDNIGHT);
    }

    static ByteBuffer of(String tenant, int rows, String prefix, long time) {
        return of(tenant, rows, prefix, time, new Sealer());
    }

    /// Not compressed: a flipped bit is a wrong value.
    static ByteBuffer plain(String tenant, int rows, String prefix) {
        return of(tenant, rows, prefix, MIDNIGHT, new Sealer(Sealer.Codec.NONE));
    }

    private static ByteBuffer of(String tenant, int rows, String prefix, long time, Sealer sealer) {
        LogColumns logs = (LogColumns) Columns.of(Signal.LOGS);
        logs.reset(new TenantId(tenant));
        logs.beginPart(0, 0, false);
        for (int i = 0; i < rows; i++) {
            if (i == 2) {
                logs.time.appendNull();
            } else {
                logs.time.append(time + i);
            }
            logs.observedTime.append(time + i);
            logs.severity.append(9);
            text("INFO", logs);
            byte[] body = slack(prefix + "-" + i);
            logs.body.append(body, 0, body.length - 8);
            logs.bodyType.appendNull();
            byte[] id = new byte[24];
            id[0] = (byte) 0xab;
            id[15] = (byte) i;
            logs.traceId.append(id, 0);
            logs.spanId.appendNull();
            logs.flags.append(1);
            logs.eventName.appendNull();
            logs.droppedAttributes.append(0);
            entry(logs.attributes, "code", "" + (200 + i % 2));
            entry(logs.attributes, prefix, "yes");
            logs.attributes.append();
            logs.attributesTypes.appendNull();
            EnvelopeColumns envelope = logs.envelope();
            byte[] service = slack("service-" + tenant);
            envelope.serviceName.append(service, 0, service.length - 8);
            envelope.resource.append();
            envelope.resourceTypes.appendNull();
            envelope.resourceDropped.append(0);
            envelope.scope.append();
            envelope.scopeTypes.appendNull();
            envelope.scopeDropped.append(0);
            envelope.scopeName.appendNull();
            envelope.scopeVersion.appendNull();
            envelope.resourceSchemaUrl.appendNull();
            envelope.scopeSchemaUrl.appendNull();
            envelope.resourceEntityRefs.appendNull();
            logs.endRow(i, i, true, time + i, 100, 0);
        }
        logs.endPart();
        return logs.seal(sealer).rows();
    }

    private static void text(String severity, LogColumns logs) {
        byte[] bytes = slack(severity);
        logs.severityText.append(bytes, 0, bytes.length - 8);
    }

    private static void entry(MapColumn map, String key, String value) {
        byte[] keyBytes = slack(key);
        byte[] valueBytes = slack(value);
        map.key(keyBytes, 0, keyBytes.length - 8);
        map.value(valueBytes, 0, valueBytes.length - 8);
    }

    private static byte[] slack(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 8);
    }
}
