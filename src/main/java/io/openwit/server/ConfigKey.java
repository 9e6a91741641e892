package io.openwit.server;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One key of the configuration.
///
/// @param name dotted: `processing.wal.sync_on_write`. A part in angle brackets stands for any name: at the end for one
///     that may hold dots, elsewhere for one without
/// @param doc one line: what it does, in what unit, what happens at the limit
/// @param effective whether setting it changes anything yet; if not, it is known, checked, and warned of at start
record ConfigKey<T>(String name, ValueType<T> type, T defaultValue, String doc, boolean effective) {
    /// Whether it stands for any number of keys.
    boolean isPattern() {
        return name.indexOf('<') >= 0;
    }

    boolean matches(String candidate) {
        return isPattern() ? pattern().matcher(candidate).matches() : name.equals(candidate);
    }

    /// What stands at the place of the angle brackets in a name that [#matches].
    String wildcardOf(String candidate) {
        Matcher matcher = pattern().matcher(candidate);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(candidate + " is none of " + name);
        }
        return matcher.group(1);
    }

    /// Whether `section` is a name that keys of this name lie below: `processing.wal`, `processing.dedup.tenants.acme`.
    boolean liesBelow(String section) {
        if (name.startsWith(section + ".")) {
            return true;
        }
        return isPattern() && section.startsWith(name.substring(0, name.indexOf('<')));
    }

    private Pattern pattern() {
        int open = name.indexOf('<');
        int close = name.indexOf('>');
        String rest = name.substring(close + 1);
        return Pattern.compile(Pattern.quote(name.substring(0, open)) + (rest.isEmpty() ? "(.+)" : "([^.]+)")
                + Pattern.quote(rest));
    }
}
