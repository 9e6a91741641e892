package io.openwit.otlp;

import io.openwit.columnar.Columns;

/// All rows of a small request go to the same columns, whatever their resource.
record OneBatch(Columns columns) implements PartTarget {
    @Override
    public Columns columnsFor(long resourceHash) {
        return columns;
    }

    @Override
    public Columns nextPiece(Columns full, long resourceHash) {
        throw new AssertionError("a small request is not cut");
    }
}
