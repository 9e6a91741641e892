package io.openwit.columnar;

import java.util.List;

/// Columns that have the same values row after row: repeats are counted, and written together when another value comes.
final class RepeatedColumns {
    private final List<Column> columns;
    private int owed;

    RepeatedColumns(Column... columns) {
        this.columns = List.of(columns);
    }

    /// The next row has what the row before it has.
    void repeat() {
        owed++;
    }

    /// Forgets the repeats that are owed.
    void reset() {
        owed = 0;
    }

    /// Writes the repeats that are owed; from here on every column may be appended to.
    void settle() {
        if (owed == 0) {
            return;
        }
        for (int i = 0; i < columns.size(); i++) {
            columns.get(i).repeatLast(owed);
        }
        owed = 0;
    }
}
