package io.openwit.storage;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes an answer as CSV with a line of names, as RFC 4180 has it; a null is an empty field, an empty text is `""`.
public final class QueryCsv implements RowSink {
    private final Appendable out;

    /// @param out is not closed
    public QueryCsv(Appendable out) {
        this.out = out;
    }

    @Override
    public void columns(List<Column> columns) throws IOException {
        StringBuilder line = new StringBuilder();
        for (Column column : columns) {
            line.append(line.isEmpty() ? "" : ",").append(field(column.name()));
        }
        out.append(line.append('\n'));
    }

    @Override
    public void row(List<@Nullable Object> values) throws IOException {
        StringBuilder line = new StringBuilder();
        String separator = "";
        for (Object value : values) {
            line.append(separator).append(value == null ? "" : field(QueryText.plain(value)));
            separator = ",";
        }
        out.append(line.append('\n'));
    }

    private static String field(String text) {
        boolean plain = !text.isEmpty() && text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
