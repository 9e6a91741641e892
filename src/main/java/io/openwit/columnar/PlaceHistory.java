package io.openwit.columnar;

/// What the values at each place of maps with the same keys have been lately, for [MapColumn#value]. It is a guess that
/// the map checks, and so may be used with any map. Not thread-safe.
public final class PlaceHistory {
    /// By place: the number that the value had in the dictionary of the map before.
    final int[] numbers;

    /// By place: how many values in a row were new.
    final int[] news;

    public PlaceHistory(int places) {
        numbers = new int[places];
        news = new int[places];
    }
}
