package io.openwit.gateway;

import java.util.Optional;

/// Who holds which token. Thread-safe.
@FunctionalInterface
public interface Tokens {
    /// The longest token that is looked up; a longer one is unknown.
    int MAX_TOKEN_CHARS = 4096;

    /// @param presented the token as the client sent it, without `Bearer`
    /// @return empty where it is unknown or has expired
    Optional<Token> find(String presented);
}
