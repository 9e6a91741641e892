package io.openwit.storage;

import io.openwit.model.TenantId;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/// Whose rows a caller may see.
public sealed interface Visible {
    /// Rows of every tenant: an operator, or a node without authentication.
    Visible ALL = new All();

    static Visible only(TenantId tenant) {
        return new Only(Set.of(tenant));
    }

    boolean sees(TenantId tenant);

    /// See [#ALL].
    record All() implements Visible {
        @Override
        public boolean sees(TenantId tenant) {
            return true;
        }
    }

    /// Rows of these tenants alone; of none, if the set is empty.
    record Only(Set<TenantId> tenants) implements Visible {
        public Only {
            tenants = Collections.unmodifiableSet(new TreeSet<>(tenants));
        }

        @Override
        public boolean sees(TenantId tenant) {
            return tenants.contains(tenant);
        }
    }
}
