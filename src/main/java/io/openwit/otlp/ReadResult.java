package io.openwit.otlp;

import java.util.Arrays;
import java.util.function.ObjLongConsumer;

/// What became of the rows of one request. Reused; not thread-safe.
public final class ReadResult {
    private static final RejectReason[] REJECT_REASONS = RejectReason.values();
    private static final MendReason[] MEND_REASONS = MendReason.values();

    private final long[] rejectedBy = new long[REJECT_REASONS.length];
    private final long[] mendedBy = new long[MEND_REASONS.length];
    private long rows;
    private long rejected;
    private String firstReason = "";

    /// Rows written to columns.
    public long rows() {
        return rows;
    }

    /// Rows refused for their content.
    public long rejected() {
        return rejected;
    }

    /// Why the first of them was refused, for the client; empty where none was.
    public String firstReason() {
        return firstReason;
    }

    public long rejected(RejectReason reason) {
        return rejectedBy[reason.ordinal()];
    }

    /// Rows kept with something put right.
    public long mended(MendReason reason) {
        return mendedBy[reason.ordinal()];
    }

    /// Each reason's label with its rejected rows, where there are any.
    public void forEachRejected(ObjLongConsumer<String> seen) {
        for (RejectReason reason : REJECT_REASONS) {
            if (rejected(reason) > 0) {
                seen.accept(reason.label(), rejected(reason));
            }
        }
    }

    /// Each reason's label with its mended rows, where there are any.
    public void forEachMended(ObjLongConsumer<String> seen) {
        for (MendReason reason : MEND_REASONS) {
            if (mended(reason) > 0) {
                seen.accept(reason.label(), mended(reason));
            }
        }
    }

    public void clear() {
        Arrays.fill(rejectedBy, 0);
        Arrays.fill(mendedBy, 0);
        rows = 0;
        rejected = 0;
        firstReason = "";
    }

    void reject(RejectReason reason, long count) {
        if (count > 0 && rejected == 0) {
            firstReason = reason.text();
        }
        rejectedBy[reason.ordinal()] += count;
        rejected += count;
    }

    /// @param mends one bit for each [MendReason], by its ordinal
    void accept(int mends) {
        rows++;
        for (int left = mends; left != 0; left &= left - 1) {
            mendedBy[Integer.numberOfTrailingZeros(left)]++;
        }
    }
}
