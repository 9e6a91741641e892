package io.openwit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.openwit.model.Signal;
import io.openwit.model.TenantId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One line of a tokens file. The token itself is nowhere: only its SHA-256.
///
/// @param id what people call it
/// @param sha256 64 hexadecimal digits, kept in lower case
/// @param tenant whose rows it writes and reads
/// @param signals what it may send
/// @param expires the moment from which it is not known any more; null for never
public record Token(String id, String sha256, TenantId tenant, Set<Signal> signals, @Nullable Instant expires) {
    /// @throws IllegalArgumentException the id is empty, the hash is none, or no signal is allowed
    public Token {
        if (id.isEmpty()) {
            throw new IllegalArgumentException("a token has no id");
        }
        if (!sha256.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException("token " + id + ": sha256 is not 64 hexadecimal digits");
        }
        if (signals.isEmpty()) {
            throw new IllegalArgumentException("token " + id + ": no signal is allowed");
        }
        sha256 = sha256.toLowerCase(java.util.Locale.ROOT);
        signals = Set.copyOf(signals);
    }

    /// The 64 digits under which a token stands in a tokens file.
    public static String sha256Of(String token) {
        return HexFormat.of().formatHex(digest(token));
    }

    static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    boolean expiredAt(Instant now) {
        return expires != null && !now.isBefore(expires);
    }
}
