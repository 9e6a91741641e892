package io.openwit.model;

import java.time.Duration;

/// What becomes of a batch or of a whole request. Each door turns it into its transport's answer in one switch.
public sealed interface Outcome {
    /// Every row is forced to the short-term WAL, or repeats one that is, or is counted as rejected.
    ///
    /// @param rows rows that are new in the log
    /// @param duplicates rows that repeat one in the log; a client hears of them as accepted
    /// @param rejected rows refused for their content
    /// @param firstReason why the first of `rejected` was refused; empty where none was
    record Accepted(long rows, long duplicates, long rejected, String firstReason) implements Outcome {
        public Accepted {
            if (rows < 0 || duplicates < 0 || rejected < 0) {
                throw new IllegalArgumentException(
                        "negative count: rows=" + rows + " duplicates=" + duplicates + " rejected=" + rejected);
            }
        }

        /// The sum of both; the first reason that there is stands.
        public Accepted plus(Accepted other) {
            return new Accepted(
                    rows + other.rows,
                    duplicates + other.duplicates,
                    rejected + other.rejected,
                    firstReason.isEmpty() ? other.firstReason : firstReason);
        }
    }

    /// The caller's fault as a whole; the same request will never be accepted.
    ///
    /// @param detail one line for the caller; holds no payload and no token
    record Rejected(Refusal refusal, String detail) implements Outcome {}

    /// Nothing is wrong with the request, but there is no room for it now.
    ///
    /// @param overQuota the caller's own quota and not the node's load
    /// @param retryAfter when to come again; positive
    record Throttled(boolean overQuota, Duration retryAfter, String detail) implements Outcome {
        public Throttled {
            if (retryAfter.isNegative() || retryAfter.isZero()) {
                throw new IllegalArgumentException("retryAfter is not positive: " + retryAfter);
            }
        }
    }

    /// Whoever should take the request cannot be reached or is stopping; it may be tried again.
    record Unavailable(String detail) implements Outcome {}

    /// Why a request is refused for good.
    enum Refusal {
        /// It cannot be understood: bad bytes, bad compression, bad tenant name.
        MALFORMED,
        /// Who sends it is not known.
        UNAUTHENTICATED,
        /// Who sends it may not do this.
        FORBIDDEN,
        /// Larger than the configured limit, after decompression.
        TOO_LARGE;

        /// The value of the label `reason` in metrics.
        public String label() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
