package io.openwit.gateway;

/// How the bytes of an export request are to be read: by its content type, or the format of its topic.
public enum Encoding {
    /// The protobuf wire form of an OTLP export request.
    PROTOBUF,
    /// The JSON form of the same, as the OTLP specification defines it.
    JSON
}
