package io.openwit.model;

/// Whose rows they are: 1 to 64 letters, digits, `_` and `-`, and so safe in a path, a label and a query.
public record TenantId(String value) implements Comparable<TenantId> {
    private static final int MAX_CHARS = 64;

    /// The tenant of rows that arrive without authentication and without an `X-OpenWit-Tenant` header.
    public static final TenantId DEFAULT = new TenantId("default");

    /// @throws IllegalArgumentException the value has another form; the message does not repeat it
    public TenantId {
        if (!hasForm(value)) {
            throw new IllegalArgumentException("a tenant is 1 to 64 of A-Z a-z 0-9 _ -");
        }
    }

    /// Without a pattern: each header of a batch that is read passes here.
    private static boolean hasForm(String value) {
        int length = value.length();
        if (length == 0 || length > MAX_CHARS) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            char c = value.charAt(i);
            boolean known =
                    c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '_';
            if (!known) {
                return false;
            }
        }
        return true;
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
