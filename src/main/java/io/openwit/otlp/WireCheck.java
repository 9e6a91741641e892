package io.openwit.otlp;

import io.openwit.model.Signal;
import io.openwit.otlp.OtlpMessages.Field;
import io.openwit.otlp.OtlpMessages.MessageType;
import java.util.Objects;

/// Says whether a message is well formed, without reading it into anything.
///
/// For messages that leave no row: protobuf has the later member of a oneof replace the earlier one, and still refuses a
/// request whose replaced member is broken; and the pieces of a split submessage must each be whole. Not thread-safe.
final class WireCheck {
    private final Wire wire;
    private final int maxDepth;

    WireCheck(Wire wire, int maxDepth) {
        this.wire = wire;
        this.maxDepth = maxDepth;
    }

    /// @param depth of the value itself
    void anyValue(long value, int depth) throws MalformedRequestException {
        message(OtlpMessages.ANY_VALUE, Slice.at(value), Slice.end(value), depth - 1);
    }

    /// @param depth of the values in the array or kvlist
    void nested(byte letter, long value, int depth) throws MalformedRequestException {
        message(member(OtlpMessages.ANY_VALUE, letter == 'a' ? "arrayValue" : "kvlistValue"), Slice.at(value), Slice.end(value), depth - 1);
    }

    void scope(Signal signal, long scope) throws MalformedRequestException {
        message(member(ofScope(signal), "scope"), Slice.at(scope), Slice.end(scope), 0);
    }

    /// A submessage of a span or of a point of a metric: status, buckets.
    void memberOf(MessageType owner, String name, long content) throws MalformedRequestException {
        message(member(owner, name), Slice.at(content), Slice.end(content), 0);
    }

    static MessageType ofResource(Signal signal) {
        return switch (signal) {
            case LOGS -> member(OtlpMessages.request(signal), "resourceLogs");
            case TRACES -> member(OtlpMessages.request(signal), "resourceSpans");
            case METRICS -> member(OtlpMessages.request(signal), "resourceMetrics");
        };
    }

    static MessageType ofScope(Signal signal) {
        return switch (signal) {
            case LOGS -> member(ofResource(signal), "scopeLogs");
            case TRACES -> member(ofResource(signal), "scopeSpans");
            case METRICS -> member(ofResource(signal), "scopeMetrics");
        };
    }

    static MessageType member(MessageType owner, String name) {
        return Objects.requireNonNull(Objects.requireNonNull(owner.find(name), name).message(), name);
    }

    /// @param depth AnyValues around the message
    private void message(MessageType type, int from, int end, int depth) throws MalformedRequestException {
        int inside = type == OtlpMessages.ANY_VALUE ? depth + 1 : depth;
        if (inside > maxDepth) {
            throw wire.malformed("values are nested deeper than " + maxDepth, from);
        }
        int at = from;
        while (at < end) {
            long head = wire.head(at, end);
            at = Wire.behind(head);
            int tag = Wire.tag(head);
            Field field = type.field(tag >>> 3);
            if (field == null || (tag & 7) != 2 || field.kind().wireType == 2 && field.message() == null) {
                at = wire.skip(head, end);
                continue;
            }
            long content = wire.slice(at, end);
            at = Slice.end(content);
            if (field.message() != null) {
                message(field.message(), Slice.at(content), at, inside);
            } else if (field.repeated()) {
                packed(field, Slice.at(content), at);
            }
        }
    }

    private void packed(Field field, int from, int end) throws MalformedRequestException {
        int at = from;
        while (at < end) {
            if (field.kind().wireType == 0) {
                wire.varint(at, end);
                at = wire.next;
            } else {
                wire.fixed64(at, end);
                at += 8;
            }
        }
    }
}
