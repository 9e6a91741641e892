package io.openwit.model;

/// The secret that keys row and part fingerprints, so that no sender can forge a collision.
///
/// It lives in the ingest node's `wal/dedup.key`; gateways get it in the bulk handshake. Never logged.
public record FingerprintKey(long high, long low) {
    @Override
    public String toString() {
        return "FingerprintKey[secret]";
    }
}
