package io.openwit.storage;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes an answer as a table for people: columns side by side, numbers to the right, a line that says how many rows.
///
/// The widths are those of the first [#SAMPLE_ROWS] rows; a wider value behind them moves its line. Values longer than
/// [#MAX_WIDTH] are cut, control characters are shown as dots.
public final class QueryTable implements RowSink {
    static final int SAMPLE_ROWS = 200;
    static final int MAX_WIDTH = 60;

    private final Appendable out;
    private final List<List<String>> sample = new ArrayList<>();
    private List<Column> columns = List.of();
    private boolean[] right = {};
    private int[] widths = {};
    private boolean sampling = true;
    private long rows;

    /// @param out is not closed
    public QueryTable(Appendable out) {
        this.out = out;
    }

    @Override
    public void columns(List<Column> names) {
        columns = List.copyOf(names);
        widths = new int[columns.size()];
        right = new boolean[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = columns.get(i).name().length();
            right[i] = columns.get(i).type().matches("U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*");
        }
    }

    @Override
    public void row(List<@Nullable Object> values) throws IOException {
        rows++;
        List<String> cells = new ArrayList<>(values.size());
        for (Object value : values) {
            cells.add(cell(value));
        }
        if (!sampling) {
            writeLine(cells);
            return;
        }
        sample.add(cells);
        if (sample.size() == SAMPLE_ROWS) {
            writeSample();
        }
    }

    /// Writes what is left and the last line; called once, after a query that did not fail.
    public void finish() throws IOException {
        if (sampling) {
            writeSample();
        }
        out.append("(" + rows + (rows == 1 ? " row)\n" : " rows)\n"));
    }

    private void writeSample() throws IOException {
        sampling = false;
        for (List<String> cells : sample) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], cells.get(i).length());
            }
        }
        writeLine(columns.stream().map(Column::name).toList());
        StringBuilder rule = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            rule.append(i == 0 ? "" : "  ").repeat("-", widths[i]);
        }
        out.append(rule.append('\n'));
        for (List<String> cells : sample) {
            writeLine(cells);
        }
        sample.clear();
    }

    private void writeLine(List<String> cells) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i);
            int padding = Math.max(0, widths[i] - cell.length());
            line.append(i == 0 ? "" : "  ");
            if (right[i]) {
                line.repeat(" ", padding).append(cell);
            } else {
                line.append(cell).repeat(" ", padding);
            }
        }
        out.append(line.toString().stripTrailing()).append('\n');
    }

    private static String cell(@Nullable Object value) {
        String text = QueryText.plain(value).replaceAll("\\p{Cntrl}", ".");
        return text.length() <= MAX_WIDTH ? text : text.substring(0, MAX_WIDTH - 1) + "…";
    }
}
