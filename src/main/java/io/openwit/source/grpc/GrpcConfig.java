package io.openwit.source.grpc;

/// Where the OTLP/gRPC door listens, and how large a message may be.
///
/// @param bind address: `ingestion.grpc.bind`
/// @param port `ingestion.grpc.port`; 0 takes a free one
/// @param maxMessageBytes of one message after decompression: `ingestion.grpc.max_message_size`
public record GrpcConfig(String bind, int port, int maxMessageBytes) {
    public GrpcConfig {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port is not 0 to 65535: " + port);
        }
        if (maxMessageBytes < 1) {
            throw new IllegalArgumentException("maxMessageBytes is not positive: " + maxMessageBytes);
        }
    }
}
