package io.openwit.ingest.handoff;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.columnar.Column;
import io.openwit.columnar.Columns;
import io.openwit.columnar.DictColumn;
import io.openwit.columnar.FixedColumn;
import io.openwit.columnar.LogColumns;
import io.openwit.columnar.PointColumns;
import io.openwit.columnar.Sealer;
import io.openwit.columnar.SpanColumns;
import io.openwit.columnar.Utf8Column;
import io.openwit.model.Batch;
import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;

/// Sealed batches whose rows hold one text each, in a plain column for logs and spans and in a dictionary for metrics.
public final class TestBatches {
    private TestBatches() {}

    public static Batch logs(TenantId tenant, String... texts) {
        return of(Signal.LOGS, tenant, texts);
    }

    /// Equal texts are equal rows.
    public static Batch of(Signal signal, TenantId tenant, String... texts) {
        Columns columns = Columns.of(signal);
        columns.reset(tenant);
        columns.beginPart(0, 0, false);
        for (String text : texts) {
            byte[] bytes = Arrays.copyOf(text.getBytes(UTF_8), text.length() + 8);
            Column holder =
                    switch (columns) {
                        case LogColumns logs -> logs.body;
                        case SpanColumns spans -> spans.traceState;
                        case PointColumns points -> points.description;
                    };
            fillOthers(columns, holder);
            fillOthers(columns.envelope(), holder);
            if (holder instanceof DictColumn dictionary) {
                dictionary.append(bytes, 0, text.length());
            } else {
                ((Utf8Column) holder).append(bytes, 0, text.length());
            }
            columns.endRow(text.hashCode(), signal.code(), true, 1_000 + text.length(), 10, 0);
        }
        columns.endPart();
        return columns.seal(new Sealer());
    }

    private static void fillOthers(Object owner, Column holder) {
        try {
            for (Field field : owner.getClass().getFields()) {
                Object member = field.get(owner);
                if (member instanceof FixedColumn ids) {
                    ids.append(new byte[16], 0);
                } else if (member instanceof Column column && column != holder) {
                    column.appendNull();
                } else if (member != null && !(member instanceof Column) && hasList(member)) {
                    ((Column) member.getClass().getField("list").get(member)).appendNull();
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean hasList(Object member) {
        return Arrays.stream(member.getClass().getFields()).anyMatch(field -> field.getName().equals("list"));
    }

    /// The texts of a batch that has been opened.
    public static List<String> texts(VectorSchemaRoot root, DictionaryProvider dictionaries) {
        List<String> texts = new ArrayList<>();
        FieldVector holder = root.getVector("body") != null
                ? root.getVector("body")
                : root.getVector("trace_state") != null ? root.getVector("trace_state") : root.getVector("description");
        if (holder.getField().getDictionary() == null) {
            addAll(holder, root.getRowCount(), texts);
        } else {
            Dictionary dictionary = dictionaries.lookup(holder.getField().getDictionary().getId());
            try (ValueVector decoded = DictionaryEncoder.decode(holder, dictionary)) {
                addAll(decoded, root.getRowCount(), texts);
            }
        }
        return texts;
    }

    private static void addAll(ValueVector vector, int rows, List<String> texts) {
        for (int row = 0; row < rows; row++) {
            texts.add(String.valueOf(vector.getObject(row)));
        }
    }
}
