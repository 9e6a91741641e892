package io.openwit.server;

import java.util.List;
import java.util.Map;

/// What stands in a YAML document, with the line where it stands (from 1). Every scalar is text: the reader of a key
/// knows what it should be.
sealed interface YamlValue {
    int line();

    /// A key without a value.
    record Empty(int line) implements YamlValue {}

    record Text(String text, int line) implements YamlValue {}

    record Items(List<YamlValue> values, int line) implements YamlValue {}

    /// @param values in the order of the document; no name stands twice
    record Fields(Map<String, Field> values, int line) implements YamlValue {}

    /// @param line of the name
    record Field(YamlValue value, int line) {}

    /// What a message calls it.
    default String kind() {
        return switch (this) {
            case Empty _ -> "nothing";
            case Text _ -> "a value";
            case Items _ -> "a list";
            case Fields _ -> "a section";
        };
    }
}
