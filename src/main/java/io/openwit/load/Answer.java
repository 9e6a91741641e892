package io.openwit.load;

/// What became of one sending of one request.
sealed interface Answer {
    /// OK, with the rows that the server did not take.
    ///
    /// @param rejected 0 or more
    /// @param why empty where nothing was rejected
    record Acknowledged(long rejected, String why) implements Answer {}

    /// Not acknowledged, or nobody knows; the same bytes may be sent again.
    ///
    /// @param delayNanos what the server asked for, -1 where it asked for nothing
    /// @param throttled whether the server answered, and asked to come later
    record Again(long delayNanos, boolean throttled, String why) implements Answer {
        static final long NO_DELAY = -1;

        /// No answer: the connection was refused, broke, or the time was over.
        static Again unanswered(String why) {
            return new Again(NO_DELAY, false, why);
        }
    }

    /// Refused for good: sending it again would not help.
    record Refused(String why) implements Answer {}
}
