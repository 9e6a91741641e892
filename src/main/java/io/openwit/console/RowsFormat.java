package io.openwit.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import io.openwit.console.AdminApi.Rows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How the rows of a query are written.
enum RowsFormat {
    /// One array of objects.
    JSON("application/json"),
    /// A line of names, a line a row. Source: RFC 4180, with line feeds.
    CSV("text/csv; charset=utf-8"),
    /// Columns for people; long values are cut.
    TABLE("text/plain; charset=utf-8");

    private final String contentType;

    RowsFormat(String contentType) {
        this.contentType = contentType;
    }

    String contentType() {
        return contentType;
    }

    static Optional<RowsFormat> of(String name) {
        return switch (name) {
            case "json" -> Optional.of(JSON);
            case "csv" -> Optional.of(CSV);
            case "table" -> Optional.of(TABLE);
            default -> Optional.empty();
        };
    }

    /// Rows that can be ended.
    interface RowsWriter extends Rows {
        /// Called once, when the answer is complete.
        void end() throws IOException;
    }

    RowsWriter writer(OutputStream out) throws IOException {
        return switch (this) {
            case JSON -> new Json(JsonWriter.generator(out));
            case CSV -> new Csv(new OutputStreamWriter(out, UTF_8));
            case TABLE -> new Table(new OutputStreamWriter(out, UTF_8));
        };
    }

    /// A value as one cell: nested values as JSON.
    private static String cell(@Nullable Object value) throws IOException {
        return switch (value) {
            case null -> "";
            case byte[] bytes -> HexFormat.of().formatHex(bytes);
            case List<?> list -> json(list);
            case Map<?, ?> map -> json(map);
            default -> value.toString();
        };
    }

    private static String json(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JsonWriter.generator(bytes)) {
            JsonWriter.write(out, value);
        }
        return bytes.toString(UTF_8);
    }

    private static final class Json implements RowsWriter {
        private final JsonGenerator out;
        private List<String> names = List.of();

        Json(JsonGenerator out) {
            this.out = out;
        }

        @Override
        public void columns(List<String> names) throws IOException {
            this.names = names;
            out.writeStartArray();
        }

        @Override
        public void row(List<@Nullable Object> values) throws IOException {
            out.writeRaw('\n');
            out.writeStartObject();
            for (int i = 0; i < names.size(); i++) {
                out.writeFieldName(names.get(i));
                JsonWriter.write(out, values.get(i));
            }
            out.writeEndObject();
        }

        @Override
        public void end() throws IOException {
            out.writeEndArray();
            out.writeRaw('\n');
            out.flush();
        }
    }

    private static final class Csv implements RowsWriter {
        private final Writer out;

        Csv(Writer out) {
            this.out = out;
        }

        @Override
        public void columns(List<String> names) throws IOException {
            line(names);
        }

        @Override
        public void row(List<@Nullable Object> values) throws IOException {
            List<String> cells = new ArrayList<>(values.size());
            for (Object value : values) {
                cells.add(cell(value));
            }
            line(cells);
        }

        private void line(List<String> cells) throws IOException {
            for (int i = 0; i < cells.size(); i++) {
                if (i > 0) {
                    out.write(',');
                }
                String cell = cells.get(i);
                boolean quote = cell.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
                out.write(quote ? '"' + cell.replace("\"", "\"\"") + '"' : cell);
            }
            out.write('\n');
        }

        @Override
        public void end() throws IOException {
            out.flush();
        }
    }

    /// The first [#WIDTH_ROWS] rows say how wide the columns are; the rest is written as it comes.
    private static final class Table implements RowsWriter {
        private static final int WIDTH_ROWS = 1000;
        private static final int MAX_CELL = 60;

        private final Writer out;
        private final List<List<String>> waiting = new ArrayList<>();
        private int[] widths = {};
        private long rows;

        Table(Writer out) {
            this.out = out;
        }

        @Override
        public void columns(List<String> names) {
            waiting.add(names);
        }

        @Override
        public void row(List<@Nullable Object> values) throws IOException {
            rows++;
            List<String> cells = new ArrayList<>(values.size());
            for (Object value : values) {
                String cell = cell(value).replaceAll("\\p{Cntrl}", " ");
                cells.add(cell.length() <= MAX_CELL ? cell : cell.substring(0, MAX_CELL - 1) + "…");
            }
            if (rows <= WIDTH_ROWS) {
                waiting.add(cells);
            } else {
                writeWaiting();
                line(cells);
            }
        }

        private void writeWaiting() throws IOException {
            if (waiting.isEmpty()) {
                return;
            }
            widths = new int[waiting.getFirst().size()];
            for (List<String> cells : waiting) {
                for (int i = 0; i < widths.length; i++) {
                    widths[i] = Math.max(widths[i], cells.get(i).length());
                }
            }
            line(waiting.getFirst());
            List<String> rule = new ArrayList<>();
            for (int width : widths) {
                rule.add("-".repeat(width));
            }
            line(rule);
            for (List<String> cells : waiting.subList(1, waiting.size())) {
                line(cells);
            }
            waiting.clear();
        }

        private void line(List<String> cells) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < cells.size(); i++) {
                line.append(cells.get(i)).append(" ".repeat(Math.max(0, widths[i] - cells.get(i).length()) + 2));
            }
            out.write(line.toString().stripTrailing());
            out.write('\n');
        }

        @Override
        public void end() throws IOException {
            writeWaiting();
            out.write(String.format(Locale.ROOT, "(%d row%s)%n", rows, rows == 1 ? "" : "s"));
            out.flush();
        }
    }
}
