package io.openwit.otlp;

/// What one row may hold, and how far from its arrival its times may lie.
///
/// @param maxAttributes attributes of one list: of a row, a resource, a scope, an event, a link, an exemplar
/// @param maxValueBytes bytes of one attribute's value or of a log's body, as received
/// @param truncate what lies beyond is cut off and counted; otherwise the row is rejected
/// @param maxPastNanos a row whose time lies further before its arrival is rejected
/// @param maxFutureNanos a row whose time lies further after its arrival is rejected
/// @param maxPartBytes a part that weighs more is cut; see [io.openwit.columnar.Columns#partBytes]
/// @param maxDepth AnyValues within one another, the outermost counted: a plain body has depth 1
public record ReaderLimits(
        int maxAttributes,
        int maxValueBytes,
        boolean truncate,
        long maxPastNanos,
        long maxFutureNanos,
        long maxPartBytes,
        int maxDepth) {
    /// The depth that reliability.md promises, here and at replay.
    public static final int DEPTH = 64;

    private static final long DAY_NANOS = 86_400_000_000_000L;

    /// 1,024 attributes, 1 MiB a value, cut off beyond; ten years back, seven days ahead; parts of 8 MiB.
    public static final ReaderLimits DEFAULT =
            new ReaderLimits(1024, 1 << 20, true, 3653 * DAY_NANOS, 7 * DAY_NANOS, 8 << 20, DEPTH);

    public ReaderLimits {
        if (maxAttributes < 1 || maxValueBytes < 1 || maxPartBytes < 1) {
            throw new IllegalArgumentException("a limit is not positive: maxAttributes=" + maxAttributes
                    + " maxValueBytes=" + maxValueBytes + " maxPartBytes=" + maxPartBytes);
        }
        if (maxPastNanos < 0 || maxFutureNanos < 0) {
            throw new IllegalArgumentException(
                    "a span of time is negative: maxPast=" + maxPastNanos + " maxFuture=" + maxFutureNanos);
        }
        if (maxDepth < 1 || maxDepth > 256) {
            throw new IllegalArgumentException("maxDepth is 1 to 256, as each level takes stack: " + maxDepth);
        }
    }
}
