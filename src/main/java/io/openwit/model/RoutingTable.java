package io.openwit.model;

import java.util.List;

/// Which ingest node the rows of a resource go to. Immutable.
///
/// Rendezvous hashing on tenant and resource: while the view stands, a resend meets its original, and a changed view
/// moves only the shares of the nodes that came or went.
///
/// @param nodes the names or addresses by which the nodes are told apart; at least one, at most [#MAX_NODES]
public record RoutingTable(List<String> nodes) {
    public static final int MAX_NODES = 1024;

    public RoutingTable {
        nodes = List.copyOf(nodes);
        if (nodes.isEmpty() || nodes.size() > MAX_NODES) {
            throw new IllegalArgumentException("a routing table has 1 to " + MAX_NODES + " nodes: " + nodes.size());
        }
    }

    /// The index in [#nodes] of the node for this tenant and resource.
    ///
    /// @param resourceHash of the resource's canonical content
    public int route(TenantId tenant, long resourceHash) {
        if (nodes.size() == 1) {
            return 0;
        }
        long key = mix(resourceHash ^ mix(tenant.value().hashCode()));
        int best = 0;
        long bestScore = Long.MIN_VALUE;
        for (int i = 0; i < nodes.size(); i++) {
            long score = mix(key ^ mix(nodes.get(i).hashCode() + 0x9E3779B97F4A7C15L));
            if (score > bestScore) {
                bestScore = score;
                best = i;
            }
        }
        return best;
    }

    /// Source: the finalizer of MurmurHash3, 64 bits.
    private static long mix(long x) {
        x = (x ^ (x >>> 33)) * 0xff51afd7ed558ccdL;
        x = (x ^ (x >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return x ^ (x >>> 33);
    }
}
