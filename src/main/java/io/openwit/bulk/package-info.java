/// The bulk gRPC call between gateway and ingest node; both ends speak [io.openwit.model.BatchConsumer]. The wire is
/// documented in `src/main/proto/openwit/bulk/v1/bulk.proto`.
@NullMarked
package io.openwit.bulk;

import org.jspecify.annotations.NullMarked;
