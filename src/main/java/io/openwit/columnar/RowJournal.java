package io.openwit.columnar;

import java.util.Arrays;

/// What the open row of a batch has left outside its own values: new dictionary entries, in their order, and mended texts.
final class RowJournal {
    private Dictionary[] entered = new Dictionary[64];
    private int count;
    private long mendedTexts;

    void entered(Dictionary dictionary) {
        if (count == entered.length) {
            entered = Arrays.copyOf(entered, count * 2);
        }
        entered[count++] = dictionary;
    }

    void mended() {
        mendedTexts++;
    }

    long mendedTexts() {
        return mendedTexts;
    }

    /// The row stays.
    void keep() {
        count = 0;
    }

    /// The row goes, and with it the entries that it made.
    void takeBack() {
        while (count > 0) {
            entered[--count].removeLast();
        }
    }

    void reset() {
        count = 0;
        mendedTexts = 0;
    }
}
