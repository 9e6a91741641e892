package io.openwit.server;

import java.util.List;

/// A configuration cannot be used: the program ends with exit code 2.
final class ConfigException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<String> mistakes;

    /// @param mistakes one line each, where and what; at least one
    ConfigException(List<String> mistakes) {
        super(mistakes.size() == 1
                ? mistakes.getFirst()
                : mistakes.getFirst() + " (and " + (mistakes.size() - 1) + " more: openwit config check lists them)");
        this.mistakes = List.copyOf(mistakes);
    }

    List<String> mistakes() {
        return mistakes;
    }
}
