package io.openwit.model;

import java.util.regex.Pattern;

/// Whose rows they are: 1 to 64 letters, digits, `_` and `-`, and so safe in a path, a label and a query.
public record TenantId(String value) implements Comparable<TenantId> {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /// The tenant of rows that arrive without authentication and without an `X-OpenWit-Tenant` header.
    public static final TenantId DEFAULT = new TenantId("default");

    /// @throws IllegalArgumentException the value has another form; the message does not repeat it
    public TenantId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("a tenant is 1 to 64 of A-Z a-z 0-9 _ -");
        }
    }

    @Override
    public int compareTo(TenantId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
