package io.openwit.load;

/// Rows of one signal of one run that follow one another, by their `load.seq`.
///
/// @param first number of the first row, inclusive; a run counts from 0
/// @param last number of the last row, inclusive
public record RowRange(long first, long last) {
    public RowRange {
        if (first < 0 || last < first) {
            throw new IllegalArgumentException("not a range of rows: " + first + "-" + last);
        }
    }

    public long rows() {
        return last - first + 1;
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
