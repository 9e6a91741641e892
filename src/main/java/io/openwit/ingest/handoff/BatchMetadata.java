package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.BatchId;
import io.openwit.model.NodeId;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import org.jspecify.annotations.Nullable;

/// The `app_metadata` of a record batch, as the manual promises it to Flight endpoints.
///
/// @param rows rows sent, duplicates left out
/// @param senderEpoch the sender's present epoch, which may be later than that of the batch; [#REPLAY] for a batch that
///     comes from no running node, such as a restored one
/// @param settled the endpoint has answered everything up to this id, and the sender has forced that; null before that
///     is known
record BatchMetadata(
        BatchId id,
        TenantId tenant,
        Signal signal,
        int rows,
        NodeId sender,
        long senderEpoch,
        @Nullable BatchId settled) {
    /// No epoch is sent: the endpoint fences nobody by this batch.
    static final long REPLAY = 0;

    /// UTF-8 JSON. No value needs escaping: ids, tenants and nodes are made of letters, digits and a few signs.
    byte[] json() {
        StringBuilder json = new StringBuilder(200)
                .append("{\"batch_id\":\"")
                .append(id)
                .append("\",\"tenant\":\"")
                .append(tenant)
                .append("\",\"signal\":\"")
                .append(signal.label())
                .append("\",\"rows\":")
                .append(rows)
                .append(",\"sender\":\"")
                .append(sender)
                .append('"');
        if (senderEpoch != REPLAY) {
            json.append(",\"sender_epoch\":").append(senderEpoch);
        }
        if (settled != null) {
            json.append(",\"settled\":\"").append(settled).append('"');
        }
        return json.append('}').toString().getBytes(UTF_8);
    }
}
