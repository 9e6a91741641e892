package io.openwit.gateway;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The tokens of one reading of a tokens file. Immutable.
public final class TokenSet {
    private final Map<Long, List<Entry>> byPrefix = new HashMap<>();
    private final List<Token> tokens;

    private record Entry(byte[] hash, Token token) {}

    /// @throws IllegalArgumentException two tokens have one id, or one hash
    public TokenSet(List<Token> tokens) {
        this.tokens = List.copyOf(tokens);
        Map<String, String> idOfHash = new HashMap<>();
        Map<String, String> ids = new HashMap<>();
        for (Token token : this.tokens) {
            if (ids.put(token.id(), token.id()) != null) {
                throw new IllegalArgumentException("two tokens have the id " + token.id());
            }
            String other = idOfHash.put(token.sha256(), token.id());
            if (other != null) {
                throw new IllegalArgumentException("tokens " + other + " and " + token.id() + " have one sha256");
            }
            byte[] hash = HexFormat.of().parseHex(token.sha256());
            byPrefix.computeIfAbsent(prefix(hash), prefix -> new ArrayList<>()).add(new Entry(hash, token));
        }
    }

    public List<Token> tokens() {
        return tokens;
    }

    /// Finds by hash: the table is asked for the first eight bytes of a hash, which tell a prober nothing of any token,
    /// and the whole is compared in constant time.
    Optional<Token> find(byte[] sha256) {
        for (Entry entry : byPrefix.getOrDefault(prefix(sha256), List.of())) {
            if (MessageDigest.isEqual(entry.hash, sha256)) {
                return Optional.of(entry.token);
            }
        }
        return Optional.empty();
    }

    private static long prefix(byte[] hash) {
        return ByteBuffer.wrap(hash).getLong();
    }
}
