/// The OTLP/gRPC door: bodies as raw bytes to the gateway, outcomes as gRPC statuses.
@NullMarked
package io.openwit.source.grpc;

import org.jspecify.annotations.NullMarked;
