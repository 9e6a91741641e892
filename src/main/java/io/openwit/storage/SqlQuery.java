package io.openwit.storage;

import java.io.IOException;

/// Read-only SQL over what storage holds: the views `logs`, `traces` and `metrics`, and nothing else.
///
/// What was answered before a query began is in it, once. Thread-safe; a call blocks until the answer is complete.
public interface SqlQuery {
    /// Answers one statement.
    ///
    /// @param sql one SELECT statement
    /// @param visible whose rows the views show
    /// @throws QueryFailedException there is no answer, or (after rows were given) no complete one
    /// @throws IOException the sink failed
    void query(String sql, Visible visible, RowSink sink) throws QueryFailedException, IOException;
}
