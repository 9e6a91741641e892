package io.openwit.otlp;

import io.openwit.columnar.DictColumn;
import io.openwit.columnar.Fingerprint;
import io.openwit.columnar.FixedColumn;
import io.openwit.columnar.LittleEndian;
import io.openwit.columnar.Utf8Column;
import io.openwit.model.FingerprintKey;
import io.openwit.otlp.OtlpMessages.MessageType;
import org.jspecify.annotations.Nullable;

/// What the readers of one request share: the wire, the limits, and what is found about the row at hand. Not thread-safe.
final class RowState {
    final Wire wire = new Wire();
    final WireCheck check;
    final ReaderLimits limits;
    final Fingerprint fingerprint;

    /// For lists of attribute keys, which are hashed once and not with every row.
    final Fingerprint keysFingerprint;

    final AnyValues values;

    long arrivalNanos;
    private long earliest;
    private long latest;

    /// One bit for each [MendReason] of the present row.
    private int mends;

    private @Nullable RejectReason reject;

    RowState(ReaderLimits limits, FingerprintKey key) {
        this.limits = limits;
        fingerprint = new Fingerprint(key);
        keysFingerprint = new Fingerprint(key);
        check = new WireCheck(wire, limits.maxDepth());
        values = new AnyValues(this);
    }

    void arrival(long nanos) {
        arrivalNanos = nanos;
        earliest = nanos - limits.maxPastNanos();
        if (earliest > nanos) {
            earliest = Long.MIN_VALUE;
        }
        latest = nanos + limits.maxFutureNanos();
        if (latest < nanos) {
            latest = Long.MAX_VALUE;
        }
    }

    void beginRow() {
        mends = 0;
        reject = null;
    }

    void mend(MendReason reason) {
        mends |= 1 << reason.ordinal();
    }

    void mend(int reasons) {
        mends |= reasons;
    }

    /// The first reason stands.
    void reject(RejectReason reason) {
        if (reject == null) {
            reject = reason;
        }
    }

    int mends() {
        return mends;
    }

    @Nullable RejectReason rejected() {
        return reject;
    }

    /// Judges a time of a row: 0 is no time, and what is negative was past the year 2262.
    void checkTime(long nanos) {
        if (nanos < 0 || nanos != 0 && (nanos < earliest || nanos > latest)) {
            reject(RejectReason.TIME_OUT_OF_RANGE);
        }
    }

    /// Judges a time within a row, which needs only be one that can be kept.
    void checkInnerTime(long nanos) {
        if (nanos < 0) {
            reject(RejectReason.TIME_OUT_OF_RANGE);
        }
    }

    /// Adds what a slice of the wire holds to the fingerprint.
    void add(int tag, long slice) {
        fingerprint.add(tag, wire.bytes(), Slice.at(slice), Slice.length(slice));
    }

    /// Appends a text of the wire, or null where it is empty.
    void append(DictColumn column, long text) {
        column.appendOrNull(wire.bytes(), Slice.at(text), Slice.length(text));
    }

    void append(Utf8Column column, long text) {
        column.appendOrNull(wire.bytes(), Slice.at(text), Slice.length(text));
    }

    /// Appends an id; one that is none becomes null, counted unless it was absent.
    void appendId(FixedColumn column, long id, int idLength, MendReason mend) {
        if (isId(id, idLength)) {
            column.append(wire.bytes(), Slice.at(id));
        } else {
            column.appendNull();
            if (Slice.length(id) > 0) {
                mend(mend);
            }
        }
    }

    /// Puts two parts of a row's submessage together, each of which must be well formed by itself.
    ///
    /// @param owner the message that the submessage is a member of
    /// @param first 0 where there is none yet
    long mergeMember(MessageType owner, String member, long first, long second) throws MalformedRequestException {
        if (first == 0) {
            return second;
        }
        if (!wire.isMerged(first)) {
            check.memberOf(owner, member, first);
        }
        check.memberOf(owner, member, second);
        return wire.merge(first, second);
    }

    /// The most of a text's first `length` bytes that ends with a whole character.
    int cutText(int at, int length) {
        byte[] bytes = wire.bytes();
        int cut = length;
        while (cut > 0 && length - cut < 4 && (bytes[at + cut] & 0xC0) == 0x80) {
            cut--;
        }
        return cut;
    }

    /// Whether the bytes are an id: as long as ids are, and not all zero.
    ///
    /// @param idLength a multiple of 8
    boolean isId(long id, int idLength) {
        if (Slice.length(id) != idLength) {
            return false;
        }
        byte[] bytes = wire.bytes();
        long or = 0;
        for (int i = 0; i < idLength; i += 8) {
            or |= LittleEndian.getLong(bytes, Slice.at(id) + i);
        }
        return or != 0;
    }
}
