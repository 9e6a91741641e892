/// OTLP, protobuf and JSON, straight into columns ([OtlpReader]) and back ([OtlpWriter], [OtlpJsonWriter]); outcomes into
/// OTLP's answers. The one place that knows the protocol.
@NullMarked
package io.openwit.otlp;

import org.jspecify.annotations.NullMarked;
