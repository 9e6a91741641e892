package io.openwit.columnar;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.util.Arrays;
import java.util.Random;

/// Columns filled with whatever their types allow, from a seed.
final class RandomRows {
    private final Random random;

    private RandomRows(long seed) {
        random = new Random(seed);
    }

    static Columns of(Signal signal, int rows, long seed) {
        Columns columns = Columns.of(signal);
        columns.reset(new TenantId("t1"));
        append(columns, rows, seed);
        return columns;
    }

    /// Appends one part.
    static void append(Columns columns, int rows, long seed) {
        columns.beginPart(0, 0, false);
        appendRows(columns, rows, seed);
        columns.endPart();
    }

    static void appendRows(Columns columns, int rows, long seed) {
        RandomRows source = new RandomRows(seed);
        for (int row = 0; row < rows; row++) {
            source.fill(columns);
            columns.endRow(source.random.nextLong(), source.random.nextLong(), true, 1 + source.random.nextInt(), 10, 0);
        }
    }

    /// One value for each column but the tenant's, which the columns append themselves.
    void fill(Columns columns) {
        for (StructColumn.Named named : columns.columns) {
            if (!named.name().equals("tenant")) {
                fill(named.column(), named.nullable());
            }
        }
    }

    static void fillOne(Columns columns, long seed) {
        new RandomRows(seed).fill(columns);
    }

    private void fill(Column column, boolean nullable) {
        if (nullable && random.nextInt(5) == 0) {
            column.appendNull();
            return;
        }
        switch (column) {
            case BoolColumn bools -> bools.append(random.nextBoolean());
            case IntColumn ints -> ints.append(random.nextInt());
            case LongColumn longs -> longs.append(random.nextLong());
            case FixedColumn fixed -> {
                byte[] bytes = new byte[16];
                random.nextBytes(bytes);
                fixed.append(bytes, 0);
            }
            case Utf8Column texts -> {
                byte[] text = text(1000);
                texts.append(text, 0, text.length - Bytes.SLACK);
            }
            case DictColumn texts -> {
                byte[] text = text(20);
                texts.append(text, 0, text.length - Bytes.SLACK);
            }
            case MapColumn map -> {
                for (int i = random.nextInt(4); i > 0; i--) {
                    byte[] key = slack("key" + i);
                    map.key(key, 0, key.length - Bytes.SLACK);
                    if (random.nextInt(5) == 0) {
                        map.noValue();
                    } else {
                        byte[] value = text(50);
                        map.value(value, 0, value.length - Bytes.SLACK);
                    }
                }
                map.append();
            }
            case StructColumn struct -> {
                struct.members.forEach(member -> fill(member.column(), member.nullable()));
                struct.append();
            }
            case ListColumn<?> list -> {
                for (int i = random.nextInt(4); i > 0; i--) {
                    fill(list.elements(), false);
                }
                list.append();
            }
        }
    }

    private byte[] text(int kinds) {
        return slack("é".repeat(random.nextInt(3)) + "text " + random.nextInt(kinds));
    }

    static byte[] slack(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return Arrays.copyOf(bytes, bytes.length + Bytes.SLACK);
    }
}
