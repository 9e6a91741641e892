package io.openwit.console;

import io.openwit.model.BatchId;
import io.openwit.model.TenantId;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What the admin address shows, given by whoever wires it. All of it is called on virtual threads, by several at once.
///
/// @param viewers who asks
/// @param batches empty on a node that keeps no metadata
/// @param queries empty on a node without storage
public record AdminApi(
        Supplier<NodeStatus> status, Viewers viewers, Optional<Batches> batches, Optional<Queries> queries) {
    /// Who asks, and whose rows they may see.
    ///
    /// @param tenant empty: everybody's
    public record Viewer(Optional<TenantId> tenant) {
        public static final Viewer EVERYTHING = new Viewer(Optional.empty());

        boolean maySee(TenantId other) {
            return tenant.isEmpty() || tenant.get().equals(other);
        }
    }

    /// Tells viewers by the headers of their request.
    @FunctionalInterface
    public interface Viewers {
        /// @param header the value of a header, null where there is none
        /// @return empty: a token is needed, and there is none that is known
        Optional<Viewer> find(Function<String, @Nullable String> header);
    }

    /// Where a batch is.
    ///
    /// @param fields in the order in which they are shown: text, numbers, booleans, null, lists and maps
    public record BatchPage(TenantId tenant, Map<String, @Nullable Object> fields) {}

    /// Finds batches by their id.
    @FunctionalInterface
    public interface Batches {
        /// @return empty where the batch is not known
        /// @throws IOException the metadata cannot be reached
        Optional<BatchPage> find(BatchId id) throws IOException;
    }

    /// Answers SQL.
    @FunctionalInterface
    public interface Queries {
        /// @throws QueryRefusedException there is no answer, or no complete one
        /// @throws IOException `rows` failed
        void query(String sql, Viewer viewer, Rows rows) throws QueryRefusedException, IOException;
    }

    /// Takes the rows of an answer, one after the other, by one thread.
    public interface Rows {
        /// Called once, before the first row.
        ///
        /// @throws IOException the reader has gone
        void columns(List<String> names) throws IOException;

        /// @param values one a column: null, [Boolean], [Number], [String], `byte[]`, [List] or [Map] of such; borrowed
        /// @throws IOException the reader has gone
        void row(List<@Nullable Object> values) throws IOException;
    }
}
