package io.openwit.console;

import io.openwit.model.BatchId;
import io.openwit.model.TenantId;
import java.io.IOException;
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

    /// How the rows of an answer are written.
    public enum Format {
        /// One array of objects.
        JSON("application/json"),
        /// A line of names, then a line a row.
        CSV("text/csv; charset=utf-8"),
        /// Columns side by side, for people.
        TABLE("text/plain; charset=utf-8");

        private final String contentType;

        Format(String contentType) {
            this.contentType = contentType;
        }

        String contentType() {
            return contentType;
        }

        static Optional<Format> of(String name) {
            return switch (name) {
                case "json" -> Optional.of(JSON);
                case "csv" -> Optional.of(CSV);
                case "table" -> Optional.of(TABLE);
                default -> Optional.empty();
            };
        }
    }

    /// Answers SQL.
    @FunctionalInterface
    public interface Queries {
        /// @param out takes the whole answer, as it comes
        /// @throws QueryRefusedException there is no answer, or no complete one
        /// @throws IOException `out` failed
        void query(String sql, Viewer viewer, Format format, Appendable out) throws QueryRefusedException, IOException;
    }
}
