package io.openwit.columnar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the open row of a batch has left outside its own values: new dictionary entries, in their order, and mended texts.
final class RowJournal {
    private final List<Dictionary> dictionaries = new ArrayList<>();

    /// Numbers of dictionaries. No references: storing one costs more than the entry.
    private int[] entered = new int[64];

    private int count;
    private long mendedTexts;

    /// @return the number by which the dictionary says what it has entered
    int register(Dictionary dictionary) {
        dictionaries.add(dictionary);
        return dictionaries.size() - 1;
    }

    void entered(int dictionary) {
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
            dictionaries.get(entered[--count]).removeLast();
        }
    }

    void reset() {
        count = 0;
        mendedTexts = 0;
    }
}
