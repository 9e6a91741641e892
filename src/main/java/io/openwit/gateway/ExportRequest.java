package io.openwit.gateway;

import io.openwit.model.Signal;
import org.jspecify.annotations.Nullable;

/// One OTLP export request, as a door hands it over.
///
/// @param body decompressed; the caller keeps it, and closes it after [Gateway#export] has returned
/// @param idempotencyKey what the client named the request, at most [#MAX_IDEMPOTENCY_KEY_BYTES] in UTF-8; a repeat of
///     the key with the same content is a duplicate, whatever its rows say of time
/// @param source the door, as in the label of the metrics: `grpc`, `http`, `kafka`
public record ExportRequest(
        Caller caller,
        Signal signal,
        Encoding encoding,
        RequestBody body,
        @Nullable String idempotencyKey,
        String source) {
    public static final int MAX_IDEMPOTENCY_KEY_BYTES = 128;
}
