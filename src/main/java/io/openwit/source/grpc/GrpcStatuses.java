package io.openwit.source.grpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.openwit.otlp.OtlpAnswers;
import io.openwit.otlp.RpcStatus;

/// Refusals as gRPC says them: a status, and the whole `google.rpc.Status` beside it in the trailers, where clients
/// look for `RetryInfo`.
final class GrpcStatuses {
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private GrpcStatuses() {}

    static Status status(RpcStatus refusal) {
        return Status.fromCodeValue(refusal.code().number()).withDescription(refusal.message());
    }

    static Metadata trailers(RpcStatus refusal) {
        Metadata trailers = new Metadata();
        trailers.put(DETAILS, OtlpAnswers.statusProtobuf(refusal));
        return trailers;
    }
}
