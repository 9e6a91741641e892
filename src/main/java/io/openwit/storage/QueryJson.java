package io.openwit.storage;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes an answer as one JSON array of objects, an object a line: integers as numbers, maps and structs as objects.
public final class QueryJson implements RowSink {
    private final Appendable out;
    private List<Column> columns = List.of();
    private boolean first = true;

    /// @param out is not closed
    public QueryJson(Appendable out) {
        this.out = out;
    }

    @Override
    public void columns(List<Column> names) {
        columns = List.copyOf(names);
    }

    @Override
    public void row(List<@Nullable Object> values) throws IOException {
        StringBuilder line = new StringBuilder(first ? "[\n{" : ",\n{");
        first = false;
        for (int i = 0; i < columns.size(); i++) {
            if (i > 0) {
                line.append(',');
            }
            QueryText.appendString(columns.get(i).name(), line);
            line.append(':');
            QueryText.appendJson(values.get(i), line);
        }
        out.append(line.append('}'));
    }

    /// Ends the array; called once, after a query that did not fail.
    public void finish() throws IOException {
        out.append(first ? "[]\n" : "\n]\n");
    }
}
