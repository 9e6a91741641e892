package io.openwit.server;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Guesses what somebody meant who wrote a name that does not exist.
final class NearestName {
    private NearestName() {}

    /// The candidate that looks most like `written`; empty where there are no candidates.
    static Optional<String> of(String written, Collection<String> candidates) {
        return candidates.stream().min(Comparator.comparingInt(candidate -> difference(written, candidate)));
    }

    private static int difference(String written, String candidate) {
        if (candidate.endsWith("." + written)) {
            return 1;
        }
        int edits = edits(written, candidate);
        return last(written).equals(last(candidate)) ? (edits + 1) / 2 : edits;
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /// Letters to insert, remove, replace or swap with their neighbour.
    ///
    /// Source: Damerau-Levenshtein distance, restricted form ("optimal string alignment").
    static int edits(String from, String to) {
        int[] beforeLast = new int[to.length() + 1];
        int[] last = new int[to.length() + 1];
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = last[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(last[j], row[j - 1]) + 1);
                boolean swapped = i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                if (swapped) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            int[] reused = beforeLast;
            beforeLast = last;
            last = row;
            row = reused;
        }
        return last[to.length()];
    }
}
