package io.openwit.model;

import java.util.regex.Pattern;

/// The name of a node, stable over its restarts: 1 to 64 letters, digits, `.`, `_` and `-`.
public record NodeId(String value) implements Comparable<NodeId> {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    public NodeId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("a node id is 1 to 64 of A-Z a-z 0-9 . _ -, and not: " + value);
        }
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
